package parts

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"jari.example/infra/local/ports"
)

// endless is a server whose every response has no end. It counts what it sends.
type endless struct {
	mu    sync.Mutex
	paths []string
	sent  atomic.Int64
}

func (e *endless) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e.mu.Lock()
	e.paths = append(e.paths, r.URL.Path)
	e.mu.Unlock()
	if strings.HasSuffix(r.URL.Path, "/") && r.URL.Path != "/moto-api/" { // a redirect leads to what may be large
		w.Header().Set("Location", "/large")
		w.WriteHeader(http.StatusFound)
	}
	block := []byte(strings.Repeat(" ", 32<<10))
	for r.Context().Err() == nil {
		n, err := w.Write(block)
		e.sent.Add(int64(n))
		if err != nil {
			return
		}
	}
}

// TestHealthChecksCostTheSameWhateverIsStored gives each part's check a server that
// never stops responding. A check that reads the response would take its whole
// time-out and as many bytes as fit into it.
func TestHealthChecksCostTheSameWhateverIsStored(t *testing.T) {
	offset, release, err := ports.Reserve(filepath.Join(t.TempDir(), "jari"))
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	s := system(t, map[string]string{"JARI_AGENT": "collector"})
	s.Ports = offset
	for _, p := range s.Parts() {
		if p.Healthy == nil || len(p.Ports) == 0 {
			continue
		}
		e := &endless{}
		var listeners []net.Listener
		for _, port := range p.Ports {
			l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
			if err != nil {
				t.Fatal(err)
			}
			listeners = append(listeners, l)
			go func() { _ = http.Serve(l, e) }()
		}
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second) // as the launcher does
		_ = p.Healthy(ctx)                                             // for Postgres and Redis it is no sensible response
		cancel()
		for _, l := range listeners {
			_ = l.Close()
		}
		// What the kernel buffers is sent, though nobody reads it.
		if sent := e.sent.Load(); sent > 16<<20 {
			t.Errorf("the check of %s let the server send %d bytes", p.Name, sent)
		}
		e.mu.Lock()
		for _, path := range e.paths {
			if path == "/large" || strings.Contains(path, "data.json") {
				t.Errorf("the check of %s reads %s", p.Name, path)
			}
		}
		e.mu.Unlock()
	}
}
