// Package indexer keeps the searchable copy of the catalogue up to date. It
// follows the catalogue's stream of changes from where it last stopped, and
// where the stream no longer reaches back so far, it compares the copy with the
// whole catalogue.
//
// Everything it does may be done twice: a document carries its restaurant's
// version, and an older version never replaces a newer one.
package indexer

import (
	"context"
	"errors"
	"iter"
	"maps"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"jari.example/internal/backlog"
	"jari.example/services/search"
	"jari.example/telemetry"
	"jari.example/telemetry/names"
)

// Change is what became of one restaurant: Restaurant is nil when it was
// removed, and Bad says why it cannot be read.
type Change struct {
	ID         string
	Version    int64
	At         time.Time // when it happened, as far as is known
	Restaurant *search.Restaurant
	Err        error

	Traceparent string // of the request that made it; may be empty
}

// Position is how far a stream was read: per shard, the sequence number of the
// last change that is in the index.
type Position struct {
	Stream string            `json:"stream"`
	Shards map[string]string `json:"shards"`
}

// ErrGone says that a stream no longer reaches back to a position.
var ErrGone = errors.New("the stream no longer reaches back to the position")

// Feed is where changes come from.
type Feed interface {
	// Open reads on after p, or returns ErrGone. After the zero Position it
	// reads what changes from now on.
	Open(ctx context.Context, p Position) (Tail, error)
	// All yields the whole catalogue, in no order. It ends after an error.
	All(ctx context.Context) iter.Seq2[Change, error]
}

// Tail is the end of a stream.
type Tail interface {
	// Next returns what has changed since the call before, oldest first per
	// restaurant, and the position after it. It does not wait for changes.
	Next(ctx context.Context) ([]Change, Position, error)
}

// Index is the copy.
type Index interface {
	// Prepare makes the index where it is missing.
	Prepare(ctx context.Context) error
	// Apply writes changes, except over newer ones. What the index will never
	// take is refused; any other error may pass, and part may be written.
	Apply(ctx context.Context, changes []Change) ([]Rejection, error)
	// Versions returns the version of every document.
	Versions(ctx context.Context) (map[string]int64, error)
	// Load returns the saved position, the zero one when there is none.
	Load(ctx context.Context) (Position, error)
	Save(ctx context.Context, p Position) error
}

// Rejection is a change that the index will never take.
type Rejection struct {
	ID    string
	Cause error
}

// Event is something worth a log line.
type Event struct {
	Name  string // names.EventCatalogueIndexed or names.EventIndexFailed
	Body  string
	ID    string // the restaurant, where it is about one
	Count int
	Err   error
}

// Config says how an indexer works.
type Config struct {
	Feed   Feed
	Index  Index
	Poll   time.Duration // between two looks at the stream; 200 ms when 0
	Report func(context.Context, Event)
}

// Indexer is the loop; Run one per index.
type Indexer struct {
	Config
	following atomic.Bool
	indexedUntil      atomic.Pointer[time.Time] // what happened until then is in the index
	batches   backlog.Batches
}

// New returns an indexer that has not started.
func New(c Config) *Indexer {
	if c.Poll == 0 {
		c.Poll = 200 * time.Millisecond
	}
	if c.Report == nil {
		c.Report = func(context.Context, Event) {}
	}
	return &Indexer{Config: c, batches: backlog.NewBatches(names.QueueCatalogue)}
}

// Ready reports whether the copy follows the catalogue.
func (x *Indexer) Ready(context.Context) error {
	if !x.following.Load() {
		return errors.New("indexer: not following the catalogue yet")
	}
	return nil
}

const (
	minRetryDelay = 200 * time.Millisecond
	maxRetryDelay  = 5 * time.Second
)

