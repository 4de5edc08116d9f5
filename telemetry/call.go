package telemetry

import (
	"context"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"jari.example/telemetry/internal/scope"
	"jari.example/telemetry/names"
)

// Call is the client span of one call to another process. The zero Call records
// nothing.
type Call struct{ span trace.Span }

// StartCall begins the client span of a call to peer. attrs are ids and names,
// never values. Outside of a trace there is no span, so that a loop that finds
// nothing to do does not start a trace each time it looks.
func StartCall(ctx context.Context, name, peer string, attrs ...attribute.KeyValue) (context.Context, Call) {
	return StartCallAt(ctx, time.Time{}, name, peer, attrs...)
}

// StartCallAt is [StartCall] for a call that began at began; now if that is zero.
func StartCallAt(ctx context.Context, began time.Time, name, peer string, attrs ...attribute.KeyValue) (context.Context, Call) {
	if !trace.SpanContextFromContext(ctx).IsValid() {
		return ctx, Call{}
	}
	opts := make([]trace.SpanStartOption, 0, 3)
	opts = append(opts, trace.WithSpanKind(trace.SpanKindClient),
		trace.WithAttributes(append(attrs, attribute.String(names.PeerService, peer))...))
	if !began.IsZero() {
		opts = append(opts, trace.WithTimestamp(began))
	}
	ctx, span := otel.Tracer(scope.Name).Start(ctx, name, opts...)
	return ctx, Call{span}
}

// StartOpenSearch begins the client span of a call to OpenSearch. operation is
// "search", "bulk" ….
func StartOpenSearch(ctx context.Context, operation string) (context.Context, Call) {
	return StartCall(ctx, operation, "opensearch",
		attribute.String(names.DBSystem, "opensearch"), attribute.String(names.DBOperation, operation))
}

// Set adds attributes.
func (c Call) Set(attrs ...attribute.KeyValue) {
	if c.span != nil {
		c.span.SetAttributes(attrs...)
	}
}

// End ends the span. failure is the error.type, "" for a success. It is never an
// error's text, which may contain what was sent.
func (c Call) End(failure string) {
	if c.span == nil {
		return
	}
	if failure != "" {
		c.span.SetAttributes(attribute.String(names.ErrorType, failure))
		c.span.SetStatus(codes.Error, failure)
	}
	c.span.End()
}
