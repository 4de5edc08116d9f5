// Package count counts the events of indicators into buckets of one minute and
// stores them, so that an evaluation reads windows of any length at the same cost.
package count

import (
	"context"
	"time"

	"jari.example/alerting/lease"
	"jari.example/alerting/slo"
)

// Bucket is what was counted in one step of time that begins At, in one region.
// Region is "" when the indicator has none.
type Bucket struct {
	At     time.Time
	Region string
	slo.Count
}

// Span is the period [From, To).
type Span struct{ From, To time.Time }

// Touches reports whether s and other have no gap between them.
func (s Span) Touches(other Span) bool { return !s.To.Before(other.From) && !other.To.Before(s.From) }

// Union is the period from the earlier start to the later end.
func (s Span) Union(other Span) Span {
	if other.From.Before(s.From) {
		s.From = other.From
	}
	if other.To.After(s.To) {
		s.To = other.To
	}
	return s
}

// Batch is the result of counting one period again. Buckets has an entry, possibly
// empty, for every indicator that was counted; the buckets of each are sorted by
// time.
type Batch struct {
	Span
	Buckets map[slo.Key][]Bucket
}

// Window asks for the events of one indicator in a period. With Detail the three
// fields of Sum that say so are set, too.
type Window struct {
	Key slo.Key
	Span
	Detail bool
}

// Sum is what was counted in a window.
type Sum struct {
	slo.Count
	Regions map[string]slo.Count // the regions with events, which add up to Count

	LastEvent        time.Time // Detail: start of the last bucket with an event; zero without
	LastBad          time.Time // Detail: start of the last bucket with a bad event; zero without
	GoodAfterLastBad int64     // Detail: good events in the buckets after LastBad; all without a bad one
}

// Store stores what was counted. Writes fail with lease.ErrLost when their term has
// ended.
type Store interface {
	// Counted returns the period that was counted completely, of each indicator
	// that ever was. It has no gaps.
	Counted(ctx context.Context) (map[slo.Key]Span, error)
	// Save replaces the buckets of the batch's period, of its indicators, and
	// extends their counted period by it. A batch that would leave a gap replaces
	// the counted period, and the buckets outside it are deleted.
	Save(ctx context.Context, term lease.Term, b Batch) error
	// Prune deletes buckets that begin before minutes, and sums of an hour that
	// begin before hours. Counted periods then begin there at the earliest.
	Prune(ctx context.Context, term lease.Term, minutes, hours time.Time) error
	// Sums returns the sum of each window, in order, all of one snapshot. Its cost
	// does not depend on the length of the windows.
	Sums(ctx context.Context, windows []Window) ([]Sum, error)
	// Between returns the buckets of a period, ascending.
	Between(ctx context.Context, key slo.Key, period Span) ([]Bucket, error)
	// Hours returns the sums of the hours that begin in a period, ascending. They
	// are kept longer than the buckets.
	Hours(ctx context.Context, key slo.Key, period Span) ([]Bucket, error)
}
