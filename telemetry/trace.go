package telemetry

import (
	"context"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"jari.example/telemetry/internal/scope"
	"jari.example/telemetry/names"
	"jari.example/telemetry/spans"
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

// Job runs one piece of work that no request caused, in a trace of its own, and
// records its duration. It returns the error of work.
func Job(ctx context.Context, name string, work func(context.Context) error) error {
	return runJob(ctx, name, func(ctx context.Context, _ trace.Span) error { return work(ctx) })
}

// Poll is [Job] for a run that most often finds nothing to do, such as a tick of a
// loop. Its trace is kept only if work fails, takes a second or more, or returns
// that it changed something, and above the ceiling of a process's own traces only
// some of those: nobody reads the others, and they would be most of what an idle
// system writes. The duration of every run is recorded.
func Poll(ctx context.Context, name string, work func(context.Context) (changed bool, err error)) error {
	return runJob(ctx, name, func(ctx context.Context, span trace.Span) error {
		began := time.Now()
		changed, err := work(ctx)
		process.decider.Load().DecideHeld(span, name, changed, err != nil, time.Since(began))
		return err
	}, spans.Held)
}

// runJob runs work in a new trace, whose root has the attributes attrs besides the
// job's name.
func runJob(ctx context.Context, name string, work func(context.Context, trace.Span) error, attrs ...attribute.KeyValue) error {
	job, began := attribute.String(names.Job, name), time.Now()
	ctx, span := otel.Tracer(scope.Name).Start(ctx, names.SpanJob, trace.WithNewRoot(), trace.WithAttributes(append(attrs, job)...))
	defer span.End()
	err := work(ctx, span)
	labels := []attribute.KeyValue{job}
	if err != nil {
		span.SetStatus(codes.Error, "")
		labels = append(labels, attribute.String(names.ErrorType, "failed"))
	}
	// The SDK returns the same instrument for the same name.
	duration, instrumentErr := otel.Meter(scope.Name).Float64Histogram(names.MetricJobDuration, metric.WithUnit("s"),
		metric.WithDescription("Duration of the runs of jobs."),
		metric.WithExplicitBucketBoundaries(.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10))
	if instrumentErr != nil {
		otel.Handle(instrumentErr) // the instrument can be used nevertheless, it records nothing
	}
	duration.Record(ctx, time.Since(began).Seconds(), metric.WithAttributes(labels...))
	return err
}
