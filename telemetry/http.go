package telemetry

import (
	"net/http"
	"net/url"
	"time"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"jari.example/telemetry/names"
)

// Transport instruments calls to one peer: a client span "POST user" with
// peer.service, and traceparent on the wire. The span's url.full is without
// query, which may name people. base may be nil.
func Transport(peer string, base http.RoundTripper) http.RoundTripper {
	if base == nil {
		base = http.DefaultTransport
	}
	called := attribute.String(names.PeerService, peer)
	return otelhttp.NewTransport(corrected{base, called},
		otelhttp.WithSpanOptions(trace.WithAttributes(called)),
		otelhttp.WithSpanNameFormatter(func(_ string, r *http.Request) string { return r.Method + " " + peer }))
}

// corrected takes the query from the span in which the instrumentation calls it,
// and tells its metric whom it calls.
type corrected struct {
	http.RoundTripper
	peer attribute.KeyValue
}

func (t corrected) RoundTrip(r *http.Request) (*http.Response, error) {
	bare := url.URL{Scheme: r.URL.Scheme, Host: r.URL.Host, Path: r.URL.Path, RawPath: r.URL.RawPath}
	trace.SpanFromContext(r.Context()).SetAttributes(attribute.String(names.URLFull, bare.String()))
	if labels, ok := otelhttp.ClientLabelerFromContext(r.Context()); ok {
		labels.Add(t.peer)
	}
	return t.RoundTripper.RoundTrip(r)
}

// Client is an instrumented client for one peer. It keeps enough idle
// connections for a rush and gives up after timeout.
func Client(peer string, timeout time.Duration) *http.Client {
	base := http.DefaultTransport.(*http.Transport).Clone()
	base.MaxIdleConnsPerHost = 128
	base.MaxIdleConns = 256
	return &http.Client{Timeout: timeout, Transport: Transport(peer, base)}
}
