package main

import (
	"fmt"
	"time"

	"jari.example/infra/bench"
)

// goals compares the rows with the targets of the design. A target whose row was
// not measured is left out; one whose row lacks the value is missed.
func goals(rows []row, outage time.Duration) (list []bench.Goal) {
	toBare := func(what, want, load string, figure func(row) *float64, met func(ratio float64) bool) {
		if r, ok := find(rows, price, load, complete); ok {
			got := figure(r)
			list = append(list, bench.Goal{What: what, Want: want, Got: formatted("%.3f", got), Met: got != nil && met(*got)})
		}
	}
	toBare("p50 with all telemetry against bare, fixed rate", "≤ 1.05", fixed,
		func(r row) *float64 { return r.P50Ratio }, func(r float64) bool { return r <= 1.05 })
	toBare("p99 with all telemetry against bare, fixed rate", "≤ 1.25", fixed,
		func(r row) *float64 { return r.P99Ratio }, func(r float64) bool { return r <= 1.25 })
	toBare("bookings/s with all telemetry against bare, saturated", "≥ 0.75", saturated,
		func(r row) *float64 { return r.RateRatio }, func(r float64) bool { return r >= 0.75 })
	for _, kind := range recordKinds {
		if r, ok := find(rows, latency, idle, kind.name); ok {
			list = append(list, bench.Goal{
				What: "emitted → searchable, idle, " + kind.name + "s, p99", Want: "≤ 2500 ms, 0 lost",
				Got: formatted("%.0f ms", r.P99) + ", " + formatted("%d lost", r.Lost),
				Met: r.P99 != nil && *r.P99 <= 2500 && noneLost(r.Lost),
			})
		}
		if r, ok := find(rows, latency, loaded, kind.name); ok {
			list = append(list, bench.Goal{
				What: "emitted → searchable, " + loaded + ", " + kind.name + "s", Want: "0 lost",
				Got: formatted("%d lost", r.Lost), Met: noneLost(r.Lost),
			})
		}
	}
	for _, r := range rows {
		if r.Part == drain {
			list = append(list, bench.Goal{
				What: "drained after an outage, while records are emitted", Want: fmt.Sprintf("≤ %v, 0 lost", outage),
				Got: formatted("%.1f s", r.Drain) + ", " + formatted("%d lost", r.Lost),
				Met: r.Drain != nil && *r.Drain <= outage.Seconds() && noneLost(r.Lost),
			})
		}
	}
	return list
}

// formatted formats a figure, or states that it was not measured.
func formatted[T any](format string, figure *T) string {
	if figure == nil {
		return "not measured"
	}
	return fmt.Sprintf(format, *figure)
}

func noneLost(lost *int) bool { return lost != nil && *lost == 0 }
