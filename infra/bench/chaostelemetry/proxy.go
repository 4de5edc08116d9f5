package main

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"time"

	"jari.example/telemetry/names"
)

// request is a request of the agent, decompressed.
type request struct {
	method, path, contentType string
	body                      []byte
}

func (r request) isBulk() bool {
	return r.method == http.MethodPost && len(r.path) >= 6 && r.path[:6] == "/_bulk"
}

// isHeartbeat reports whether the request has the agent's own heartbeat, which it
// sends alone every ten seconds. A fault that is injected once must not hit it.
func (r request) isHeartbeat() bool {
	return bytes.Contains(r.body, []byte(`"`+names.DocServiceName+`":"`+names.ServiceAgent+`"`))
}

// hasNumbered reports whether the request has numbered records, and not only the
// emitter's own metrics.
func (r request) hasNumbered() bool { return bytes.Contains(r.body, []byte(`"`+names.Count+`":`)) }

// response is what the agent receives.
type response struct {
	status  int
	body    []byte
	dropped bool // the connection is broken instead
}

// fault handles a request in a faulty way. forward sends one to OpenSearch.
type fault func(r request, forward func(request) response) response

// proxy is between the agent and OpenSearch and injects faults. (Toxiproxy breaks
// connections and does not know the documents of a bulk request.)
type proxy struct {
	to, addr string
	client   *http.Client

	mu     sync.Mutex
	fault  fault
	server *http.Server
}

func newProxy(to string) (*proxy, error) {
	p := &proxy{to: to, client: &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 8}}}
	return p, p.connect("127.0.0.1:0")
}

func (p *proxy) url() string { return "http://" + p.addr }

// connect listens on an address.
func (p *proxy) connect(addr string) error {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.addr = l.Addr().String()
	p.server = &http.Server{Handler: p, ErrorLog: log.New(io.Discard, "", 0), ReadHeaderTimeout: 10 * time.Second}
	go func(s *http.Server) { _ = s.Serve(l) }(p.server)
	return nil
}

// disconnect refuses new connections and closes the open ones.
func (p *proxy) disconnect() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.server.Close()
}

// inject injects f into every request from now on; nil ends that.
func (p *proxy) inject(f fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fault = f
}

// ServeHTTP implements http.Handler.
func (p *proxy) ServeHTTP(w http.ResponseWriter, in *http.Request) {
	r, err := unpack(in)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	p.mu.Lock()
	f := p.fault
	p.mu.Unlock()
	a := response{}
	if f != nil {
		a = f(r, p.forward)
	} else {
		a = p.forward(r)
	}
	if a.dropped {
		panic(http.ErrAbortHandler)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body) // fails if the agent was killed meanwhile, which is intended
}

func unpack(in *http.Request) (request, error) {
	body := io.Reader(in.Body)
	if in.Header.Get("Content-Encoding") == "gzip" {
		var err error
		if body, err = gzip.NewReader(in.Body); err != nil {
			return request{}, err
		}
	}
	b, err := io.ReadAll(body)
	return request{in.Method, in.URL.RequestURI(), in.Header.Get("Content-Type"), b}, err
}

// forward sends a request to OpenSearch and completes it even if the agent ends
// meanwhile. Without a response of OpenSearch the connection is broken.
func (p *proxy) forward(r request) response {
	out, err := http.NewRequest(r.method, p.to+r.path, bytes.NewReader(r.body))
	if err != nil {
		return response{dropped: true}
	}
	out.Header.Set("Content-Type", r.contentType)
	if len(r.body) == 0 {
		out.Header.Del("Content-Type")
		out.Body = nil
	}
	res, err := p.client.Do(out)
	if err != nil {
		return response{dropped: true}
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return response{status: res.StatusCode, body: body, dropped: err != nil}
}

func (p *proxy) close() error {
	if err := p.disconnect(); err != nil && !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("close the proxy: %w", err)
	}
	return nil
}
