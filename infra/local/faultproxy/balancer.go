package faultproxy

import (
	"io"
	"log"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync/atomic"
	"time"
)

// Balancer forwards the HTTP requests to an address to one server, or each to one of two.
type Balancer struct {
	listen        string
	first, second *url.URL
	both          atomic.Bool // forward to the second server, too
	server        *http.Server
}

// NewBalancer returns a balancer that listens at listen when it is started. All are
// host:port. The second server gets requests only while SetBoth is on.
func NewBalancer(listen, first, second string) *Balancer {
	b := &Balancer{listen: listen, first: &url.URL{Scheme: "http", Host: first}, second: &url.URL{Scheme: "http", Host: second}}
	b.server = &http.Server{Handler: b.handler(), ReadHeaderTimeout: 5 * time.Second, ErrorLog: log.New(io.Discard, "", 0)}
	return b
}

// Start begins to listen. An address that is in use is an error.
func (b *Balancer) Start() error {
	l, err := net.Listen("tcp", b.listen)
	if err != nil {
		return err
	}
	go func() { _ = b.server.Serve(l) }()
	return nil
}

// Stop ends the listener and all connections.
func (b *Balancer) Stop() { _ = b.server.Close() }

// SetBoth makes the second server get half of the requests from now on, or none. Chance
// decides, since turns could depend on an order in which a client asks.
func (b *Balancer) SetBoth(on bool) { b.both.Store(on) }

func (b *Balancer) handler() http.Handler {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.Proxy = nil
	transport.MaxIdleConns, transport.MaxIdleConnsPerHost = 0, 512
	transport.DisableCompression = true
	return &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			server := b.first
			if b.both.Load() && rand.IntN(2) == 0 {
				server = b.second
			}
			r.SetURL(server)
			r.Out.Host = r.In.Host
		},
		Transport:     transport,
		FlushInterval: -1,
		ErrorLog:      log.New(io.Discard, "", 0),
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) {
			panic(http.ErrAbortHandler) // the client must not get a response that no server gave
		},
	}
}
