package rig

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// Sink receives telemetry in place of the agent and counts it, so that a
// benchmark can prove that telemetry was on: without it the service is faster.
type Sink struct {
	server *http.Server
	URL    string

	mu      sync.Mutex
	bodies  [][]byte
	metrics []time.Time
}

// Received is what has arrived at a sink.
type Received struct {
	Spans       int
	ServerSpans int         // of Spans, those of kind server: one per request
	Metrics     []time.Time // the arrival of each metrics export
}

// StartSink serves a sink on a free port.
func StartSink() (*Sink, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &Sink{URL: "http://" + l.Addr().String()}
	s.server = &http.Server{Handler: http.HandlerFunc(s.receive)}
	go func() { _ = s.server.Serve(l) }()
	return s, nil
}

// Close stops the sink.
func (s *Sink) Close() { _ = s.server.Close() }

func (s *Sink) receive(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err == nil {
		s.mu.Lock()
		switch r.URL.Path {
		case "/v1/traces":
			s.bodies = append(s.bodies, body)
		case "/v1/metrics":
			s.metrics = append(s.metrics, time.Now())
		}
		s.mu.Unlock()
	}
	w.WriteHeader(http.StatusOK)
}

// Spans counts the spans that have arrived since the last call of Spans or
// Drain.
func (s *Sink) Spans() (int, error) {
	received, err := s.Drain()
	return received.Spans, err
}

// Drain counts what has arrived since the last call of Spans or Drain.
func (s *Sink) Drain() (t Received, err error) {
	s.mu.Lock()
	bodies := s.bodies
	t.Metrics, s.metrics, s.bodies = s.metrics, nil, nil
	s.mu.Unlock()
	for _, body := range bodies {
		z, err := gzip.NewReader(bytes.NewReader(body))
		if err != nil {
			return t, err
		}
		text, err := io.ReadAll(z)
		if err != nil && !errors.Is(err, io.EOF) {
			return t, err
		}
		t.Spans += bytes.Count(text, []byte(`"startTimeUnixNano":`))
		t.ServerSpans += bytes.Count(text, []byte(`"kind":2,`))
	}
	return t, nil
}
