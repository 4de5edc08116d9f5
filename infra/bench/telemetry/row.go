package main

import (
	"math"

	"jari.example/infra/bench"
)

// row is a row of docs/bench/telemetry.json; what a part does not measure is
// null. "each" is per request in the part price and per record in ship.
// "of_bare" is the ratio to bare's run in the same round, and of all rounds the
// median: other work of the machine affects both runs.
type row struct {
	Part      string   `json:"part"`
	Load      string   `json:"load"`
	Variant   string   `json:"variant"`
	PerSecond *float64 `json:"per_s"`
	P50       *float64 `json:"p50_ms"`
	P99       *float64 `json:"p99_ms"`
	CPU       *float64 `json:"cpu_us_each"`
	Allocs    *float64 `json:"allocs_each"`
	RateRatio *float64 `json:"per_s_of_bare"`
	P50Ratio  *float64 `json:"p50_of_bare"`
	P99Ratio  *float64 `json:"p99_of_bare"`
	Drain     *float64 `json:"drain_s"`
	Lost      *int     `json:"lost"`
}

// rounded is v with so many decimals.
func rounded(v float64, digits int) *float64 {
	scale := math.Pow10(digits)
	v = math.Round(v*scale) / scale
	return &v
}

func find(rows []row, part, load, variant string) (row, bool) {
	for _, r := range rows {
		if r.Part == part && r.Load == load && r.Variant == variant {
			return r, true
		}
	}
	return row{}, false
}

// ratio is the median of the ratios of a figure in runs to that in without, round
// by round; nil if there is nothing to divide by.
func ratio[T any](runs, without []T, figure func(T) float64) *float64 {
	var ratios []float64
	for i := range runs {
		if base := figure(without[i]); base > 0 {
			ratios = append(ratios, figure(runs[i])/base)
		}
	}
	if len(ratios) == 0 {
		return nil
	}
	return rounded(bench.Median(ratios), 3)
}

// medianOf is the median of one figure of several runs.
func medianOf[T any](runs []T, figure func(T) float64) float64 {
	values := make([]float64, len(runs))
	for i, r := range runs {
		values[i] = figure(r)
	}
	return bench.Median(values)
}
