package endpoint

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	kit "github.com/go-kit/kit/endpoint"
	"github.com/go-kit/kit/ratelimit"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"jari.example/internal/fault"
	"jari.example/telemetry"
	"jari.example/telemetry/names"
)

// Limits returns the rate limiter of a method, nil for none. A
// golang.org/x/time/rate.Limiter fits.
type Limits func(Method) ratelimit.Allower

// Shared is the middleware of every endpoint. Outermost first: metrics, in which
// a panic counts as a failure, recovery, logging, access, limits. limits may be
// nil.
func Shared(logger *slog.Logger, limits Limits) (Middleware, error) {
	duration, err := otel.Meter("jari.example/services").Float64Histogram(names.MetricEndpointDuration,
		metric.WithUnit("s"), metric.WithExplicitBucketBoundaries(.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5))
	if err != nil {
		return nil, err
	}
	return func(m Method) kit.Middleware {
		return kit.Chain(instrumented(m, duration), recovery(m, logger), noted(m), allowed(m), limited(m, limits))
	}, nil
}

// Bare is the access rule without other middleware, for tests.
func Bare(m Method) kit.Middleware { return allowed(m) }

// recovery turns a panic into an Internal fault and one log line with the stack.
func recovery(m Method, logger *slog.Logger) kit.Middleware {
	return func(next kit.Endpoint) kit.Endpoint {
		return func(ctx context.Context, request any) (response any, err error) {
			defer func() {
				if p := recover(); p != nil {
					telemetry.LogPanic(ctx, logger, m.Name, p)
					response, err = nil, fault.Of(fmt.Errorf("panic: %v", p))
				}
			}()
			return next(ctx, request)
		}
	}
}

func instrumented(m Method, duration metric.Float64Histogram) kit.Middleware {
	// Attribute sets are made once, because making one sorts and hashes it.
	method := attribute.String(names.Method, m.Name)
	outcomes := map[fault.Code][]metric.RecordOption{"": {metric.WithAttributeSet(attribute.NewSet(method))}}
	for _, code := range fault.Codes {
		failed := attribute.NewSet(method, attribute.String(names.ErrorType, string(code)))
		outcomes[code] = []metric.RecordOption{metric.WithAttributeSet(failed)}
	}
	return func(next kit.Endpoint) kit.Endpoint {
		return func(ctx context.Context, request any) (any, error) {
			start := time.Now()
			response, err := next(ctx, request)
			var code fault.Code
			if err != nil {
				code = fault.OfRequest(ctx, err).Code
			}
			duration.Record(ctx, time.Since(start).Seconds(), outcomes[code]...)
			return response, err
		}
	}
}

// noted adds the method to the request's access log line and span. An error is
// noted where it becomes a status.
func noted(m Method) kit.Middleware {
	return func(next kit.Endpoint) kit.Endpoint {
		return func(ctx context.Context, request any) (any, error) {
			telemetry.Note(ctx, slog.String(names.Method, m.Name))
			return next(ctx, request)
		}
	}
}

func allowed(m Method) kit.Middleware {
	return func(next kit.Endpoint) kit.Endpoint {
		return func(ctx context.Context, request any) (any, error) {
			if err := m.Access.Allow(IdentityFrom(ctx)); err != nil {
				return nil, err
			}
			return next(ctx, request)
		}
	}
}

func limited(m Method, limits Limits) kit.Middleware {
	var limiter ratelimit.Allower
	if limits != nil {
		limiter = limits(m)
	}
	return func(next kit.Endpoint) kit.Endpoint {
		if limiter == nil {
			return next
		}
		return func(ctx context.Context, request any) (any, error) {
			if !limiter.Allow() {
				return nil, fault.New(fault.RateLimited, "rate_limited", "Too many requests. Please wait a moment.").After(time.Second)
			}
			return next(ctx, request)
		}
	}
}
