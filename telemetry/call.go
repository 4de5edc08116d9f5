package telemetry

import (
	"context"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"jari.example/telemetry/names"
)

// scopeName is this package's instruments'.
const scopeName = "jari.example/telemetry"

// Call is a client span: one call of something outside the process.
type Call struct{ span trace.Span }

// StartCall begins the client span of a call of peer, named name. attrs are ids
// and names, never values. Outside of a trace there is none, so that a loop that
// finds nothing to do starts no trace each time it looks.
func StartCall(ctx context.Context, name, peer string, attrs ...attribute.KeyValue) (context.Context, Call) {
	return startCall(ctx, name, peer, attrs)
}

func startCall(ctx context.Context, name, peer string, attrs []attribute.KeyValue, opts ...trace.SpanStartOption) (context.Context, Call) {
	if !trace.SpanContextFromContext(ctx).IsValid() {
		return ctx, Call{}
	}
	opts = append(opts, trace.WithSpanKind(trace.SpanKindClient),
		trace.WithAttributes(append(attrs, attribute.String(names.PeerService, peer))...))
	ctx, span := otel.Tracer(scopeName).Start(ctx, name, opts...)
	return ctx, Call{span}
}

// StartOpenSearch begins the client span of a call of OpenSearch that does what
// operation says: "search", "bulk" ….
func StartOpenSearch(ctx context.Context, operation string) (context.Context, Call) {
	return startCall(ctx, operation, "opensearch", []attribute.KeyValue{
		attribute.String(names.DBSystem, "opensearch"), attribute.String(names.DBOperation, operation),
	})
}

// Set adds attributes.
func (c Call) Set(attrs ...attribute.KeyValue) {
	if c.span != nil {
		c.span.SetAttributes(attrs...)
	}
}

// End ends the span. failure is the class of what went wrong, "" for nothing:
// never an error's text, which may hold what was sent.
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
