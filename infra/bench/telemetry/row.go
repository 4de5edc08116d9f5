package main

import (
	"math"

	"jari.example/infra/bench"
)

// row is a line of docs/bench/telemetry.json; what a part does not measure is
// null. "each" is a request in the part price and a record in ship. "of_bare" is
// the median, over the rounds of the part price, of the ratio to bare's run in
// the same round: what the machine does meanwhile meets both.
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

// rounded keeps as many digits as mean something.
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

// ratio is the median of the figure in each run to that in without of the same
// round; none where there is nothing to divide by.
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
