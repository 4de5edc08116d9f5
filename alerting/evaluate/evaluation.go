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

// PairEvaluation is what one pair of windows says.
type PairEvaluation struct {
	slo.WindowPair
	LongCount, ShortCount slo.Count
	LongBurn, ShortBurn   float64
	PValue                float64 // of the short count, if the promise were kept
	Fires                 bool
}

// Evaluation is what an objective's counts mean at one moment.
type Evaluation struct {
	SLO             slo.SLO
	At              time.Time
	Pairs           []PairEvaluation
	BudgetRemaining float64 // share of the budget that remains
}

// Firing returns the first pair of the policy that fires.
func (v Evaluation) Firing() (PairEvaluation, bool) {
	for _, p := range v.Pairs {
		if p.Fires {
			return p, true
		}
	}
	return PairEvaluation{}, false
}

// windowStarts are the beginnings of the sums that Judge needs: long and short of
// each pair, then the budget's.
func windowStarts(s slo.SLO, end time.Time) []time.Time {
	var all []time.Time
	for _, p := range s.Policy.Pairs {
		all = append(all, end.Add(-p.Long), end.Add(-p.Short))
	}
	return append(all, end.Add(-s.Objective.Window))
}

// evaluateSLO says what the sums mean; sums are in the order of starts.
func evaluateSLO(s slo.SLO, at time.Time, sums []Sum) Evaluation {
	v := Evaluation{SLO: s, At: at}
	for i, p := range s.Policy.Pairs {
		long, short := sums[2*i].Count, sums[2*i+1].Count
		pv := PairEvaluation{
			WindowPair: p, LongCount: long, ShortCount: short,
			LongBurn: s.Objective.BurnRate(long), ShortBurn: s.Objective.BurnRate(short),
			PValue: s.Objective.PValue(short),
		}
		// 1 - 0.999 is not quite 0.001, and a burn of exactly 14.4 counts.
		burn := p.Burn * (1 - 1e-9)
		pv.Fires = pv.LongBurn >= burn && pv.ShortBurn >= burn && pv.PValue < s.Policy.MaxPValue
		v.Pairs = append(v.Pairs, pv)
	}
	budget := sums[len(sums)-1]
	covered := at.Sub(budget.First)
	if budget.First.IsZero() {
		covered = 0
	}
	v.BudgetRemaining = s.Objective.BudgetRemaining(budget.Count, covered)
	return v
}

// Event is what a verdict changes.
type Event int

// The events of an objective.
const (
	NoChange Event = iota
	Opened
	Ongoing
	Resolved
)

// Transition is the state machine: open says whether an incident is open.
func Transition(open bool, v Evaluation) Event {
	_, firing := v.Firing()
	switch {
	case firing && !open:
		return Opened
	case firing:
		return Ongoing
	case open:
		return Resolved
	}
	return NoChange
}
