package main

import (
	"fmt"
	"time"

	"jari.example/infra/bench"
)

// goals holds the design's promises against the rows, as far as those that a
// promise speaks of are there. A figure that its row lacks is a goal missed.
func goals(rows []row, outage time.Duration) (list []bench.Goal) {
	against := func(what, want, load string, figure func(row) *float64, met func(ratio float64) bool) {
		if r, ok := find(rows, price, load, complete); ok {
			got := figure(r)
			list = append(list, bench.Goal{What: what, Want: want, Got: formatted("%.3f", got), Met: got != nil && met(*got)})
		}
	}
	against("p50 of everything against bare, fixed rate", "≤ 1.05", fixed, func(r row) *float64 { return r.P50Ratio }, func(r float64) bool { return r <= 1.05 })
	against("p99 of everything against bare, fixed rate", "≤ 1.25", fixed, func(r row) *float64 { return r.P99Ratio }, func(r float64) bool { return r <= 1.25 })
	against("bookings/s of everything against bare, saturated", "≥ 0.75", saturated, func(r row) *float64 { return r.RateRatio }, func(r float64) bool { return r >= 0.75 })
	for _, kind := range recordKinds {
		if r, ok := find(rows, latency, idle, kind.name); ok {
			list = append(list, bench.Goal{
				What: "emitted → searchable, idle, " + kind.name + "s, p99", Want: "≤ 2500 ms, 0 lost",
				Got: formatted("%.0f ms", r.P99) + ", " + formatted("%d lost", r.Lost), Met: r.P99 != nil && *r.P99 <= 2500 && noneLost(r.Lost),
			})
		}
		if r, ok := find(rows, latency, loaded, kind.name); ok {
			list = append(list, bench.Goal{
				What: "emitted → searchable, " + loaded + ", " + kind.name + "s", Want: "0 lost", Got: formatted("%d lost", r.Lost), Met: noneLost(r.Lost),
			})
		}
	}
	for _, r := range rows {
		if r.Part == drain {
			list = append(list, bench.Goal{
				What: "drained after an outage, records still coming", Want: fmt.Sprintf("≤ %v, 0 lost", outage),
				Got: formatted("%.1f s", r.Drain) + ", " + formatted("%d lost", r.Lost), Met: r.Drain != nil && *r.Drain <= outage.Seconds() && noneLost(r.Lost),
			})
		}
	}
	return list
}

func formatted[T any](format string, figure *T) string {
	if figure == nil {
		return "not measured"
	}
	return fmt.Sprintf(format, *figure)
}

func noneLost(lost *int) bool { return lost != nil && *lost == 0 }
