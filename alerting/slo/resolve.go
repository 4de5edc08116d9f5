package slo

import "math"

// maxGoodNeeded bounds the wait for good events after an incident with few bad ones.
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
