package faultinject

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"time"

	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"jari.example/internal/fault"
	"jari.example/internal/flags"
	"jari.example/internal/problem"
	"jari.example/internal/wait"
	"jari.example/telemetry"
	"jari.example/telemetry/names"
)

// Handler returns next, behind the faults of the route pattern ("POST /v1/x"). It is
// next itself for a nil Injector.
func (i *Injector) Handler(pattern string, next http.Handler) http.Handler {
	if i == nil {
		return next
	}
	return &handler{i, pattern, next}
}

type handler struct {
	injector *Injector
	pattern  string
	next     http.Handler
}

// ServeHTTP implements http.Handler.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	rules := h.injector.rules.Load()
	if rules == nil || !h.fail(w, r, rules) {
		h.next.ServeHTTP(w, r)
	}
}

// fail delays a request and makes it fail, as the rules say. done is false if it goes
// on to the next handler.
func (h *handler) fail(w http.ResponseWriter, r *http.Request, rules *rules) (done bool) {
	ctx := r.Context()
	if rules.delay.affects(ctx, h.pattern) {
		_ = wait.For(ctx, time.Duration(rules.delay.DelayMS)*time.Millisecond) // else the client has left
	}
	if rules.panics.affects(ctx, h.pattern) {
		panic("injected by the feature flag " + RoutePanics)
	}
	if !rules.errors.affects(ctx, h.pattern) {
		return false
	}
	// As a service responds to an error that it does not know.
	p := problem.Of(fault.New(fault.Internal, "", "Something went wrong. Please try again."))
	telemetry.Note(ctx, slog.String(names.Reason, p.Reason), slog.String(names.ErrorType, string(fault.Internal)),
		slog.String(names.Exception, "injected by the feature flag "+RouteErrors))
	span := trace.SpanFromContext(ctx)
	span.SetStatus(codes.Error, p.Reason)
	if sc := span.SpanContext(); sc.IsValid() {
		p.TraceID = sc.TraceID().String()
	}
	p.Write(w)
	return true
}

// affects reports whether a request is to fail, and notes the flag on its span and its
// access log line if so.
func (r *routeRule) affects(ctx context.Context, pattern string) bool {
	if r == nil || r.Route.Route != "" && r.Route.Route != pattern || rand.Float64()*100 >= r.Percent {
		return false
	}
	telemetry.Note(ctx, slog.String(names.FlagKey, r.key), slog.String(names.FlagVariant, r.variant),
		slog.String(names.FlagProvider, flags.Provider))
	return true
}
