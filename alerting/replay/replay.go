// Package replay runs the production evaluator over events of the past or of a
// test, on a clock that is set from minute to minute, and says which incidents it
// would have opened. It keeps everything in memory and notifies nobody.
package replay

import (
	"context"
	"errors"
	"fmt"
	"time"

	"jari.example/alerting/count"
	"jari.example/alerting/evaluate"
	"jari.example/alerting/incident"
	"jari.example/alerting/inmem"
	"jari.example/alerting/lease"
	"jari.example/alerting/slo"
)

// Replay is one run over a period.
type Replay struct {
	Set    slo.Set      // with the time scale of Timing applied
	Timing count.Timing // of the buckets that Feed stores
	Period count.Span
	Every  int // evaluates at the end of every Nth bucket, as a daemon whose ticks are that far apart; 0: of each
	// Feed stores what can be counted at the time now. It is called before each
	// evaluation, as the daemon's counter is. count.ErrNoTelemetry means that
	// there is nothing at all.
	Feed func(ctx context.Context, store count.Store, term lease.Term, now time.Time) error
	// Observe, if not nil, is called after the evaluation at the end of each
	// bucket with the last episode of each rule that had one.
	Observe func(end time.Time, last map[string]*Episode)
}

// Result is what a replay found.
type Result struct {
	Episodes []*Episode // in the order in which they were opened
	Store    *inmem.Store
}

// Run evaluates once at the end of each bucket of the period, or of every Nth one, when
// everything in it has happened.
func (r Replay) Run(ctx context.Context) (Result, error) {
	store := inmem.New()
	term, _, err := store.Acquire(ctx, "replay", time.Hour)
	if err != nil {
		return Result{}, err
	}
	incidents := &recorder{Incidents: incident.Manager{Store: store, Scale: r.Timing.Scale}, last: map[string]*Episode{}}
	loop := evaluate.Loop{
		Set:    func() slo.Set { return r.Set },
		Timing: r.Timing,
		Count: func(ctx context.Context, term lease.Term, _ slo.Set, now time.Time) error {
			return r.Feed(ctx, store, term, now)
		},
		Store:     store,
		Incidents: incidents,
	}
	step := r.Timing.Bucket * time.Duration(max(r.Every, 1))
	for end := r.Period.From.Add(step); !end.After(r.Period.To); end = end.Add(step) {
		incidents.end = end
		now := inBucket(end)
		if _, err := loop.Tick(ctx, term, now); err != nil && !errors.Is(err, count.ErrNoTelemetry) {
			return Result{}, fmt.Errorf("evaluate at %s: %w", now.Format(time.RFC3339), err)
		}
		if r.Observe != nil {
			r.Observe(end, incidents.last)
		}
	}
	return Result{incidents.episodes, store}, nil
}

// inBucket is the last moment of the bucket that ends at end, when everything in it
// has happened.
func inBucket(end time.Time) time.Time { return end.Add(-time.Millisecond) }
