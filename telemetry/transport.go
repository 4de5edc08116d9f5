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
// peer.service, and a traceparent header. The span's url.full has no query, which
// may contain personal data. base may be nil.
func Transport(peer string, base http.RoundTripper) http.RoundTripper {
	if base == nil {
		base = http.DefaultTransport
	}
	service := attribute.String(names.PeerService, peer)
	return otelhttp.NewTransport(withoutQuery{base, service},
		otelhttp.WithSpanOptions(trace.WithAttributes(service)),
		otelhttp.WithSpanNameFormatter(func(_ string, r *http.Request) string { return r.Method + " " + peer }))
}

// withoutQuery overwrites url.full on the span of otelhttp, which calls it, with
// a URL without query, and adds the peer to otelhttp's metric.
type withoutQuery struct {
	http.RoundTripper
	peer attribute.KeyValue
}

// RoundTrip implements http.RoundTripper.
func (t withoutQuery) RoundTrip(r *http.Request) (*http.Response, error) {
	bare := url.URL{Scheme: r.URL.Scheme, Host: r.URL.Host, Path: r.URL.Path, RawPath: r.URL.RawPath}
	trace.SpanFromContext(r.Context()).SetAttributes(attribute.String(names.URLFull, bare.String()))
	if labels, ok := otelhttp.ClientLabelerFromContext(r.Context()); ok {
		labels.Add(t.peer)
	}
	return t.RoundTripper.RoundTrip(r)
}

// Client is an instrumented client for one peer. It keeps enough idle
// connections for a load peak and gives up after timeout.
func Client(peer string, timeout time.Duration) *http.Client {
	base := http.DefaultTransport.(*http.Transport).Clone()
	base.MaxIdleConnsPerHost = 128
	base.MaxIdleConns = 256
	return &http.Client{Timeout: timeout, Transport: Transport(peer, base)}
}
