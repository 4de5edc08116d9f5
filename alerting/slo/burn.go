package slo

import (
	"math"
	"time"
)

// Count is how many events were good and bad.
type Count struct{ Good, Bad int64 }

// Total is all that counted.
func (c Count) Total() int64 { return c.Good + c.Bad }

// Plus adds two counts.
func (c Count) Plus(d Count) Count { return Count{c.Good + d.Good, c.Bad + d.Bad} }

// BadShare is the share of bad events; 0 when nothing happened, because no
// traffic breaks no promise.
func (c Count) BadShare() float64 {
	if c.Total() == 0 {
		return 0
	}
	return float64(c.Bad) / float64(c.Total())
}

// BurnRate is how many times faster than sustainable c spends o's budget: at
// 1 the budget ends exactly with the window.
func (o Objective) BurnRate(c Count) float64 { return c.BadShare() / o.Budget() }

// PValue is the probability of seeing at least c.Bad bad events among
// c.Total() if the service kept its promise only just: the upper tail of a
// Poisson distribution with mean Total × Budget.
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
	// Each side of the mean sums the terms that shrink, so that a tail of
	// 1e-300 keeps its digits instead of vanishing in 1 - 0.999….
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

// BudgetRemaining is the share of the budget that remains after c, which was counted
// over the last covered of the window; below 0 it is overspent. What was
// before counts as quiet: a system that was watched for an hour has had an
// hour to spend its month's budget.
func (o Objective) BudgetRemaining(c Count, covered time.Duration) float64 {
	share := min(float64(covered)/float64(o.Window), 1)
	return 1 - o.BurnRate(c)*share
}

// TimeToExhaustion is when a budget of which left remains is spent at the rate burn; ok
// is false when it does not burn at all.
func (o Objective) TimeToExhaustion(left, burn float64) (d time.Duration, ok bool) {
	if burn <= 0 {
		return 0, false
	}
	return time.Duration(max(left, 0) / burn * float64(o.Window)), true
}
