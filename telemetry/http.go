package telemetry

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
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
func Server(logger *slog.Logger, pattern string, outside bool, next http.Handler) http.Handler {
	if isOff(logger) {
		return next
	}
	_, route, _ := strings.Cut(pattern, " ")
	logged := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if pattern != "" {
			r.Pattern = pattern // what otelhttp takes http.route from
		} else {
			trace.SpanFromContext(r.Context()).SetAttributes(attribute.String(names.URLPath, noRoute))
		}
		serveLogged(logger, route, next, w, r)
	})
	return otelhttp.NewHandler(logged, pattern,
		otelhttp.WithPublicEndpointFn(func(*http.Request) bool { return outside }),
		otelhttp.WithSpanNameFormatter(func(_ string, r *http.Request) string {
			if pattern == "" {
				return r.Method
			}
			return pattern
		}))
}

// ErrUpstream is what a proxy panics with, instead of http.ErrAbortHandler, to
// cut off an answer that its upstream did not finish.
var ErrUpstream = errors.New("the upstream ended within its answer")

func serveLogged(logger *slog.Logger, route string, next http.Handler, w http.ResponseWriter, r *http.Request) {
	start := time.Now()
	notes := &notes{}
	r = r.WithContext(context.WithValue(r.Context(), notesKey{}, notes))
	rec := &statusWriter{ResponseWriter: w}
	defer func() {
		p := recover()
		if p != nil && p != http.ErrAbortHandler && p != ErrUpstream {
			logger.ErrorContext(r.Context(), "panic", names.EventName, names.EventPanic,
				names.Exception, fmt.Sprint(p), names.Stacktrace, string(debug.Stack()))
			notes.add(slog.String(names.Exception, fmt.Sprint("panic: ", p)))
			if rec.status == 0 {
				rec.WriteHeader(http.StatusInternalServerError)
				p = nil
			}
		}
		if p != nil {
			rec.status = cutOff(r.Context(), p)
		}
		logAccess(logger, r, route, rec, notes, start)
		if p != nil {
			panic(http.ErrAbortHandler)
		}
	}()
	next.ServeHTTP(rec, r)
}

// cutOff is the status of an answer that p ended early. It sets it on the span
// too, because the instrumentation does not when there is a panic.
func cutOff(ctx context.Context, p any) int {
	status := http.StatusInternalServerError
	switch {
	case p != http.ErrAbortHandler && p != ErrUpstream: // our own fault, whoever still listens
	case ctx.Err() != nil: // ended by net/http when it loses the client
		status = 499
	case p == ErrUpstream:
		status = http.StatusBadGateway
		Note(ctx, slog.String(names.Exception, ErrUpstream.Error()))
	}
	span := trace.SpanFromContext(ctx)
	span.SetAttributes(attribute.Int(names.HTTPStatus, status))
	if status >= 500 {
		span.SetStatus(codes.Error, "the answer was cut off")
	}
	return status
}

func logAccess(logger *slog.Logger, r *http.Request, route string, rec *statusWriter, notes *notes, start time.Time) {
	status := rec.status
	if status == 0 {
		status = http.StatusOK
	}
	level := slog.LevelInfo
	if status >= 500 {
		level = slog.LevelError
	}
	noted := notes.all()
	mark(trace.SpanFromContext(r.Context()), noted)
	const own = 7
	attrs := make([]slog.Attr, 0, own+len(noted))
	attrs = append(attrs, slog.String(names.EventName, names.EventAccess), slog.String(names.HTTPMethod, r.Method))
	path := noRoute
	if route != "" {
		path = r.URL.Path
		attrs = append(attrs, slog.String(names.HTTPRoute, route))
	}
	attrs = append(attrs,
		slog.Int(names.HTTPStatus, status),
		slog.Float64(names.HTTPDuration, time.Since(start).Seconds()),
		slog.Int64(names.HTTPBodySize, rec.size),
		slog.String(names.URLPath, path))
	attrs = append(attrs, noted...)
	body := r.Method + " " + cmp.Or(route, noRoute) + " " + strconv.Itoa(status)
	logger.LogAttrs(r.Context(), level, body, attrs...)
}

// noRoute stands on line and span for a path that no route knows, since such a
// path may hold anything, somebody's address too.
const noRoute = "(no route)"

// Note adds attributes to the access line of the request in ctx and to its
// server span, outside of a request to the current span: ids and reasons, never
// personal data.
func Note(ctx context.Context, attrs ...slog.Attr) {
	if n, ok := ctx.Value(notesKey{}).(*notes); ok {
		n.add(attrs...)
		return
	}
	mark(trace.SpanFromContext(ctx), attrs)
}

// mark sets all at once: the SDK makes a new list with each call.
func mark(span trace.Span, attrs []slog.Attr) {
	if !span.IsRecording() {
		return
	}
	set := make([]attribute.KeyValue, len(attrs))
	for i, a := range attrs {
		set[i] = spanAttribute(a)
	}
	span.SetAttributes(set...)
}

func spanAttribute(a slog.Attr) attribute.KeyValue {
	switch v := a.Value.Resolve(); v.Kind() {
	case slog.KindInt64:
		return attribute.Int64(a.Key, v.Int64())
	case slog.KindFloat64:
		return attribute.Float64(a.Key, v.Float64())
	case slog.KindBool:
		return attribute.Bool(a.Key, v.Bool())
	default:
		return attribute.String(a.Key, v.String())
	}
}

type notesKey struct{}

// notes gathers what the layers below know about a request for its one line.
type notes struct {
	mu    sync.Mutex
	attrs []slog.Attr
}

func (n *notes) add(attrs ...slog.Attr) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.attrs = append(n.attrs, attrs...)
}

func (n *notes) all() []slog.Attr {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.attrs
}

// statusWriter remembers what was answered.
type statusWriter struct {
	http.ResponseWriter
	status int
	size   int64
}

func (w *statusWriter) WriteHeader(status int) {
	if w.status == 0 && status >= 200 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *statusWriter) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	n, err := w.ResponseWriter.Write(b)
	w.size += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach the connection.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// Transport instruments calls to one peer: a client span "POST user" with
// peer.service, and traceparent on the wire. The span's url.full is without
// query, which may name people. base may be nil.
func Transport(peer string, base http.RoundTripper) http.RoundTripper {
	if base == nil {
		base = http.DefaultTransport
	}
	return otelhttp.NewTransport(withoutQuery{base},
		otelhttp.WithSpanOptions(trace.WithAttributes(attribute.String(names.PeerService, peer))),
		otelhttp.WithMetricAttributesFn(func(*http.Request) []attribute.KeyValue {
			return []attribute.KeyValue{attribute.String(names.PeerService, peer)}
		}),
		otelhttp.WithSpanNameFormatter(func(_ string, r *http.Request) string { return r.Method + " " + peer }))
}

// withoutQuery corrects the span in which the instrumentation calls it.
type withoutQuery struct{ http.RoundTripper }

func (t withoutQuery) RoundTrip(r *http.Request) (*http.Response, error) {
	bare := url.URL{Scheme: r.URL.Scheme, Host: r.URL.Host, Path: r.URL.Path, RawPath: r.URL.RawPath}
	trace.SpanFromContext(r.Context()).SetAttributes(attribute.String(names.URLFull, bare.String()))
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
