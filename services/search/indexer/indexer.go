// Package indexer copies the catalogue into the search index (change data
// capture). It reads the catalogue's stream of changes from the saved position.
// When the stream no longer reaches back to that position, it rebuilds the index
// from the whole catalogue.
//
// Every step is idempotent: a document has its restaurant's version, and an older
// version never replaces a newer one.
package indexer

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"sync/atomic"
	"time"

	"jari.example/internal/backlog"
	"jari.example/internal/wait"
	"jari.example/services/search"
	"jari.example/telemetry/names"
)

// Change is the new state of one restaurant. Restaurant is nil when it was removed
// or cannot be decoded; Err says why it cannot.
type Change struct {
	ID         string
	Version    int64
	At         time.Time // when it happened; zero when unknown
	Restaurant *search.Restaurant
	Err        error

	Traceparent string // of the request that caused it; may be empty
}

// Position is how far a stream was read: by shard, the sequence number of the last
// change that is in the index.
type Position struct {
	Stream string            `json:"stream"`
	Shards map[string]string `json:"shards"`
}

// ErrGone means that a stream no longer reaches back to a position.
var ErrGone = errors.New("the stream no longer reaches back to the position")

// Feed is the source of changes.
type Feed interface {
	// Open continues after p, or returns ErrGone. For the zero Position it starts
	// with the next change.
	Open(ctx context.Context, p Position) (Tail, error)
	// All yields the whole catalogue, unordered. It ends after an error.
	All(ctx context.Context) iter.Seq2[Change, error]
}

// Tail reads the end of a stream.
type Tail interface {
	// Next returns the changes since the previous call, per restaurant oldest
	// first, and the position after them. It does not wait for changes.
	Next(ctx context.Context) ([]Change, Position, error)
}

// Index is the search index.
type Index interface {
	// Prepare creates the index if it is missing.
	Prepare(ctx context.Context) error
	// Publish makes the index the one that is searched. Until its first Publish an
	// index of a previous version may be searched.
	Publish(ctx context.Context) error
	// Apply writes changes, except over newer versions. It returns the changes that
	// the index rejects permanently. Any other failure is the error; it may be
	// transient, and some changes may be written. It wraps an *UnwrittenError if it is
	// known which ones are not.
	Apply(ctx context.Context, changes []Change) ([]Rejection, error)
	// Versions returns the version of every document.
	Versions(ctx context.Context) (map[string]int64, error)
	// Load returns the saved position, the zero one if there is none.
	Load(ctx context.Context) (Position, error)
	Save(ctx context.Context, p Position) error
}

// UnwrittenError lists the restaurants of which the index has not taken the change, for a
// reason that may be transient. The other changes are written.
type UnwrittenError struct {
	IDs   []string
	Cause error // of the first one
}

func (e *UnwrittenError) Error() string {
	return fmt.Sprintf("%d restaurants are not written: %v", len(e.IDs), e.Cause)
}

func (e *UnwrittenError) Unwrap() error { return e.Cause }

// Rejection is a change that the index rejects permanently.
type Rejection struct {
	ID    string
	Cause error
}

// Config configures an indexer.
type Config struct {
	Feed   Feed
	Index  Index
	Report func(context.Context, Event)
}

// The pauses between two polls of the stream. A poll reads each shard, which AWS
// charges and the emulator spends CPU time on, so there are few while nothing changes.
// Changes come in groups, such as when a catalogue is imported.
const (
	pauseAfterChanges = 200 * time.Millisecond
	pauseWhenQuiet    = time.Second
)

// Indexer reads the stream of changes. Run one per index.
type Indexer struct {
	Config
	handler      *Handler
	following    atomic.Bool
	indexedUntil atomic.Pointer[time.Time] // the index has every change until then
}

// New returns an indexer. Run starts it.
func New(c Config) *Indexer {
	h := NewHandler(c.Index, c.Report)
	c.Report = h.report
	return &Indexer{Config: c, handler: h}
}

