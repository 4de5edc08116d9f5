package main

import (
	"fmt"
	"math"

	"jari.example/infra/bench"
	"jari.example/infra/bench/rig"
)

// goals compares the rows with the targets of the design. A target whose rows
// were not measured is left out.
func goals(rows []row) (list []bench.Goal) {
	find := func(scenario, store string, conns int) (row, bool) {
		for _, r := range rows {
			if r.Disk == rig.RAM && r.Scenario == scenario && r.Store == store && r.Connections == conns {
				return r, true
			}
		}
		return row{}, false
	}
	ratio := func(scenario string, conns int, than string, want float64) {
		ours, ok := find(scenario, "grouped", conns)
		theirs, too := find(scenario, than, conns)
		if !ok || !too || theirs.PerSecond == 0 {
			return
		}
		got := ours.PerSecond / theirs.PerSecond
		list = append(list, bench.Goal{
			What: fmt.Sprintf("%s, %d connections, against %s", scenario, conns, than),
			Want: fmt.Sprintf("≥ %g×", want), Got: fmt.Sprintf("%.2f×", got), Met: got >= want,
		})
	}
	ratio(hotSlot, 64, "one_statement", 10)
	ratio(hotSlot, 64, "for_update", 25)
	if r, ok := find(hotSlot, "grouped", 64); ok {
		list = append(list,
			bench.Goal{What: "hot-slot, 64 connections, bookings/s", Want: "≥ 8000", Got: fmt.Sprint(r.PerSecond), Met: r.PerSecond >= 8000},
			bench.Goal{What: "hot-slot, 64 connections, p99", Want: "< 25 ms", Got: fmt.Sprint(r.P99, " ms"), Met: r.P99 < 25})
	}
	ratio(zipf1000, 64, "one_statement", 3)
	ratio(calm, 8, "one_statement", 0.9)
	if r, ok := find(soldOutRush, "grouped", 256); ok {
		list = append(list, bench.Goal{What: "sold-out-rush, CPU of the service for a response", Want: "≤ 150 µs",
			Got: fmt.Sprint(r.Service, " µs"), Met: r.Service <= 150})
	}
	over, seen := 0, false
	for _, r := range rows {
		if r.Store != "read_then_write" {
			over, seen = over+r.Overbooked, true
		}
	}
	if seen {
		list = append(list, bench.Goal{What: "overbooked by any store but read_then_write", Want: "0", Got: fmt.Sprint(over), Met: over == 0})
	}
	return list
}

// chart shows throughput, tail latency, CPU time and overbooking of every cell.
func chart(rows []row, which []string) bench.Chart {
	var categories []string
	at := map[string]int{}
	name := func(r row) string { return fmt.Sprintf("%s\n%d conns, %s", r.Scenario, r.Connections, r.Disk) }
	for _, r := range rows {
		if _, known := at[name(r)]; !known {
			at[name(r)] = len(categories)
			categories = append(categories, name(r))
		}
	}
	panel := func(title string, log bool, figure func(row) float64) bench.Panel {
		p := bench.Panel{Title: title, Log: log, Categories: categories}
		for _, store := range which {
			values := make([]float64, len(categories))
			for i := range values {
				values[i] = math.NaN()
			}
			for _, r := range rows {
				if r.Store == store {
					values[at[name(r)]] = figure(r)
				}
			}
			p.Series = append(p.Series, bench.Series{Name: store, Values: values})
		}
		return p
	}
	return bench.Chart{Title: "Booking a seat, five ways", Panels: []bench.Panel{
		panel("bookings per second (sold-out-rush: until 200 covers are sold and 20,000 requests have a response)", true,
			func(r row) float64 { return r.PerSecond }),
		panel("99th percentile of all responses, ms", true, func(r row) float64 { return r.P99 }),
		panel("CPU seconds of service and database per 1,000 bookings", true, func(r row) float64 { return r.CPU }),
		panel("covers sold beyond capacity", false, func(r row) float64 { return float64(r.Overbooked) }),
	}}
}
