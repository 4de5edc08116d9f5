package harness

import (
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"jari.example/fluentbit/ship/shiptest"
)

// rejectOneDocument refuses the same document each time.
func rejectOneDocument(why shiptest.Item) func(*scenario) func() int {
	return func(s *scenario) func() int {
		fired, victim := 0, ""
		s.fake.Item = func(id string, _ int) shiptest.Item {
			if victim == "" {
				victim = id
			}
			if id != victim {
				return shiptest.Item{}
			}
			fired++
			return why
		}
		return func() int { return fired }
	}
}

// rejectRequestsOver rejects every request of more than limit bytes with 413.
func rejectRequestsOver(limit int) func(*scenario) func() int {
	return func(s *scenario) func() int {
		fired := 0
		s.fake.Request = func(_, size int) int {
			if size <= limit {
				return 0
			}
			fired++
			return 413
		}
		return func() int { return fired }
	}
}

// killDuringFlush kills the process while OpenSearch carries out its request.
func killDuringFlush(s *scenario) func() int {
	fired := 0
	s.fake.DropResponse = func(n int) bool {
		if n != 4 {
			return false
		}
		fired++
		if err := s.process.Kill(); err != nil {
			s.t.Error(err)
		}
		return true
	}
	return func() int { return fired }
}

// killBetweenFlushes kills the process after its third flush.
func killBetweenFlushes(s *scenario) func() int {
	fired, flushed := 0, 0
	s.onReturn = func(process *os.Process, _, code string) {
		if code != flushOK {
			return
		}
		if flushed++; flushed == 3 {
			fired++
			if err := process.Kill(); err != nil {
				s.t.Error(err)
			}
		}
	}
	return func() int { return fired }
}

// panicInExport makes exports panic until three flushes have returned RETRY.
func panicInExport(s *scenario) func() int {
	file := filepath.Join(s.t.TempDir(), "panic")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		s.t.Fatal(err)
	}
	s.env = append(s.env, "JARI_CHAOS_PANIC_FILE="+file)
	s.onReturn = func(_ *os.Process, _, code string) {
		if code == flushRetry && s.retries == 3 {
			if err := os.Remove(file); err != nil {
				s.t.Error(err)
			}
		}
	}
	return func() int { return strings.Count(s.logs, `"panic in the plugin"`) }
}

// proxy is a TCP proxy to the fake that can be closed and opened again.
type proxy struct {
	t        *testing.T
	addr, to string
	mu       sync.Mutex
	listener net.Listener
	conns    []net.Conn
}

func newProxy(s *scenario) *proxy {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		s.t.Fatal(err)
	}
	p := &proxy{t: s.t, addr: l.Addr().String(), to: strings.TrimPrefix(s.fake.URL, "http://"), listener: l}
	s.url = "http://" + p.addr
	s.t.Cleanup(p.close)
	return p
}

// open accepts connections, always on the same address.
func (p *proxy) open() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.listener == nil {
		l, err := net.Listen("tcp", p.addr)
		if err != nil {
			p.t.Error(err)
			return
		}
		p.listener = l
	}
	go func(l net.Listener) {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial("tcp", p.to)
			if err != nil {
				in.Close()
				continue
			}
			p.mu.Lock()
			p.conns = append(p.conns, in, out)
			p.mu.Unlock()
			for _, pair := range [][2]net.Conn{{in, out}, {out, in}} {
				go func() { _, _ = io.Copy(pair[0], pair[1]); pair[0].Close() }()
			}
		}
	}(p.listener)
}

func (p *proxy) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.listener != nil {
		p.listener.Close()
	}
	for _, c := range p.conns {
		c.Close()
	}
	p.listener, p.conns = nil, nil
}

// unreachableForRetries refuses connections until n flushes have returned RETRY.
func unreachableForRetries(n int) func(*scenario) func() int {
	return func(s *scenario) func() int {
		p := newProxy(s)
		p.close()
		s.onReturn = func(_ *os.Process, _, code string) {
			if code == flushRetry && s.retries == n {
				p.open()
			}
		}
		return func() int { return strings.Count(s.logs, "connection refused") }
	}
}

// unreachableAfterTwoChunks refuses connections after the second chunk, until a third
// flush has returned RETRY.
func unreachableAfterTwoChunks(s *scenario) func() int {
	p := newProxy(s)
	p.open()
	flushed := 0
	s.onReturn = func(_ *os.Process, _, code string) {
		switch {
		case code == flushOK:
			if flushed++; flushed == 2 {
				p.close()
			}
		case s.retries == 3:
			p.open()
		}
	}
	return func() int { return s.retries }
}

// failRequests responds to the first n bulk requests with a status.
func failRequests(status, n int) func(*scenario) func() int {
	return func(s *scenario) func() int {
		fired := 0
		s.fake.Request = func(i, _ int) int {
			if i >= n {
				return 0
			}
			fired++
			return status
		}
		return func() int { return fired }
	}
}

// failItems responds with it for every other document, the first n times it is sent.
func failItems(it shiptest.Item, n int) func(*scenario) func() int {
	return func(s *scenario) func() int {
		fired := 0
		s.fake.Item = func(id string, sent int) shiptest.Item {
			if sent >= n || id[len(id)-1]%2 == 0 {
				return shiptest.Item{}
			}
			fired++
			return it
		}
		return func() int { return fired }
	}
}

// dropResponses carries out the first four bulk requests without a response.
func dropResponses(s *scenario) func() int {
	fired := 0
	s.fake.DropResponse = func(n int) bool {
		if n < 4 {
			fired++
		}
		return n < 4
	}
	return func() int { return fired }
}
