package slo

import "math"

// maxGoodNeeded bounds the wait for good events after a fault with few bad ones.
const maxGoodNeeded = 200

// doubt is the probability that we accept of being wrong when we call a fault over.
const doubt = 0.01

// GoodNeeded is how many good events in a row show that a fault is over during
// which the share worst of the events was bad: if it still lasted, so many good
// ones would have at most the probability doubt. That is (1-worst)^n ≤ doubt.
// The result is between 1 and maxGoodNeeded.
func GoodNeeded(worst float64) int64 {
	switch {
	case worst >= 1:
		return 1
	case worst <= 0:
		return maxGoodNeeded
	}
	// Without the small margin, rounding could turn an exact 2 into a 3.
	n := math.Ceil(math.Log(doubt)/math.Log1p(-worst) - 1e-9)
	return int64(min(max(n, 1), maxGoodNeeded))
}

// Excludes reports whether c shows that the share worst is not bad any more: if it
// were, so few bad events among so many would have at most the probability doubt
// (lower tail of a binomial distribution). Without a bad event that is the rule of
// GoodNeeded. With much traffic some events are always bad, and then no number of
// good ones in a row can be waited for.
func Excludes(c Count, worst float64) bool {
	n, b := float64(c.Total()), float64(c.Bad)
	switch {
	case worst <= 0 || b >= n*worst:
		return false
	case worst >= 1:
		return true
	}
	// The terms become smaller from Bad down to 0, because Bad is below the mean.
	logTerm := logChoose(n, b) + b*math.Log(worst) + (n-b)*math.Log1p(-worst)
	term := math.Exp(logTerm)
	tail := term
	for i := b; i > 0 && term > tail*1e-12; i-- {
		term *= i / (n - i + 1) * (1 - worst) / worst
		tail += term
	}
	return tail <= doubt
}

func logChoose(n, k float64) float64 {
	lgamma := func(x float64) float64 { y, _ := math.Lgamma(x + 1); return y }
	return lgamma(n) - lgamma(k) - lgamma(n-k)
}
