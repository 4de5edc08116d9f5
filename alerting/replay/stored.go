package replay

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"jari.example/alerting/count"
	"jari.example/alerting/lease"
	"jari.example/alerting/slo"
)

// chunk is how much is read from the database at once.
const chunk = 24 * time.Hour

// stored feeds a replay with the buckets that a daemon has counted. Late events
// are in the buckets of the time at which they happened, so a replay sees them as
// if they had not been late.
type stored struct {
	from    count.Store
	width   time.Duration
	counted map[slo.Key]count.Span // what from has, of the indicators of the set
	fed     time.Time              // everything before it was fed
	ahead   count.Span             // what buckets has
	buckets map[slo.Key][]count.Bucket
}

// Stored returns a Replay of what from, which it only reads, has counted. Rules
// with an indicator that was never counted are left out and named.
func Stored(ctx context.Context, from count.Store, set slo.Set, timing count.Timing, period count.Span) (
	r Replay, leftOut []string, err error) {
	all, err := from.Counted(ctx)
	if err != nil {
		return r, nil, fmt.Errorf("read what was counted: %w", err)
	}
	counted := func(i slo.Indicator) bool { _, ok := all[i.Key(timing.Bucket)]; return ok }
	set.SLOs = slices.DeleteFunc(slices.Clone(set.SLOs), func(o slo.SLO) bool {
		missing := !counted(o.Indicator)
		if missing {
			leftOut = append(leftOut, o.Name)
		}
		return missing
	})
	set.Alerts = slices.DeleteFunc(slices.Clone(set.Alerts), func(a slo.Alert) bool {
		missing := slices.ContainsFunc(a.Subjects, func(s slo.Subject) bool { return !counted(s.Indicator) })
		if missing {
			leftOut = append(leftOut, a.Name)
		}
		return missing
	})
	s := &stored{from: from, width: timing.Bucket, counted: map[slo.Key]count.Span{}}
	for key := range set.Indicators(timing.Bucket) {
		s.counted[key] = all[key]
	}
	period.From, period.To = timing.BucketStart(period.From), timing.BucketStart(period.To)
	s.fed = period.From.Add(-longest(set))
	return Replay{Set: set, Timing: timing, Period: period, Feed: s.feed}, leftOut, nil
}

// longest is the longest window of the set: a replay needs what happened so long
// before it begins.
func longest(set slo.Set) (d time.Duration) {
	for _, o := range set.SLOs {
		d = max(d, o.Objective.Window)
		for _, p := range o.Policy.Pairs {
			d = max(d, p.Long)
		}
	}
	for _, a := range set.Alerts {
		d = max(d, a.When.Within)
	}
	return max(d, 24*time.Hour) // an absent alert asks for the last day
}

// feed saves what was counted up to the end of the bucket of now.
func (s *stored) feed(ctx context.Context, to count.Store, term lease.Term, now time.Time) error {
	for end := now.Truncate(s.width).Add(s.width); s.fed.Before(end); {
		if !s.fed.Before(s.ahead.To) {
			if err := s.read(ctx); err != nil {
				return err
			}
		}
		part := count.Span{From: s.fed, To: end}
		if s.ahead.To.Before(end) {
			part.To = s.ahead.To
		}
		if err := to.Save(ctx, term, s.batch(part)); err != nil {
			return err
		}
		s.fed = part.To
	}
	return nil
}

// read reads the next chunk.
func (s *stored) read(ctx context.Context) error {
	s.ahead = count.Span{From: s.fed, To: s.fed.Add(chunk)}
	s.buckets = map[slo.Key][]count.Bucket{}
	for _, key := range slices.Sorted(maps.Keys(s.counted)) {
		buckets, err := s.from.Between(ctx, key, s.ahead)
		if err != nil {
			return fmt.Errorf("read buckets: %w", err)
		}
		s.buckets[key] = buckets
	}
	return nil
}

// batch takes the buckets of the period, which begins where the last one ended.
func (s *stored) batch(period count.Span) count.Batch {
	b := count.Batch{Span: period, Buckets: map[slo.Key][]count.Bucket{}}
	for key, counted := range s.counted {
		if counted.From.Before(period.To) {
			all := s.buckets[key]
			n := 0
			for n < len(all) && all[n].At.Before(period.To) {
				n++
			}
			b.Buckets[key], s.buckets[key] = all[:n], all[n:]
		}
	}
	return b
}
