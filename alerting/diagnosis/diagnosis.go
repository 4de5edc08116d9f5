// Package diagnosis compares bad with good events: which value of which field do bad
// ones have far more often? It knows neither what an event is nor where it comes from.
// Its shares describe, they prove no cause: a value may only come along with one.
package diagnosis

import (
	"cmp"
	"math"
	"slices"
)

// Field is what events are compared by. Of values that describe the same events, that
// of the first field is a finding.
type Field struct {
	// Outcome: the value says how an event has ended, such as the kind of failure, and
	// not how it began. Nearly every failure has one that no success has, so it explains
	// less and comes after the others.
	Outcome bool
}

// Event is one event.
type Event struct {
	Bad bool
	// Weight is how many events it stands for, at least 1.
	Weight float64
	// Values are those of each field. nil: not known, so that the event does not count
	// for the field. Empty: the event has none, and counts as one without each value.
	Values [][]string
}

// Finding is a value that is over-represented among bad events.
type Finding struct {
	Field       int // its index
	Value       string
	Bad, Good   float64 // weight of the events with the value
	BadOf       float64 // of all bad events for which the field is known
	GoodOf      float64 // of all good ones
	Probability float64 // of such a difference by chance, times the number of values looked at
}

// BadShare is the share of bad events that have the value, from 0 to 1.
func (f Finding) BadShare() float64 { return share(f.Bad, f.BadOf) }

// GoodShare is the share of good events that have the value, from 0 to 1.
func (f Finding) GoodShare() float64 { return share(f.Good, f.GoodOf) }

// Lift is how many times more often bad events have the value than all events do.
func (f Finding) Lift() float64 {
	return f.BadShare() / share(f.Bad+f.Good, f.BadOf+f.GoodOf)
}

func share(part, whole float64) float64 {
	if whole == 0 {
		return 0
	}
	return part / whole
}

const (
	// MaxFindings is how many findings Compare returns at most.
	MaxFindings = 3
	// MaxSample is how many bad events, and good ones, should be compared: chosen at random,
	// so that it costs the same whatever the traffic. Of 1,000 a share is known to 3 points.
	MaxSample = 1000
)

// limits are what a value has to exceed to be a finding.
type limits struct {
	// chance is the greatest probability of any finding when nothing differs.
	chance float64
	// corrected: chance is shared by all values that are looked at (Holm).
	corrected bool
	// difference is the least difference of the shares, and odds the least odds ratio.
	// With many events every small difference is significant.
	difference, odds float64
	// same is the least overlap of values that describe the same events.
	same float64
}

var standard = limits{chance: 0.01, corrected: true, difference: 0.1, odds: 3, same: 0.8}

// Compare returns the values that are over-represented among bad events, those with the
// greatest difference first and outcomes last. A value is left out when bad events that
// an earlier finding does not describe have it hardly more often than good ones. Contexts,
// which say where events are bad, and outcomes, which say what goes wrong there, are chosen
// apart: one does not describe the other.
func Compare(fields []Field, events []Event) []Finding { return standard.compare(fields, events) }

func (l limits) compare(fields []Field, events []Event) []Finding {
	c := newComparison(l, len(fields), events)
	candidates := c.candidates()
	var contexts, outcomes []candidate
	for _, one := range candidates {
		if fields[one.Field].Outcome {
			outcomes = append(outcomes, one)
		} else {
			contexts = append(contexts, one)
		}
	}
	room := MaxFindings
	if len(outcomes) > 0 {
		room-- // how events end is news, too
	}
	found := c.choose(contexts, room)
	last := c.choose(outcomes, MaxFindings-len(found))
	findings := make([]Finding, 0, MaxFindings)
	for _, one := range slices.Concat(found, last) {
		findings = append(findings, one.Finding)
	}
	return findings
}

// choose takes candidates, the one with the greatest difference first, until there is no
// room.
func (c comparison) choose(all []candidate, room int) (chosen []candidate) {
	slices.SortStableFunc(all, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(b.difference(), a.difference()), cmp.Compare(a.Field, b.Field), cmp.Compare(a.Value, b.Value))
	})
	described := make([]bool, len(c.events))
	for _, first := range all {
		if len(chosen) == room {
			break
		}
		if rest := c.finding(first.key, described); !c.differs(rest, c.all[first.Field]) || c.probability(rest) > c.chance {
			continue
		}
		best := first
		for _, other := range all { // the more general name of the same events
			if other.Field < best.Field && c.overlap(first, other) >= c.same {
				best = other
			}
		}
		if slices.ContainsFunc(chosen, func(c candidate) bool { return c.key == best.key }) {
			continue // it has been said of these events
		}
		chosen = append(chosen, best)
		for _, n := range c.with[best.key] {
			described[n] = true
		}
	}
	return chosen
}

// difference is how much greater the share among bad events is.
func (f Finding) difference() float64 { return f.BadShare() - f.GoodShare() }

// differs reports whether the effect is large enough. of are the sums of the field over
// all events, of which the finding may be a part.
func (l limits) differs(f Finding, of sums) bool {
	with, without := f.Bad*(f.GoodOf-f.Good), f.Good*(f.BadOf-f.Bad)
	return f.difference() >= l.difference && with >= l.odds*without && share(f.Bad, of.bad) >= l.difference
}

// holm returns how many of the sorted probabilities are significant together.
func (l limits) holm(sorted []float64, tests int) int {
	for n, p := range sorted {
		if p*l.factor(tests-n) > l.chance {
			return n
		}
	}
	return len(sorted)
}

func (l limits) factor(tests int) float64 {
	if !l.corrected {
		return 1
	}
	return math.Max(1, float64(tests))
}
