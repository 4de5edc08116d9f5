// Package evaluate turns counts into incident events. Each tick reads what is
// new and evaluates the policy of every objective.
package evaluate

import (
	"time"

	"jari.example/alerting/slo"
)

// Sum is what was counted since some start. First is the time of its first
// bucket; zero when there is no bucket.
type Sum struct {
	slo.Count
	First time.Time
}

// PairEvaluation is the evaluation of one pair of windows.
type PairEvaluation struct {
	slo.WindowPair
	LongCount, ShortCount slo.Count
	LongBurn, ShortBurn   float64
	PValue                float64 // of the short window's count
	Fires                 bool
}

// Evaluation is the state of an objective at one moment.
type Evaluation struct {
	SLO             slo.SLO
	At              time.Time
	Pairs           []PairEvaluation
	BudgetRemaining float64 // share of the error budget; below 0 it is overspent
}

// Firing returns the first pair of the policy that fires.
func (e Evaluation) Firing() (pair PairEvaluation, firing bool) {
	for _, p := range e.Pairs {
		if p.Fires {
			return p, true
		}
	}
	return PairEvaluation{}, false
}

// windowStarts are the starts of the sums that evaluateSLO needs: the long and
// the short window of each pair, then the window of the budget.
func windowStarts(s slo.SLO, end time.Time) []time.Time {
	var all []time.Time
	for _, p := range s.Policy.Pairs {
		all = append(all, end.Add(-p.Long), end.Add(-p.Short))
	}
	return append(all, end.Add(-s.Objective.Window))
}

// evaluateSLO evaluates the policy of s. sums are in the order of windowStarts.
func evaluateSLO(s slo.SLO, at time.Time, sums []Sum) Evaluation {
	e := Evaluation{SLO: s, At: at}
	for i, p := range s.Policy.Pairs {
		long, short := sums[2*i].Count, sums[2*i+1].Count
		pair := PairEvaluation{
			WindowPair: p, LongCount: long, ShortCount: short,
			LongBurn: s.Objective.BurnRate(long), ShortBurn: s.Objective.BurnRate(short),
			PValue: s.Objective.PValue(short),
		}
		// 1 - 0.999 is not exactly 0.001, and a burn rate of 14.4 must fire.
		threshold := p.Burn * (1 - 1e-9)
		pair.Fires = pair.LongBurn >= threshold && pair.ShortBurn >= threshold && pair.PValue < s.Policy.MaxPValue
		e.Pairs = append(e.Pairs, pair)
	}
	budget := sums[len(sums)-1]
	covered := at.Sub(budget.First)
	if budget.First.IsZero() {
		covered = 0
	}
	e.BudgetRemaining = s.Objective.BudgetRemaining(budget.Count, covered)
	return e
}

// Event is what an evaluation changes.
type Event int

// The events of an objective's incident.
const (
	NoChange Event = iota
	Opened
	Ongoing
	Resolved
)

// Transition is the state machine of an objective's incident: the event that e
// causes while an incident is open or not.
func Transition(open bool, e Evaluation) Event {
	_, firing := e.Firing()
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
