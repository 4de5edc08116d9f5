package slo

import (
	"math"
	"time"
)

// Count is a number of good and bad events. It is stored as JSON by the names of
// its fields.
type Count struct{ Good, Bad int64 }

// Total is the number of events.
func (c Count) Total() int64 { return c.Good + c.Bad }

// Plus adds two counts.
func (c Count) Plus(d Count) Count { return Count{c.Good + d.Good, c.Bad + d.Bad} }

// Minus subtracts d.
func (c Count) Minus(d Count) Count { return Count{c.Good - d.Good, c.Bad - d.Bad} }

// BadShare is the share of bad events; 0 without events, because an objective
// cannot be missed without traffic.
func (c Count) BadShare() float64 {
	if c.Total() == 0 {
		return 0
	}
	return float64(c.Bad) / float64(c.Total())
}

// BurnRate is how many times faster than allowed c uses o's error budget: at 1
// the budget lasts exactly as long as the window.
func (o Objective) BurnRate(c Count) float64 { return c.BadShare() / o.Budget() }

// Burns reports whether c burns at the rate threshold or faster.
func (o Objective) Burns(c Count, threshold float64) bool {
	// 1 - 0.999 is not exactly 0.001, and a burn rate of 14.4 must count.
	return o.BurnRate(c) >= threshold*(1-1e-9)
}

// PValue is the probability of at least c.Bad bad events among c.Total() if the
// objective were met exactly: the upper tail of a Poisson distribution with the
// mean Total × Budget.
func (o Objective) PValue(c Count) float64 {
	return poissonTail(c.Bad, float64(c.Total())*o.Budget())
}

// poissonTail is P(X ≥ k) for X ~ Poisson(mean).
func poissonTail(k int64, mean float64) float64 {
	if k <= 0 {
		return 1
	}
	if mean <= 0 {
		return 0
	}
	// On each side of the mean, sum the terms that become smaller. A tail of
	// 1e-300 would be lost in 1 - 0.999….
	logTerm := func(i int64) float64 {
		lg, _ := math.Lgamma(float64(i) + 1)
		return float64(i)*math.Log(mean) - mean - lg
	}
	if float64(k) > mean {
		term := math.Exp(logTerm(k))
		sum := term
		for i := k + 1; term > sum*1e-16; i++ {
			term *= mean / float64(i)
			sum += term
		}
		return min(sum, 1)
	}
	term := math.Exp(logTerm(k - 1))
	sum := term
	for i := k - 1; i > 0 && term > sum*1e-16; i-- {
		term *= float64(i) / mean
		sum += term
	}
	return max(1-sum, 0)
}

// BudgetRemaining is the share of the error budget that remains after c, which
// was counted over the last covered part of the window; below 0 the budget is
// overspent. The time before counts as free of errors: a system that has been
// measured for an hour has had an hour to use its month's budget.
func (o Objective) BudgetRemaining(c Count, covered time.Duration) float64 {
	share := min(float64(covered)/float64(o.Window), 1)
	return 1 - o.BurnRate(c)*share
}

// TimeToExhaustion is how long the remaining share of the budget lasts at the
// burn rate burn; ok is false when it does not burn at all.
func (o Objective) TimeToExhaustion(remaining, burn float64) (d time.Duration, ok bool) {
	if burn <= 0 {
		return 0, false
	}
	return time.Duration(max(remaining, 0) / burn * float64(o.Window)), true
}
