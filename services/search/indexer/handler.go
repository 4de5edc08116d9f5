package indexer

import (
	"context"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"jari.example/internal/backlog"
	"jari.example/telemetry"
	"jari.example/telemetry/names"
)

// Handler writes changes to the index. It has two hosts: an Indexer, which reads the
// stream itself and saves its position, and a Lambda function, to which AWS sends the
// stream's records and for which it keeps the position.
type Handler struct {
	index   Index
	report  func(context.Context, Event)
	batches backlog.Batches
}

// NewHandler returns a handler; report may be nil.
func NewHandler(index Index, report func(context.Context, Event)) *Handler {
	if report == nil {
		report = func(context.Context, Event) {}
	}
	return &Handler{index, report, backlog.NewBatches(names.QueueCatalogue)}
}

// Event is a line for the log.
type Event struct {
	Name  string // names.EventCatalogueIndexed or names.EventIndexFailed
	Body  string
	ID    string // of the restaurant, if it is about one
	Count int
	Err   error
}

// traced runs work in a root span, with links to the spans that caused the changes,
// and reports how many restaurants it has indexed.
func (h *Handler) traced(
	ctx context.Context, name, body string, start time.Time, changes []Change, work func(context.Context) (int, error),
) error {
	var causes []string
	for _, c := range changes {
		causes = append(causes, c.Traceparent)
	}
	ctx, span := otel.Tracer("jari.example/services/search/indexer").Start(ctx, name,
		trace.WithNewRoot(), telemetry.LinkTo(causes...), trace.WithTimestamp(start), trace.WithSpanKind(trace.SpanKindConsumer))
	defer span.End()
	n, err := work(ctx)
	if err != nil {
		span.SetStatus(codes.Error, "")
		return err
	}
	span.SetAttributes(attribute.Int(names.Count, n))
	h.report(ctx, Event{Name: names.EventCatalogueIndexed, Body: body, Count: n})
	return nil
}

// Handle writes changes, per restaurant oldest first. Its error is that of Index.Apply.
func (h *Handler) Handle(ctx context.Context, changes []Change) error {
	return h.handle(ctx, time.Now(), changes, func(context.Context) error { return nil })
}

// handle writes changes and then calls written, in a span that began at start.
func (h *Handler) handle(ctx context.Context, start time.Time, changes []Change, written func(context.Context) error) error {
	h.batches.Record(ctx, len(changes))
	return h.traced(ctx, names.SpanIndexChanges, "catalogue changes indexed", start, changes, func(ctx context.Context) (int, error) {
		if err := h.apply(ctx, lastPerRestaurant(changes)); err != nil {
			return 0, err
		}
		return len(changes), written(ctx)
	})
}

// apply writes changes. It reports a change that can never be indexed and
// continues, so that one bad restaurant does not block the others.
func (h *Handler) apply(ctx context.Context, changes []Change) error {
	good := make([]Change, 0, len(changes))
	for _, c := range changes {
		if c.Err != nil {
			h.report(ctx, Event{Name: names.EventIndexFailed, Body: "restaurant cannot be decoded", ID: c.ID, Err: c.Err})
			continue
		}
		good = append(good, c)
	}
	rejected, err := h.index.Apply(ctx, good)
	for _, r := range rejected {
		h.report(ctx, Event{Name: names.EventIndexFailed, Body: "restaurant rejected by the index", ID: r.ID, Err: r.Cause})
	}
	return err
}

// lastPerRestaurant keeps the last change of each restaurant.
func lastPerRestaurant(changes []Change) []Change {
	last := make(map[string]int, len(changes))
	for i, c := range changes {
		last[c.ID] = i
	}
	kept := make([]Change, 0, len(last))
	for i, c := range changes {
		if last[c.ID] == i {
			kept = append(kept, c)
		}
	}
	return kept
}
