package telemetry

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"jari.example/telemetry/names"
)

// Server instruments one route: a server span named pattern ("POST /v1/x"),
// the request metrics, and one access line when the answer is written. pattern
// is "" for what no route matched. With outside, a traceparent that comes in is
// linked, not continued: strangers choose neither our trace ids nor our sampling.
//
// A panic in next that nobody caught becomes an empty 500 and a process.panic
// line. An answer that has begun cannot become a 500 any more: it is cut off, so
// that the client sees it is not whole, and the access line says what it was
// worth: 499 if the client had gone, else 500, or 502 for [ErrUpstream].
//
// It is not otelhttp, which costs as much as everything else that a booking is
// (docs/decisions/0010): span and metrics are the same, but for who the client
// is on the network.
func Server(logger *slog.Logger, pattern string, outside bool, next http.Handler) http.Handler {
	if isOff(logger) {
		return next
	}
	_, route, _ := strings.Cut(pattern, " ")
	duration, err := otel.Meter(scope).Float64Histogram(names.MetricHTTPServer, metric.WithUnit("s"), metric.WithDescription("Duration of HTTP server requests."),
		metric.WithExplicitBucketBoundaries(.005, .01, .025, .05, .075, .1, .25, .5, .75, 1, 2.5, 5, 7.5, 10))
	if err != nil {
		otel.Handle(err) // the instrument works all the same, it only counts nothing
	}
	return &server{
		logger: logger, pattern: pattern, route: route, outside: outside, next: next,
		tracer: otel.Tracer(scope), propagator: otel.GetTextMapPropagator(), duration: duration,
	}
}

// ErrUpstream is what a proxy panics with, instead of http.ErrAbortHandler, to
// cut off an answer that its upstream did not finish.
var ErrUpstream = errors.New("the upstream ended within its answer")

const scope = "jari.example/telemetry"

// server is the instruments of one route.
type server struct {
	logger         *slog.Logger
	pattern, route string // route is "" where pattern is
	outside        bool
	next           http.Handler
	tracer         trace.Tracer
	propagator     propagation.TextMapPropagator
	duration       metric.Float64Histogram
	outcomes       outcomes
}

// exchange is one request and what becomes of it: one allocation for all that
// lives as long.
type exchange struct {
	statusWriter
	notes
	start time.Time
	span  trace.Span
}

// ServeHTTP implements http.Handler.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e := &exchange{start: time.Now()}
	e.ResponseWriter = w
	e.attrs = e.room[:0]
	ctx := s.begin(r, e)
	r = r.WithContext(context.WithValue(ctx, notesKey{}, &e.notes))
	defer func() {
		p := recover()
		if p != nil && p != http.ErrAbortHandler && p != ErrUpstream {
			LogPanic(r.Context(), s.logger, s.name(r), p)
			e.add(slog.String(names.Exception, fmt.Sprint("panic: ", p)))
			if e.status == 0 {
				e.WriteHeader(http.StatusInternalServerError)
				p = nil
			}
		}
		if p != nil {
			e.status = cutOff(r.Context(), p)
		}
		s.end(r, e, p != nil)
		if p != nil {
			panic(http.ErrAbortHandler)
		}
	}()
	s.next.ServeHTTP(e, r)
}

// name is the span's. A method that HTTP does not know may hold anything, and be
// of any length, so it is said nowhere.
func (s *server) name(r *http.Request) string {
	if s.pattern != "" {
		return s.pattern
	}
	if known := method(r.Method); known != otherMethod {
		return known
	}
	return "HTTP"
}

var serverKind = []trace.SpanStartOption{trace.WithSpanKind(trace.SpanKindServer)}

// begin starts the span. Its attributes are set when the answer is known, all
// at once, since no sampler of ours looks at them.
func (s *server) begin(r *http.Request, e *exchange) context.Context {
	options := serverKind
	ctx := s.propagator.Extract(r.Context(), propagation.HeaderCarrier(r.Header))
	if s.outside {
		options = append(options[:1:1], trace.WithNewRoot())
		if caller := trace.SpanContextFromContext(ctx); caller.IsValid() {
			options = append(options, trace.WithLinks(trace.Link{SpanContext: caller}))
		}
	}
	ctx, e.span = s.tracer.Start(ctx, s.name(r), options...)
	return ctx
}

