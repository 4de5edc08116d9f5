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
	Set    slo.Set
	Timing count.Timing // its scale is already applied to Set
	Period count.Span
	// Feed stores what can be counted at the time now. It is called before each
	// evaluation, as the daemon's counter is. count.ErrNoTelemetry means that
	// there is none at all.
	Feed func(ctx context.Context, store count.Store, term lease.Term, now time.Time) error
	// Observe, if not nil, is called after the evaluation at the end of each
	// bucket with the state of every rule.
	Observe func(end time.Time, rules map[string]State)
}

// State is what is known about the incidents of one rule.
type State struct {
	Incidents []incident.Incident // each as it was last seen; in the order of opening
	Open      bool                // whether the last one is open
}

// Last is the last incident; the zero value without one.
func (s State) Last() (last incident.Incident) {
	if n := len(s.Incidents); n > 0 {
		last = s.Incidents[n-1]
	}
	return last
}

// Run evaluates once at the end of each bucket of the period, when everything in
// it has happened. It returns the last state of every rule, and the store.
func (r Replay) Run(ctx context.Context) (rules map[string]State, store *inmem.Store, err error) {
	store = inmem.New()
	term, _, err := store.Acquire(ctx, "replay", time.Hour)
	if err != nil {
		return nil, nil, err
	}
	now := r.Period.From
	loop := evaluate.Loop{
		Set:    func() slo.Set { return r.Set },
		Timing: r.Timing,
		Count: func(ctx context.Context, term lease.Term, _ slo.Set, now time.Time) error {
			return r.Feed(ctx, store, term, now)
		},
		Store:     store,
		Incidents: r.manager(store),
		Now:       func() time.Time { return now },
		Report:    func(context.Context, error) {},
		Blind:     func(context.Context, evaluate.Blindness) {},
	}
	rules = map[string]State{}
	for end := r.Period.From.Add(r.Timing.Bucket); !end.After(r.Period.To); end = end.Add(r.Timing.Bucket) {
		now = end.Add(-time.Millisecond) // in the bucket, not in the next one
		if _, err := loop.Tick(ctx, term, now); err != nil && !errors.Is(err, count.ErrNoTelemetry) {
			return nil, nil, fmt.Errorf("evaluate at %s: %w", now.Format(time.RFC3339), err)
		}
		if err := r.look(ctx, store, rules); err != nil {
			return nil, nil, err
		}
		if r.Observe != nil {
			r.Observe(end, rules)
		}
	}
	return rules, store, nil
}
