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

	"jari.example/telemetry/internal/ceiling"
	"jari.example/telemetry/internal/scope"
	"jari.example/telemetry/names"
)

// Server instruments one route: a server span named pattern ("POST /v1/x"), the
// request metrics, and one access log line when the response is written; above a
// ceiling, only some requests of an inner service have a line (lineCeilings). pattern
// is "" for requests that match no route. With outside, every request has a line, and an
// incoming traceparent is linked, not continued: external callers control neither our
// trace ids nor our sampling.
//
// A panic in next becomes an empty 500 and a process.panic line. A response that
// has begun cannot become a 500 any more: the connection is closed, so that the
// client detects the incomplete response, and the access log line has the status
// 499 if the client had disconnected, else 500, or 502 for [ErrUpstream].
//
// Server replaces otelhttp, which costs as much as all other work of a booking
// (docs/decisions/0010). Its span and metrics are the same, except for the
// client's network address.
func Server(logger *slog.Logger, pattern string, outside bool, next http.Handler) http.Handler {
	if isOff(logger) {
		return next
	}
	_, route, _ := strings.Cut(pattern, " ")
	duration, err := otel.Meter(scope.Name).Float64Histogram(names.MetricHTTPServer, metric.WithUnit("s"),
		metric.WithDescription("Duration of HTTP server requests."), httpBuckets)
	if err != nil {
		otel.Handle(err) // the instrument can be used nevertheless, it records nothing
	}
	s := &server{
		logger: logger, pattern: pattern, route: route, outside: outside, next: next,
		tracer: otel.Tracer(scope.Name), propagator: otel.GetTextMapPropagator(), duration: duration,
	}
	if !outside {
		process.lines.Load().watch(s)
	}
	return s
}

// ErrUpstream is what a proxy panics with, instead of http.ErrAbortHandler, to
// abort a response that its upstream did not complete.
var ErrUpstream = errors.New("the upstream did not complete its response")

// server instruments one route.
type server struct {
	logger         *slog.Logger
	pattern, route string // route is "" where pattern is
	outside        bool
	next           http.Handler
	tracer         trace.Tracer
	propagator     propagation.TextMapPropagator
	duration       metric.Float64Histogram
	outcomes       memo[outcomeKey, outcome]
	lines          *ceiling.Ceiling // nil: every request has a line
}

// exchange is one request and its response. It holds in one allocation all that
// lives as long as they.
type exchange struct {
	statusWriter
	notes
	body  requestBody
	start time.Time
	span  trace.Span
}

// ServeHTTP implements http.Handler.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e := &exchange{start: time.Now()}
	e.ResponseWriter = w
	e.attrs = e.array[:0]
	ctx := s.begin(r, e)
	r = r.WithContext(context.WithValue(ctx, notesKey{}, &e.notes))
	if r.Body == nil || r.Body == http.NoBody {
		e.body.complete.Store(true)
	} else {
		e.body.ReadCloser, r.Body = r.Body, &e.body
	}
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
			e.status = abortedStatus(r.Context(), p)
		}
		s.end(r, e, p != nil)
		if p != nil {
			panic(http.ErrAbortHandler)
		}
	}()
	s.next.ServeHTTP(e, r)
}

// name is the name of the span. A method that HTTP does not know may be any text
// of any length, so it is not used.
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

// begin starts the span. Its attributes are set in one call at the end, since our
// samplers do not use them.
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

// end records the result of the request: metrics, access log line, span.
func (s *server) end(r *http.Request, e *exchange, aborted bool) {
	if e.status == 0 {
		e.status = http.StatusOK
	}
	elapsed := time.Since(e.start)
	o := s.outcomes.get(outcomeKey{method(r.Method), e.status}, s.newOutcome)
	s.duration.Record(r.Context(), elapsed.Seconds(), o.labels...)
	noted := e.all()
	if e.span.IsRecording() {
		switch {
		case aborted && e.status >= 500:
			e.span.SetStatus(codes.Error, "response aborted")
		case e.status >= 500:
			e.span.SetStatus(codes.Error, "")
		}
		e.span.SetAttributes(s.attributes(r, e, noted)...)
	}
	kept := process.decider.Load().Decide(e.span, s.name(r), e.status >= 500, elapsed)
	s.logAccess(r, e, o, elapsed, noted, kept)
	e.span.End()
}

// abortedStatus is the status that is logged for a response that the panic p
// aborted.
func abortedStatus(ctx context.Context, p any) int {
	switch {
	case p != http.ErrAbortHandler && p != ErrUpstream: // our own fault, even if the client has disconnected
	case ctx.Err() != nil: // net/http ends it when the client disconnects
		return 499
	case p == ErrUpstream:
		Note(ctx, slog.String(names.Exception, ErrUpstream.Error()))
		return http.StatusBadGateway
	}
	return http.StatusInternalServerError
}

// noRoute replaces a path that matches no route, in line and span: such a path may
// be any text, personal data included.
const noRoute = "(no route)"

func (s *server) path(r *http.Request) string {
	if s.route == "" {
		return noRoute
	}
	return r.URL.Path
}

func accessLevel(status int) slog.Level {
	if status >= 500 {
		return slog.LevelError
	}
	return slog.LevelInfo
}

func (s *server) logAccess(r *http.Request, e *exchange, o outcome, elapsed time.Duration, noted []slog.Attr, kept bool) {
	level, handler, ctx := accessLevel(e.status), s.logger.Handler(), r.Context()
	if !handler.Enabled(ctx, level) {
		return
	}
	weight := s.weight(e, o, elapsed, kept)
	if weight == 0 {
		return
	}
	line := slog.NewRecord(time.Now(), level, o.body, 0) // not Logger.Log, which would look up its caller
	attrs := make([]slog.Attr, 0, 24)
	attrs = append(attrs, slog.String(names.EventName, names.EventAccess), slog.String(names.HTTPMethod, method(r.Method)))
	if s.route != "" {
		attrs = append(attrs, slog.String(names.HTTPRoute, s.route))
	}
	attrs = append(attrs,
		slog.Int(names.HTTPStatus, e.status),
		slog.Float64(names.HTTPDuration, elapsed.Seconds()),
		slog.Int64(names.HTTPBodySize, e.size),
		slog.Bool(names.HTTPBodyRead, e.body.complete.Load()),
		slog.String(names.URLPath, s.path(r)),
		slog.Bool(names.TraceKept, kept))
	if weight > 1 {
		attrs = append(attrs, slog.Int64(names.Weight, weight))
	}
	line.AddAttrs(append(attrs, noted...)...)
	_ = handler.Handle(ctx, line) // without stdout an error could be reported nowhere
}

// attributes are the attributes of the span: those of OpenTelemetry's conventions
// for HTTP servers, and the notes of the request. The client's network address
// and browser are left out: they can identify a person, alone or combined, and
// between our services they carry no information.
func (s *server) attributes(r *http.Request, e *exchange, noted []slog.Attr) []attribute.KeyValue {
	const conventional = 12
	attrs := make([]attribute.KeyValue, 0, conventional+len(noted))
	attrs = append(attrs, attribute.String(names.HTTPMethod, method(r.Method)),
		attribute.String(names.URLScheme, scheme(r)), attribute.String(names.URLPath, s.path(r)))
	if s.route != "" {
		attrs = append(attrs, attribute.String(names.HTTPRoute, s.route))
	}
	host, port := splitHost(r.Host, r.TLS != nil)
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