// end says what became of the request: to the metrics, the line and the span.
func (s *server) end(r *http.Request, e *exchange, cut bool) {
	if e.status == 0 {
		e.status = http.StatusOK
	}
	elapsed := time.Since(e.start)
	o := s.outcomes.of(s, r.Method, e.status)
	s.duration.Record(r.Context(), elapsed.Seconds(), o.labels...)
	noted := e.all()
	if e.span.IsRecording() {
		switch {
		case cut && e.status >= 500:
			e.span.SetStatus(codes.Error, "the answer was cut off")
		case e.status >= 500:
			e.span.SetStatus(codes.Error, "")
		}
		e.span.SetAttributes(s.describe(r, e, noted)...)
	}
	kept := decide(e.span, e.status >= 500, elapsed)
	s.logAccess(r, e, o.body, elapsed, noted, kept)
	e.span.End()
}

// cutOff is the status of an answer that p ended early.
func cutOff(ctx context.Context, p any) int {
	switch {
	case p != http.ErrAbortHandler && p != ErrUpstream: // our own fault, whoever still listens
	case ctx.Err() != nil: // ended by net/http when it loses the client
		return 499
	case p == ErrUpstream:
		Note(ctx, slog.String(names.Exception, ErrUpstream.Error()))
		return http.StatusBadGateway
	}
	return http.StatusInternalServerError
}

// noRoute stands on line and span for a path that no route knows, since such a
// path may hold anything, somebody's address too.
const noRoute = "(no route)"

func (s *server) path(r *http.Request) string {
	if s.route == "" {
		return noRoute
	}
	return r.URL.Path
}

func (s *server) logAccess(r *http.Request, e *exchange, body string, elapsed time.Duration, noted []slog.Attr, kept bool) {
	level := slog.LevelInfo
	if e.status >= 500 {
		level = slog.LevelError
	}
	handler, ctx := s.logger.Handler(), r.Context()
	if !handler.Enabled(ctx, level) {
		return
	}
	line := slog.NewRecord(time.Now(), level, body, 0) // not by the logger, which would ask who called it
	attrs := make([]slog.Attr, 0, 24)
	attrs = append(attrs, slog.String(names.EventName, names.EventAccess), slog.String(names.HTTPMethod, method(r.Method)))
	if s.route != "" {
		attrs = append(attrs, slog.String(names.HTTPRoute, s.route))
	}
	attrs = append(attrs,
		slog.Int(names.HTTPStatus, e.status),
		slog.Float64(names.HTTPDuration, elapsed.Seconds()),
		slog.Int64(names.HTTPBodySize, e.size),
		slog.String(names.URLPath, s.path(r)),
		slog.Bool(names.TraceKept, kept))
	line.AddAttrs(append(attrs, noted...)...)
	_ = handler.Handle(ctx, line) // stdout is gone: nobody is left to tell
}

// describe is what the span says, by OpenTelemetry's conventions for HTTP
// servers and the request's notes. Not where the client is on the network, nor
// what browser it says it is: what leads to a person, alone or together, belongs
// in no span, and between siblings it says nothing.
func (s *server) describe(r *http.Request, e *exchange, noted []slog.Attr) []attribute.KeyValue {
	const own = 12
	attrs := make([]attribute.KeyValue, 0, own+len(noted))
	attrs = append(attrs, attribute.String(names.HTTPMethod, method(r.Method)), attribute.String(names.URLScheme, scheme(r)), attribute.String(names.URLPath, s.path(r)))
	if s.route != "" {
		attrs = append(attrs, attribute.String(names.HTTPRoute, s.route))
	}
	host, port := splitHost(r)
	attrs = append(attrs, attribute.String(names.ServerAddress, host))
	if port > 0 {
		attrs = append(attrs, attribute.Int(names.ServerPort, port))
	}
	if _, version, _ := strings.Cut(r.Proto, "/"); version != "" {
		attrs = append(attrs, attribute.String(names.HTTPVersion, version))
	}
	if r.ContentLength > 0 {
		attrs = append(attrs, attribute.Int64(names.RequestSize, r.ContentLength))
	}
	if e.size > 0 {
		attrs = append(attrs, attribute.Int64(names.HTTPBodySize, e.size))
	}
	attrs = append(attrs, attribute.Int(names.HTTPStatus, e.status))
	for _, a := range noted {
		attrs = append(attrs, spanAttribute(a))
	}
	return attrs
}