// Ready reports whether the indexer follows the stream.
func (x *Indexer) Ready(context.Context) error {
	if !x.following.Load() {
		return errors.New("indexer: not following the catalogue yet")
	}
	return nil
}

const (
	minRetryDelay = 200 * time.Millisecond
	maxRetryDelay = 5 * time.Second
)

// Run copies changes until ctx ends. After any failure it continues from the saved
// position, with exponential backoff.
func (x *Indexer) Run(ctx context.Context) error {
	stop := backlog.WatchAge(names.QueueCatalogue, func() (since time.Time, known bool) {
		if p := x.indexedUntil.Load(); p != nil {
			return *p, true
		}
		return since, false
	})
	defer stop()
	delay := minRetryDelay
	for {
		err := x.follow(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if x.following.Swap(false) {
			delay = minRetryDelay
		}
		x.Report(ctx, Event{Name: names.EventIndexFailed, Body: "indexing failed, will retry", Err: err})
		if wait.For(ctx, delay) != nil {
			return nil
		}
		delay = min(2*delay, maxRetryDelay)
	}
}

// follow reads the stream until it fails or ctx ends. It always returns an error.
func (x *Indexer) follow(ctx context.Context) error {
	tail, err := x.open(ctx)
	if err != nil {
		return err
	}
	if err := x.Index.Publish(ctx); err != nil {
		return err
	}
	x.following.Store(true)
	for {
		changes, err := x.step(ctx, tail)
		if err != nil {
			return err
		}
		pause := pauseWhenQuiet
		if changes > 0 {
			pause = pauseAfterChanges
		}
		if err := wait.For(ctx, pause); err != nil {
			return err
		}
	}
}

// open continues after the saved position, or rebuilds the index.
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
	// The stream first, then the catalogue: a change in between is in both.
	tail, err := x.Feed.Open(ctx, Position{})
	if err != nil {
		return nil, err
	}
	start := time.Now()
	if err := x.rebuild(ctx, start); err != nil {
		return nil, err
	}
	x.indexedUntil.Store(&start)
	return tail, nil
}

// step writes the next changes and returns their number. A step without changes makes
// no span.
func (x *Indexer) step(ctx context.Context, tail Tail) (int, error) {
	start := time.Now()
	changes, next, err := tail.Next(ctx)
	if err != nil {
		return 0, err
	}
	if len(changes) == 0 {
		x.indexedUntil.Store(&start)
		return 0, nil
	}
	err = x.handler.handle(ctx, start, changes, func(ctx context.Context) error { return x.Index.Save(ctx, next) })
	if at := changes[len(changes)-1].At; err == nil && !at.IsZero() {
		x.indexedUntil.Store(&at) // there may be later changes
	}
	return len(changes), err
}

const rebuildBatch = 500

// Rebuild makes the index equal to the catalogue and publishes it. It does not read the
// stream. Nobody else may write meanwhile: a removal during the copy would be undone.
func (x *Indexer) Rebuild(ctx context.Context) error {
	if err := x.Index.Prepare(ctx); err != nil {
		return err
	}
	if err := x.rebuild(ctx, time.Now()); err != nil {
		return err
	}
	return x.Index.Publish(ctx)
}

// rebuild makes the index equal to the catalogue. A lost stream may mean lost
// writes, such as after restoring a backup, so it also replaces documents that
// are newer than their restaurant, keeping the document's version.
func (x *Indexer) rebuild(ctx context.Context, start time.Time) error {
	return x.handler.traced(ctx, names.SpanIndexAll, "index rebuilt from the catalogue", start, nil, x.copyAll)
}

func (x *Indexer) copyAll(ctx context.Context) (int, error) {
	indexed, err := x.Index.Versions(ctx)
	if err != nil {
		return 0, err
	}
	orphans := maps.Clone(indexed)
	count, batch := 0, make([]Change, 0, rebuildBatch)
	add := func(c Change) error {
		c.Version = max(c.Version, indexed[c.ID])
		if batch = append(batch, c); len(batch) < rebuildBatch {
			return nil
		}
		err := x.handler.apply(ctx, batch)
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
	return count, x.handler.apply(ctx, batch)
}
