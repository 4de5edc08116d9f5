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

// Sink takes telemetry as the agent would, and keeps the spans and when metrics
// came until somebody counts them: a benchmark whose telemetry is off would
// flatter.
type Sink struct {
	server *http.Server
	URL    string

	mu      sync.Mutex
	bodies  [][]byte
	metrics []time.Time
}

// Received is what a sink has got.
type Received struct {
	Spans       int
	ServerSpans int         // of Spans, those of requests that were served
	Metrics     []time.Time // when each export of metrics came
}

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

// Spans counts the spans that have arrived since it was last asked.
func (s *Sink) Spans() (int, error) {
	taken, err := s.Drain()
	return taken.Spans, err
}

// Drain counts what has arrived since it was last asked.
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