// Run works until ctx ends. Whatever fails, it starts again from the saved
// position, after a pause that grows.
func (x *Indexer) Run(ctx context.Context) error {
	stop := backlog.WatchAge(names.QueueCatalogue, func() (since time.Time, known bool) {
		if p := x.indexedUntil.Load(); p != nil {
			return *p, true
		}
		return since, false
	})
	defer stop()
	pause := minRetryDelay
	for {
		err := x.follow(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if x.following.Swap(false) {
			pause = minRetryDelay
		}
		x.Report(ctx, Event{Name: names.EventIndexFailed, Body: "indexing failed; starting again", Err: err})
		if !sleep(ctx, pause) {
			return nil
		}
		pause = min(2*pause, maxRetryDelay)
	}
}

// follow returns only with an error.
func (x *Indexer) follow(ctx context.Context) error {
	tail, err := x.open(ctx)
	if err != nil {
		return err
	}
	x.following.Store(true)
	for {
		if err := x.step(ctx, tail); err != nil {
			return err
		}
		if !sleep(ctx, x.Poll) {
			return ctx.Err()
		}
	}
}

// open continues where the index stopped, or makes it equal to the catalogue.
func (x *Indexer) open(ctx context.Context) (Tail, error) {
	if err := x.Index.Prepare(ctx); err != nil {
		return nil, err
	}
	saved, err := x.Index.Load(ctx)
	if err != nil {
		return nil, err
	}
	if saved.Stream != "" {
		tail, err := x.Feed.Open(ctx, saved)
		if !errors.Is(err, ErrGone) {
			return tail, err
		}
	}
	// First the stream, then the catalogue: what changes meanwhile is in both.
	tail, err := x.Feed.Open(ctx, Position{})
	if err != nil {
		return nil, err
	}
	began := time.Now()
	if err := x.traced(ctx, names.SpanIndexAll, "whole catalogue indexed", began, nil, x.rebuild); err != nil {
		return nil, err
	}
	x.indexedUntil.Store(&began)
	return tail, nil
}

// step writes what has changed. Most steps find nothing and leave no trace.
func (x *Indexer) step(ctx context.Context, tail Tail) error {
	began := time.Now()
	changes, next, err := tail.Next(ctx)
	if err != nil {
		return err
	}
	if len(changes) == 0 {
		x.indexedUntil.Store(&began)
		return nil
	}
	x.batches.Record(ctx, len(changes))
	err = x.traced(ctx, names.SpanIndexChanges, "catalogue changes indexed", began, changes, func(ctx context.Context) (int, error) {
		if err := x.apply(ctx, lastPerRestaurant(changes)); err != nil {
			return 0, err
		}
		return len(changes), x.Index.Save(ctx, next)
	})
	if at := changes[len(changes)-1].At; err == nil && !at.IsZero() {
		x.indexedUntil.Store(&at) // there may be more behind them
	}
	return err
}

// traced runs work under a root span of its own, which links to those of the
// changes it is about, and reports what it did.
func (x *Indexer) traced(ctx context.Context, name, body string, began time.Time, about []Change, work func(context.Context) (int, error)) error {
	var causes []string
	for _, c := range about {
		causes = append(causes, c.Traceparent)
	}
	ctx, span := otel.Tracer("jari.example/services/search/indexer").Start(ctx, name,
		trace.WithNewRoot(), telemetry.LinkTo(causes...), trace.WithTimestamp(began), trace.WithSpanKind(trace.SpanKindConsumer))
	defer span.End()
	n, err := work(ctx)
	if err != nil {
		span.SetStatus(codes.Error, "")
		return err
	}
	span.SetAttributes(attribute.Int(names.Count, n))
	x.Report(ctx, Event{Name: names.EventCatalogueIndexed, Body: body, Count: n})
	return nil
}

// apply reports what can never be indexed and goes on: one bad item must not
// keep all others from being found.
func (x *Indexer) apply(ctx context.Context, changes []Change) error {
	good := make([]Change, 0, len(changes))
	for _, c := range changes {
		if c.Err != nil {
			x.Report(ctx, Event{Name: names.EventIndexFailed, Body: "restaurant cannot be read", ID: c.ID, Err: c.Err})
			continue
		}
		good = append(good, c)
	}
	refused, err := x.Index.Apply(ctx, good)
	for _, r := range refused {
		x.Report(ctx, Event{Name: names.EventIndexFailed, Body: "restaurant cannot be indexed", ID: r.ID, Err: r.Cause})
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

const rebuildBatch = 500

// rebuild makes the index equal to the catalogue. Whoever lost the stream may
// also have lost writes (a snapshot that was put back), so a document that is
// newer than its restaurant is replaced too, under the version it has.
func (x *Indexer) rebuild(ctx context.Context) (int, error) {
	had, err := x.Index.Versions(ctx)
	if err != nil {
		return 0, err
	}
	orphans := maps.Clone(had)
	count, batch := 0, make([]Change, 0, rebuildBatch)
	add := func(c Change) error {
		c.Version = max(c.Version, had[c.ID])
		if batch = append(batch, c); len(batch) < rebuildBatch {
			return nil
		}
		err := x.apply(ctx, batch)
		batch = batch[:0]
		return err
	}
	for c, err := range x.Feed.All(ctx) {
		if err != nil {
			return count, err
		}
		count++
		delete(orphans, c.ID)
		if err := add(c); err != nil {
			return count, err
		}
	}
	for id, version := range orphans {
		if err := add(Change{ID: id, Version: version}); err != nil {
			return count, err
		}
	}
	return count, x.apply(ctx, batch)
}

// sleep reports whether it was left in peace.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
