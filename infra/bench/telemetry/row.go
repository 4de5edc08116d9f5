package main

import (
	"math"

	"jari.example/infra/bench"
)

// row is a line of docs/bench/telemetry.json; what a part does not measure is
// null. "each" is a request in the part price and a record in ship.
type row struct {
	Part      string   `json:"part"`
	Load      string   `json:"load"`
	Variant   string   `json:"variant"`
	PerSecond *float64 `json:"per_s"`
	P50       *float64 `json:"p50_ms"`
	P99       *float64 `json:"p99_ms"`
	CPU       *float64 `json:"cpu_us_each"`
	Allocs    *float64 `json:"allocs_each"`
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

// medianOf is the median of one figure of several runs.
func medianOf[T any](runs []T, figure func(T) float64) float64 {
	values := make([]float64, len(runs))
	for i, r := range runs {
		values[i] = figure(r)
	}
	return bench.Median(values)
}
