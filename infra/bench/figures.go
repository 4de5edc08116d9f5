package bench

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// Median returns the middle of values, the lower of two if their number is
// even; zero without values.
func Median[T cmp.Ordered](values []T) (middle T) {
	if len(values) == 0 {
		return middle
	}
	sorted := slices.Sorted(slices.Values(values))
	return sorted[(len(sorted)-1)/2]
}

// Percentile returns the q-quantile (0.99) of sorted by nearest rank, which is
// always a measured value; zero without values.
func Percentile(sorted []time.Duration, q float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	rank := int(math.Ceil(q * float64(len(sorted))))
	return sorted[min(max(rank, 1), len(sorted))-1]
}

// Millis is d in milliseconds, rounded to two decimals, as reports state
// latencies.
func Millis(d time.Duration) float64 {
	return math.Round(float64(d)/float64(time.Millisecond)*100) / 100
}
