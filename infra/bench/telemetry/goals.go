package main

import (
	"fmt"
	"time"

	"jari.example/infra/bench"
)

// goals holds the design's promises against the rows, as far as those that a
// promise speaks of were measured.
func goals(rows []row, outage time.Duration) (list []bench.Goal) {
	against := func(what, want, load string, figure func(row) *float64, met func(ratio float64) bool) {
		if r, ok := find(rows, price, load, complete); ok && figure(r) != nil {
			got := *figure(r)
			list = append(list, bench.Goal{What: what, Want: want, Got: fmt.Sprintf("%.3f", got), Met: met(got)})
		}
	}
	against("p50 of everything against bare, fixed rate", "≤ 1.05", fixed, func(r row) *float64 { return r.P50Ratio }, func(r float64) bool { return r <= 1.05 })
	against("p99 of everything against bare, fixed rate", "≤ 1.25", fixed, func(r row) *float64 { return r.P99Ratio }, func(r float64) bool { return r <= 1.25 })
	against("bookings/s of everything against bare, saturated", "≥ 0.75", saturated, func(r row) *float64 { return r.RateRatio }, func(r float64) bool { return r >= 0.75 })
	for _, sig := range families {
		if r, ok := find(rows, latency, idle, sig.name); ok {
			list = append(list, bench.Goal{
				What: "emitted → searchable, idle, " + sig.name + "s, p99", Want: "≤ 2.5 s", Got: fmt.Sprintf("%.2f s", *r.P99/1000), Met: *r.P99 <= 2500 && *r.Lost == 0,
			})
		}
	}
	for _, r := range rows {
		if r.Part == drain {
			list = append(list, bench.Goal{
				What: "drained after an outage, records still coming", Want: fmt.Sprintf("≤ %v, 0 lost", outage),
				Got: fmt.Sprintf("%.1f s, %d lost", *r.Drain, *r.Lost), Met: *r.Drain <= outage.Seconds() && *r.Lost == 0,
			})
		}
	}
	return list
}
