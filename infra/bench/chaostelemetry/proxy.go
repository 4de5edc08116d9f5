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

// request is one that the agent has sent, unpacked.
type request struct {
	method, path, contentType string
	body                      []byte
}

func (r request) isBulk() bool {
	return r.method == http.MethodPost && len(r.path) >= 6 && r.path[:6] == "/_bulk"
}

// isHeartbeat is true for what the agent says of itself, every ten seconds and
// alone: a trick that is played once would be wasted on it.
func (r request) isHeartbeat() bool {
	return bytes.Contains(r.body, []byte(`"`+names.DocServiceName+`":"`+names.ServiceAgent+`"`))
}

// hasNumbered is true if it holds records of the campaign, and not only what the
// emitter measures of itself.
func (r request) hasNumbered() bool { return bytes.Contains(r.body, []byte(`"`+names.Count+`":`)) }

// response is what the agent will be told. cut breaks the connection instead.
type response struct {
	status  int
	body    []byte
	dropped bool
}

// fault misbehaves with a request. pass carries it out.
type fault func(r request, pass func(request) response) response

// proxy stands between the agent and OpenSearch and plays tricks on both.
// (Toxiproxy breaks connections; it knows nothing of items.)
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

// connect listens, again where it did before.
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

// disconnect refuses connections from now on, and breaks those there are.
func (p *proxy) disconnect() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.server.Close()
}

// inject has t misbehave from now on; nil ends that.
func (p *proxy) inject(t fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fault = t
}

// ServeHTTP implements http.Handler.
func (p *proxy) ServeHTTP(w http.ResponseWriter, in *http.Request) {
	r, err := unpack(in)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	p.mu.Lock()
	t := p.fault
	p.mu.Unlock()
	a := response{}
	if t != nil {
		a = t(r, p.forward)
	} else {
		a = p.forward(r)
	}
	if a.dropped {
		panic(http.ErrAbortHandler)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body) // an agent that was killed meanwhile is the campaign's business
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

// forward carries a request out, to its end even if the agent dies meanwhile.
// What OpenSearch does not answer is not answered.
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
