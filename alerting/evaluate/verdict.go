// Package evaluate turns counts into events: a tick reads what is new, judges
// every objective and says what changed.
package evaluate

import (
	"time"

	"jari.example/alerting/slo"
)

// Sum is what was counted since some start. First is the first bucket it
// holds; zero when it holds none.
type Sum struct {
	slo.Count
	First time.Time
}

// PairVerdict is what one pair of windows says.
type PairVerdict struct {
	slo.Pair
	LongCount, ShortCount slo.Count
	LongBurn, ShortBurn   float64
	Chance                float64 // of the short count, if the promise were kept
	Fires                 bool
}

// Verdict is what an objective's counts mean at one moment.
type Verdict struct {
	SLO   slo.SLO
	At    time.Time
	Pairs []PairVerdict
	Left  float64 // share of the budget that remains
}

// Firing returns the first pair of the policy that fires.
func (v Verdict) Firing() (PairVerdict, bool) {
	for _, p := range v.Pairs {
		if p.Fires {
			return p, true
		}
	}
	return PairVerdict{}, false
}

// starts are the beginnings of the sums that Judge needs: long and short of
// each pair, then the budget's.
func starts(s slo.SLO, end time.Time) []time.Time {
	var all []time.Time
	for _, p := range s.Policy.Pairs {
		all = append(all, end.Add(-p.Long), end.Add(-p.Short))
	}
	return append(all, end.Add(-s.Objective.Window))
}

// Judge says what the sums mean; sums are in the order of starts.
func Judge(s slo.SLO, at time.Time, sums []Sum) Verdict {
	v := Verdict{SLO: s, At: at}
	for i, p := range s.Policy.Pairs {
		long, short := sums[2*i].Count, sums[2*i+1].Count
		pv := PairVerdict{
			Pair: p, LongCount: long, ShortCount: short,
			LongBurn: s.Objective.BurnRate(long), ShortBurn: s.Objective.BurnRate(short),
			Chance: s.Objective.Chance(short),
		}
		// 1 - 0.999 is not quite 0.001, and a burn of exactly 14.4 counts.
		burn := p.Burn * (1 - 1e-9)
		pv.Fires = pv.LongBurn >= burn && pv.ShortBurn >= burn && pv.Chance < s.Policy.MaxChance
		v.Pairs = append(v.Pairs, pv)
	}
	budget := sums[len(sums)-1]
	covered := at.Sub(budget.First)
	if budget.First.IsZero() {
		covered = 0
	}
	v.Left = s.Objective.Left(budget.Count, covered)
	return v
}

// Event is what a verdict changes.
type Event int

// The events of an objective.
const (
	Nothing Event = iota
	Opened
	Ongoing
	Resolved
)

// Next is the state machine: open says whether an incident is open.
func Next(open bool, v Verdict) Event {
	_, firing := v.Firing()
	switch {
	case firing && !open:
		return Opened
	case firing:
		return Ongoing
	case open:
		return Resolved
	}
	return Nothing
}
