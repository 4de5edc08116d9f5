package evaluate

import (
	"context"
	"fmt"
	"slices"
	"time"

	"jari.example/alerting/count"
	"jari.example/alerting/slo"
)

// starts are the starts of faults that the verdicts' incidents do not know yet: of
// new incidents, and of open ones whose earlier lines arrived late. A reopened one
// keeps its start.
func (l *Loop) starts(ctx context.Context, j *judge, verdicts []Verdict) (map[string]time.Time, error) {
	starts := map[string]time.Time{}
	for _, v := range verdicts {
		known, isKnown := v.StartedAt, !v.StartedAt.IsZero()
		switch {
		case v.Event == Withdrawn || isKnown && v.SLO == nil:
			continue
		case v.Event == Reopened:
			starts[v.Name] = v.Incident.StartedAt
			continue
		}
		start, err := l.findStart(ctx, j, v)
		if err != nil {
			return nil, fmt.Errorf("find the start of %s: %w", v.Name, err)
		}
		if !isKnown || start.Before(known) {
			starts[v.Name] = start
		}
	}
	return starts, nil
}

func (l *Loop) findStart(ctx context.Context, j *judge, v Verdict) (start time.Time, err error) {
	if v.SLO != nil {
		opened := v.At
		if v.Incident.ID != "" {
			opened = v.Incident.OpenedAt
		}
		to := l.Timing.BucketEnd(opened)
		period := count.Span{From: to.Add(-v.Pair.Long), To: to}
		// An incident that has been open for long outlives the memory of the tick.
		past := judge{rules: j.rules, timing: j.timing}
		if past.incidents, err = l.Incidents.Recent(ctx, period.From); err != nil {
			return start, err
		}
		// What another incident has reported is not reported again, and its failures are
		// not those of this fault.
		if last, ok := past.last(v.Name, func(i Incident) bool { return !i.EndedAt.After(opened) }); ok {
			period.From = latest(period.From, last.EndedAt)
		}
		buckets, err := l.Store.Between(ctx, v.SLO.Indicator.Key(l.Timing.Bucket), period)
		return v.SLO.Objective.BurnStart(past.own(v, merge(buckets)), v.Pair.Burn, opened), err
	}
	start = v.At
	for _, s := range v.Subjects {
		if v.Alert.When.Absent {
			if first := s.LastEvent.Add(l.Timing.Bucket); !s.LastEvent.IsZero() && first.Before(start) {
				start = first
			}
			continue
		}
		buckets, err := l.Store.Between(ctx, s.Indicator.Key(l.Timing.Bucket), count.Span{From: j.end.Add(-v.Alert.When.Within), To: j.end})
		if err != nil {
			return start, err
		}
		for _, b := range buckets {
			if (b.Bad > 0 || v.Alert.When.Events > 0) && b.At.Before(start) {
				start = b.At
			}
		}
	}
	return start, nil
}

// own are the buckets of v's own fault. An earlier fault was reported by the incident that
// muted v, and is left out if v had recovered since, by the rule by which an incident
// ends. What goes on without a recovery is one fault.
func (j *judge) own(v Verdict, buckets []slo.Bucket) []slo.Bucket {
	o, first, from := v.SLO.Objective, 0, 0
	var short slo.Count // of the pair's short window
	var worst float64
	var good int64 // since the last bad event
	reported := false
	for n, b := range buckets {
		short = short.Plus(b.Count)
		for ; !buckets[first].At.After(b.At.Add(-v.Pair.Short)); first++ {
			short = short.Minus(buckets[first].Count)
		}
		if good += b.Good; b.Bad > 0 {
			good, worst, reported = 0, max(worst, short.BadShare()), reported || j.mutedAt(v, b.At)
		}
		recovered := good >= slo.GoodNeeded(worst) || !o.Burns(short, v.Pair.Burn) && slo.Excludes(short, worst)
		if reported && recovered {
			from, worst, good, reported = n+1, 0, 0, false
		}
	}
	return buckets[from:]
}

// mutedAt reports whether another incident muted v in the bucket that begins at.
func (j *judge) mutedAt(v Verdict, at time.Time) bool {
	return slices.ContainsFunc(j.incidents, func(i Incident) bool {
		return slices.Contains(j.rules.muters[v.Name], i.Rule) && i.Severity.AtLeast(v.Severity) &&
			!at.Before(j.timing.BucketStart(i.StartedAt)) && (i.Open() || at.Before(i.EndedAt.Add(v.Pair.Short)))
	})
}

// merge adds up the regions of ascending buckets.
func merge(buckets []count.Bucket) []slo.Bucket {
	var all []slo.Bucket
	for _, b := range buckets {
		if n := len(all); n > 0 && all[n-1].At.Equal(b.At) {
			all[n-1].Count = all[n-1].Plus(b.Count)
		} else {
			all = append(all, slo.Bucket{At: b.At, Count: b.Count})
		}
	}
	return all
}
