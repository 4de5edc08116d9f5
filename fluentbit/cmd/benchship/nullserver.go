package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
)

// nullServer accepts every request and stores nothing, so that a run against it measures
// the cost of shipping alone.
type nullServer struct {
	mu        sync.Mutex
	templates map[string]json.RawMessage // index prefix → template
}

func serveNull(ctx context.Context, stdout io.Writer) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Fprintln(stdout, "http://"+l.Addr().String())
	server := &http.Server{Handler: &nullServer{templates: map[string]json.RawMessage{}}}
	defer context.AfterFunc(ctx, func() { _ = server.Close() })()
	if err := server.Serve(l); ctx.Err() == nil {
		return err
	}
	return nil
}

// ServeHTTP implements http.Handler.
func (n *nullServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	in := io.Reader(r.Body)
	if r.Header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		in = z
	}
	w.Header().Set("Content-Type", "application/json")
	index, simulated := strings.CutPrefix(r.URL.Path, "/_index_template/_simulate_index/")
	var lines lineCounter
	var body bytes.Buffer
	to := io.Writer(&body)
	if r.URL.Path == "/_bulk" {
		to = &lines
	}
	if _, err := io.Copy(to, in); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	switch {
	case r.URL.Path == "/_bulk":
		_, _ = io.WriteString(w, `{"items":[`+strings.TrimSuffix(strings.Repeat(`{"create":{"status":201}},`, int(lines)/2), ",")+`]}`)
	case simulated:
		_, _ = w.Write(n.simulate(index))
	default:
		n.install(body.Bytes())
		_, _ = io.WriteString(w, `{"acknowledged":true}`)
	}
}

func (n *nullServer) install(body []byte) {
	var t struct {
		Patterns []string        `json:"index_patterns"`
		Template json.RawMessage `json:"template"`
	}
	_ = json.Unmarshal(body, &t) // an invalid template is ignored
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, p := range t.Patterns {
		n.templates[strings.TrimSuffix(p, "*")] = t.Template
	}
}

func (n *nullServer) simulate(index string) []byte {
	n.mu.Lock()
	defer n.mu.Unlock()
	for prefix, template := range n.templates {
		if strings.HasPrefix(index, prefix) {
			return append(append([]byte(`{"template":`), template...), '}')
		}
	}
	return []byte(`{"template":{}}`)
}

// lineCounter counts the lines that are written to it, and discards them.
type lineCounter int

// Write implements io.Writer.
func (c *lineCounter) Write(b []byte) (int, error) {
	*c += lineCounter(bytes.Count(b, []byte{'\n'}))
	return len(b), nil
}
