package telemetry

import (
	"context"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"jari.example/telemetry/names"
)

const traceparent = "traceparent" // W3C's header

// Traceparent is the trace of ctx as it is written into an outbox or a table,
// from where somebody else will go on. It is "" outside of a trace.
func Traceparent(ctx context.Context) string {
	carrier := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(ctx, carrier)
	return carrier[traceparent]
}

// Continue is ctx within the trace of a traceparent: what is done in it was asked
// for there. One that says nothing changes nothing.
func Continue(ctx context.Context, from string) context.Context {
	return propagation.TraceContext{}.Extract(ctx, propagation.MapCarrier{traceparent: from})
}

// linksMost is as many links as the SDK keeps of a span.
const linksMost = 128

// LinkTo links a span to what it goes back to, each trace once, where a parent
// would lie: because it comes much later, or because there are several. Those
// that say nothing are left out.
func LinkTo(traceparents ...string) trace.SpanStartOption {
	var links []trace.Link
	seen := map[trace.TraceID]bool{}
	for _, from := range traceparents {
		sc := trace.SpanContextFromContext(Continue(context.Background(), from))
		if sc.IsValid() && !seen[sc.TraceID()] && len(links) < linksMost {
			seen[sc.TraceID()] = true
			links = append(links, trace.Link{SpanContext: sc})
		}
	}
	return trace.WithLinks(links...)
}

// Job does one piece of a job that nobody asked for, so in a trace of its own.
func Job(ctx context.Context, name string, work func(context.Context) error, attrs ...attribute.KeyValue) error {
	ctx, span := otel.Tracer(scopeName).Start(ctx, names.SpanJob, trace.WithNewRoot(),
		trace.WithAttributes(append(attrs, attribute.String(names.Job, name))...))
	defer span.End()
	err := work(ctx)
	if err != nil {
		span.SetStatus(codes.Error, "")
	}
	return err
}
