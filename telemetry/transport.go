package telemetry

import (
	"io"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/propagation"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
	tracenoop "go.opentelemetry.io/otel/trace/noop"

	"jari.example/telemetry/internal/scope"
	"jari.example/telemetry/names"
)

// Transport instruments calls to one peer: a client span "POST user" with
// peer.service, a traceparent header, and the metric of calls. The span ends when
// the response's body has been read or closed. Its url.full has no query, which may
// contain personal data. base may be nil.
//
// Transport replaces otelhttp's, which costs a tenth of the gateway's time
// (docs/decisions/0024). Its span and metric are the same, except for the query and
// for labels that nothing reads.
func Transport(peer string, base http.RoundTripper) http.RoundTripper {
	if base == nil {
		base = http.DefaultTransport
	}
	if _, off := otel.GetTracerProvider().(tracenoop.TracerProvider); off {
		return base
	}
	duration, err := otel.Meter(scope.Name).Float64Histogram(names.MetricHTTPClient, metric.WithUnit("s"),
		metric.WithDescription("Duration of HTTP client requests."), httpBuckets)
	if err != nil {
		otel.Handle(err) // the instrument can be used nevertheless, it records nothing
	}
	return &transport{
		base: base, peer: attribute.String(names.PeerService, peer), tracer: otel.Tracer(scope.Name),
		propagator: otel.GetTextMapPropagator(), duration: duration,
	}
}

type transport struct {
	base       http.RoundTripper
	peer       attribute.KeyValue
	tracer     trace.Tracer
	propagator propagation.TextMapPropagator
	duration   metric.Float64Histogram
	labels     memo[callKey, []metric.RecordOption]
}

// callKey is what the labels of a call depend on.
type callKey struct {
	method  string
	status  int    // 0 without a response
	failure string // error.type; "" with a response
}

var clientKind = []trace.SpanStartOption{trace.WithSpanKind(trace.SpanKindClient)}

// RoundTrip implements http.RoundTripper. The body of r is passed on as it is: when
// net/http knows that it is in memory, it writes it together with the header.
func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	began := time.Now()
	ctx, span := t.tracer.Start(r.Context(), r.Method+" "+t.peer.Value.AsString(), clientKind...)
	sent := r.WithContext(ctx)
	sent.Header = maps.Clone(r.Header) // a RoundTripper must not change its request
	t.propagator.Inject(ctx, propagation.HeaderCarrier(sent.Header))
	res, err := t.base.RoundTrip(sent)
	key := callKey{method: method(r.Method)}
	if err != nil {
		key.failure = semconv.ErrorType(err).Value.AsString()
	} else {
		key.status = res.StatusCode
	}
	t.duration.Record(ctx, time.Since(began).Seconds(), t.labels.get(key, t.newLabels)...)
	if span.IsRecording() {
		span.SetAttributes(t.attributes(r, res, key)...)
	}
	switch {
	case err != nil:
		span.SetStatus(codes.Error, err.Error())
		span.End()
		return res, err
	case res.StatusCode >= 400:
		span.SetStatus(codes.Error, "")
	}
	if res.StatusCode == http.StatusSwitchingProtocols || res.Body == http.NoBody {
		span.End() // the body of a switched connection is both directions of it
	} else {
		res.Body = &callBody{res.Body, span}
	}
	return res, nil
}

func (t *transport) newLabels(k callKey) []metric.RecordOption {
	labels := []attribute.KeyValue{t.peer, attribute.String(names.HTTPMethod, k.method)}
	if k.status > 0 {
		labels = append(labels, attribute.Int(names.HTTPStatus, k.status))
	} else {
		labels = append(labels, attribute.String(names.ErrorType, k.failure))
	}
	return []metric.RecordOption{metric.WithAttributeSet(attribute.NewSet(labels...))}
}

// attributes are the attributes of the span: the peer, and those of OpenTelemetry's
// conventions for HTTP clients. res is nil when the call failed.
func (t *transport) attributes(r *http.Request, res *http.Response, k callKey) []attribute.KeyValue {
	bare := url.URL{Scheme: r.URL.Scheme, Host: r.URL.Host, Path: r.URL.Path, RawPath: r.URL.RawPath}
	attrs := make([]attribute.KeyValue, 0, 8)
	attrs = append(attrs, t.peer, attribute.String(names.HTTPMethod, k.method), attribute.String(names.URLFull, bare.String()))
	host, port := splitHost(r.URL.Host, r.URL.Scheme == "https")
	attrs = append(attrs, attribute.String(names.ServerAddress, host))
	if port > 0 {
		attrs = append(attrs, attribute.Int(names.ServerPort, port))
	}
	proto := r.Proto
	if res != nil {
		attrs = append(attrs, attribute.Int(names.HTTPStatus, k.status))
		proto = res.Proto
		if k.status >= 400 {
			k.failure = strconv.Itoa(k.status)
		}
	}
	if _, version, _ := strings.Cut(proto, "/"); version != "" {
		attrs = append(attrs, attribute.String(names.HTTPVersion, version))
	}
	if k.failure != "" {
		attrs = append(attrs, attribute.String(names.ErrorType, k.failure))
	}
	return attrs
}

// callBody is the body of a response. It ends the span of the call, once.
type callBody struct {
	io.ReadCloser
	span trace.Span
}

// Read implements io.Reader.
func (b *callBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	switch {
	case err == io.EOF:
		b.span.End()
	case err != nil:
		b.span.SetAttributes(semconv.ErrorType(err))
		b.span.SetStatus(codes.Error, err.Error())
	}
	return n, err
}

// Close implements io.Closer. An ended span ignores a second End.
func (b *callBody) Close() error {
	b.span.End()
	return b.ReadCloser.Close()
}

// Idle connections to a peer are kept for the next load peak: a connection more
// costs the peer a few kilobytes, and to make one costs more than a request.
const maxIdleConnections = 1024

// Client is an instrumented client for one peer. It gives up after timeout.
func Client(peer string, timeout time.Duration) *http.Client {
	base := http.DefaultTransport.(*http.Transport).Clone()
	base.MaxIdleConnsPerHost, base.MaxIdleConns = maxIdleConnections, maxIdleConnections
	return &http.Client{Timeout: timeout, Transport: Transport(peer, base)}
}
