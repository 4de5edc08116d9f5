package telemetry

import (
	"context"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"jari.example/telemetry/internal/scope"
	"jari.example/telemetry/names"
)

const traceparent = "traceparent" // W3C trace context

// Traceparent encodes the trace of ctx, so that it can be stored in an outbox or a
// table and continued by a worker. It is "" outside of a trace.
func Traceparent(ctx context.Context) string {
	carrier := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(ctx, carrier)
	return carrier[traceparent]
}

// Continue returns ctx within the trace of the traceparent from, which caused what
// is done in it. An empty or invalid traceparent changes nothing.
func Continue(ctx context.Context, from string) context.Context {
	return propagation.TraceContext{}.Extract(ctx, propagation.MapCarrier{traceparent: from})
}

// maxLinks is the SDK's limit of links per span.
const maxLinks = 128

// LinkTo links a span to its causes, each trace once. It is used where a parent
// would mislead, because the span starts much later or has several causes. Empty
// and invalid traceparents are left out.
func LinkTo(traceparents ...string) trace.SpanStartOption {
	var links []trace.Link
	seen := map[trace.TraceID]bool{}
	for _, from := range traceparents {
		sc := trace.SpanContextFromContext(Continue(context.Background(), from))
		if sc.IsValid() && !seen[sc.TraceID()] && len(links) < maxLinks {
			seen[sc.TraceID()] = true
			links = append(links, trace.Link{SpanContext: sc})
		}
	}
	return trace.WithLinks(links...)
}

// Job runs one piece of periodic work, which no request caused, in a trace of its
// own. It returns the error of work.
func Job(ctx context.Context, name string, work func(context.Context) error, attrs ...attribute.KeyValue) error {
	ctx, span := otel.Tracer(scope.Name).Start(ctx, names.SpanJob, trace.WithNewRoot(),
		trace.WithAttributes(append(attrs, attribute.String(names.Job, name))...))
	defer span.End()
	err := work(ctx)
	if err != nil {
		span.SetStatus(codes.Error, "")
	}
	return err
}
