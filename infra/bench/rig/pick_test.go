package rig

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// zipfian reports whether counts fall like 1/rank over the first ten ranks.
func zipfian(counts []int) bool {
	total, harmonic := 0, 0.0
	for i, n := range counts {
		total += n
		harmonic += math.Pow(float64(i+1), -1.01)
	}
	for i := range 10 {
		want := float64(total) * math.Pow(float64(i+1), -1.01) / harmonic
		if math.Abs(float64(counts[i])-want) > want/10 {
			return false
		}
	}
	return true
}

func counted(pick func() int, slots, times int) []int {
	counts := make([]int, slots)
	for range times {
		counts[pick()]++
	}
	return counts
}

func TestPopularityFollowsZipf(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	popular := counted(ByPopularity(1000)(r), 1000, 200_000)
	if !zipfian(popular) {
		t.Errorf("the first slots get %v of 200,000 requests", popular[:10])
	}
	if share := float64(popular[0]) / 200_000; share < 0.11 || share > 0.15 {
		t.Errorf("the first slot gets a share of %.3f, not one in eight", share)
	}
	even := counted(Uniform(1000)(r), 1000, 200_000)
	if zipfian(even) { // the control
		t.Error("a uniform distribution passes for Zipf's")
	}
	if slices.Min(even) < 120 || slices.Max(even) > 280 {
		t.Errorf("a uniform distribution gives slots between %d and %d requests, want about 200", slices.Min(even), slices.Max(even))
	}
}
