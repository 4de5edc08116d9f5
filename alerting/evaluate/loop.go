package evaluate

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"jari.example/alerting/indicator"
	"jari.example/alerting/lease"
	"jari.example/alerting/slo"
	"jari.example/telemetry/names"
)

// Buckets keeps what was counted. Writes fail with lease.ErrLost when their
// term is over.
type Buckets interface {
	// Until is the time up to which events of this shape were counted; zero
	// when none were, or only in another shape.
	CountedUntil(ctx context.Context, shape string) (time.Time, error)
	// Save replaces the buckets of [b.From, b.To).
	Save(ctx context.Context, term lease.Term, b Batch) error
	// Sums adds up the objective's buckets of [start, end) for each start,
	// at a cost that does not depend on how far back they lie.
	Sums(ctx context.Context, name string, starts []time.Time, end time.Time) ([]Sum, error)
	// Between returns the objective's buckets of [from, to), ascending.
	Between(ctx context.Context, name string, from, to time.Time) ([]slo.Bucket, error)
}

// Batch is what one question counted.
type Batch struct {
	// Shape tells how it was counted; buckets of another shape are dropped.
	Shape    string
	From, To time.Time
	KeepFrom time.Time // older buckets are no longer needed
	Buckets  map[string][]slo.Bucket
}

// Incidents is told every verdict.
type Incidents interface {
	Apply(ctx context.Context, term lease.Term, v Evaluation) error
}

// Loop judges the objectives, tick by tick. Its SLOs are already shortened to
// its Pace.
type Loop struct {
	SLOs      []slo.SLO
	Timing    Timing
	Source    indicator.Source
	Buckets   Buckets
	Incidents Incidents
	// Report hears of every tick that failed, and of the first good one
	// after it with err == nil.
	Report func(ctx context.Context, err error)
}

// maxBucketsPerQuery bounds one question when a long time must be caught up.
const maxBucketsPerQuery = 1440

// Run ticks until ctx ends. A failed tick changes nothing; the next one reads
// what it missed.
func (l Loop) Run(ctx context.Context, term lease.Term) {
	ticker := time.NewTicker(l.Timing.Tick)
	defer ticker.Stop()
	failing := false
	for {
		tick, span := otel.Tracer("jari.example/alerting/evaluate").Start(ctx, names.SpanTick, trace.WithNewRoot())
		err := l.Tick(tick, term, time.Now())
		if err != nil {
			span.SetStatus(codes.Error, "")
		}
		span.End()
		if ctx.Err() != nil {
			return
		}
		if err != nil || failing {
			l.Report(tick, err)
		}
		failing = err != nil
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// Tick reads what is new up to now and judges every objective.
func (l Loop) Tick(ctx context.Context, term lease.Term, now time.Time) error {
	if err := l.readNewCounts(ctx, term, now); err != nil {
		return err
	}
	end := l.Timing.end(now)
	var failed []error
	for _, s := range l.SLOs {
		sums, err := l.Buckets.Sums(ctx, s.Name, windowStarts(s, end), end)
		if err == nil {
			err = l.Incidents.Apply(ctx, term, evaluateSLO(s, now, sums))
		}
		if err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", s.Name, err))
		}
	}
	return errors.Join(failed...)
}

// readNewCounts fills the buckets up to now: normally one question; more only after
// the daemon was away for long.
func (l Loop) readNewCounts(ctx context.Context, term lease.Term, now time.Time) error {
	shape := l.shape()
	var oldest time.Duration
	for _, s := range l.SLOs {
		oldest = max(oldest, s.Objective.Window)
	}
	until, err := l.Buckets.CountedUntil(ctx, shape)
	if err != nil {
		return fmt.Errorf("read progress: %w", err)
	}
	for end := l.Timing.end(now); ; {
		from := until.Add(-l.Timing.Lookback)
		if until.IsZero() || from.Before(end.Add(-oldest)) {
			from = end.Add(-oldest)
		}
		from = l.Timing.floor(from)
		to := from.Add(maxBucketsPerQuery * l.Timing.Bucket)
		if !to.Before(end) {
			to = end
		}
		counted, err := l.Source.Count(ctx, l.SLOs, from, to, l.Timing.Bucket)
		// An empty past is only old; an empty present is blindness.
		if errors.Is(err, indicator.ErrNoTelemetry) && to.Before(end) {
			err = nil
		}
		if err != nil {
			return err
		}
		batch := Batch{Shape: shape, From: from, To: to, KeepFrom: end.Add(-oldest - l.Timing.Lookback), Buckets: counted}
		if err := l.Buckets.Save(ctx, term, batch); err != nil {
			return fmt.Errorf("save counts: %w", err)
		}
		if to.Equal(end) {
			return nil
		}
		until = to
	}
}

// shape changes with whatever makes old counts incomparable with new ones.
func (l Loop) shape() string {
	s := l.Timing.Bucket.String()
	for _, o := range l.SLOs {
		s += fmt.Sprintf(" %s %v", o.Name, o.Indicator)
	}
	return s
}
