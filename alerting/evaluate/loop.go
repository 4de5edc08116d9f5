package evaluate

import (
	"context"
	"errors"
	"fmt"
	"time"

	"jari.example/alerting/indicator"
	"jari.example/alerting/lease"
	"jari.example/alerting/slo"
	"jari.example/telemetry"
)

// Buckets stores what was counted. Writes fail with lease.ErrLost when their
// term has ended.
type Buckets interface {
	// CountedUntil is the time up to which events were counted with this
	// shape; zero when none were, or only with another shape.
	CountedUntil(ctx context.Context, shape string) (time.Time, error)
	// Save replaces the buckets of [b.From, b.To).
	Save(ctx context.Context, term lease.Term, b Batch) error
	// Sums adds up the objective's buckets of [start, end) for each start. Its
	// cost does not depend on the length of the windows.
	Sums(ctx context.Context, name string, starts []time.Time, end time.Time) ([]Sum, error)
	// Between returns the objective's buckets of [from, to), ascending.
	Between(ctx context.Context, name string, from, to time.Time) ([]slo.Bucket, error)
}

// Batch is the result of one count query.
type Batch struct {
	// Shape identifies how events were counted; buckets of another shape are
	// deleted.
	Shape    string
	From, To time.Time
	KeepFrom time.Time // buckets before it are no longer needed
	Buckets  map[string][]slo.Bucket
}

// Incidents receives every evaluation.
type Incidents interface {
	// Apply reports whether it changed an incident, which it may have done even
	// if it fails.
	Apply(ctx context.Context, term lease.Term, e Evaluation) (changed bool, err error)
}

// Loop evaluates the objectives at every tick. The time scale of its Timing is
// already applied to its SLOs.
type Loop struct {
	SLOs      []slo.SLO
	Timing    Timing
	Source    indicator.Source
	Buckets   Buckets
	Incidents Incidents
	// Report is called after every tick that failed, and with err == nil after
	// the first one that succeeds again.
	Report func(ctx context.Context, err error)
}

// tickJob is the name of a tick in spans and metrics.
const tickJob = "alerting.tick"

// maxBucketsPerQuery limits one query after a long downtime.
const maxBucketsPerQuery = 1440

// Run ticks until ctx ends. A failed tick changes nothing; the next one counts
// what it missed.
func (l Loop) Run(ctx context.Context, term lease.Term) {
	ticker := time.NewTicker(l.Timing.Tick)
	defer ticker.Stop()
	failing := false
	for {
		_ = telemetry.Poll(ctx, tickJob, func(tick context.Context) (changed bool, err error) {
			changed, err = l.Tick(tick, term, time.Now())
			recovered := failing && err == nil
			if ctx.Err() == nil && (err != nil || recovered) {
				l.Report(tick, err)
			}
			failing = err != nil
			return changed || recovered, err // what is reported has a log line, which leads to the trace
		})
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// Tick counts what is new up to now and evaluates every objective. It reports
// whether an incident changed.
func (l Loop) Tick(ctx context.Context, term lease.Term, now time.Time) (changed bool, err error) {
	if err := l.countNew(ctx, term, now); err != nil {
		return false, err
	}
	end := l.Timing.bucketEnd(now)
	var failed []error
	for _, s := range l.SLOs {
		sums, err := l.Buckets.Sums(ctx, s.Name, windowStarts(s, end), end)
		if err == nil {
			var one bool
			one, err = l.Incidents.Apply(ctx, term, evaluateSLO(s, now, sums))
			changed = changed || one
		}
		if err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", s.Name, err))
		}
	}
	return changed, errors.Join(failed...)
}

// countNew fills the buckets up to now: normally with one query, with more only
// after a long downtime.
func (l Loop) countNew(ctx context.Context, term lease.Term, now time.Time) error {
	shape := l.shape()
	var longest time.Duration
	for _, s := range l.SLOs {
		longest = max(longest, s.Objective.Window)
	}
	until, err := l.Buckets.CountedUntil(ctx, shape)
	if err != nil {
		return fmt.Errorf("read the counting progress: %w", err)
	}
	for end := l.Timing.bucketEnd(now); ; {
		from := until.Add(-l.Timing.Lookback)
		if until.IsZero() || from.Before(end.Add(-longest)) {
			from = end.Add(-longest)
		}
		from = l.Timing.bucketStart(from)
		to := from.Add(maxBucketsPerQuery * l.Timing.Bucket)
		if !to.Before(end) {
			to = end
		}
		counted, err := l.Source.Count(ctx, l.SLOs, from, to, l.Timing.Bucket)
		// The past may be without telemetry; the present may not.
		if errors.Is(err, indicator.ErrNoTelemetry) && to.Before(end) {
			err = nil
		}
		if err != nil {
			return err
		}
		batch := Batch{Shape: shape, From: from, To: to, KeepFrom: end.Add(-longest - l.Timing.Lookback), Buckets: counted}
		if err := l.Buckets.Save(ctx, term, batch); err != nil {
			return fmt.Errorf("save counts: %w", err)
		}
		if to.Equal(end) {
			return nil
		}
		until = to
	}
}

// shape identifies everything that makes old counts incomparable with new ones.
func (l Loop) shape() string {
	s := l.Timing.Bucket.String()
	for _, o := range l.SLOs {
		s += fmt.Sprintf(" %s %v", o.Name, o.Indicator)
	}
	return s
}
