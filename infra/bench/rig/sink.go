package rig

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
)

// Sink takes telemetry as the agent would, and keeps the spans until somebody
// counts them: a benchmark whose telemetry is off would flatter.
type Sink struct {
	server *http.Server
	URL    string

	mu     sync.Mutex
	bodies [][]byte
}

func StartSink() (*Sink, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &Sink{URL: "http://" + l.Addr().String()}
	s.server = &http.Server{Handler: http.HandlerFunc(s.take)}
	go func() { _ = s.server.Serve(l) }()
	return s, nil
}

func (s *Sink) Close() { _ = s.server.Close() }

func (s *Sink) take(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err == nil && r.URL.Path == "/v1/traces" {
		s.mu.Lock()
		s.bodies = append(s.bodies, body)
		s.mu.Unlock()
	}
	w.WriteHeader(http.StatusOK)
}

// Spans counts what has arrived since it was last asked.
func (s *Sink) Spans() (n int, err error) {
	s.mu.Lock()
	bodies := s.bodies
	s.bodies = nil
	s.mu.Unlock()
	for _, body := range bodies {
		z, err := gzip.NewReader(bytes.NewReader(body))
		if err != nil {
			return n, err
		}
		text, err := io.ReadAll(z)
		if err != nil && !errors.Is(err, io.EOF) {
			return n, err
		}
		n += bytes.Count(text, []byte(`"startTimeUnixNano":`))
	}
	return n, nil
}
