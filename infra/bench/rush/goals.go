package main

import (
	"fmt"
	"slices"

	"jari.example/infra/bench"
)

// firstBuild is the rate of the rush through the gateway of the first build, measured
// on two cores with everything of `make up` running. A commit that is measured in the
// same run takes its place.
const firstBuild = 683.0

// tick is how often alertingd evaluates on a local system, in seconds.
const tick = 2.0

// goals compares the rows of this build with the targets of the design. A target whose
// rows were not measured is left out.
func goals(rows []row) (list []bench.Goal) {
	add := func(what, want, got string, met bool) {
		list = append(list, bench.Goal{What: what, Want: want, Got: got, Met: met})
	}
	overbooked, errors := 0, 0
	before := firstBuild
	var undisturbed float64 // bookings per second while no mail is sent
	for _, r := range rows {
		if r.Build != this {
			if r.Scenario == rush && r.Path == gateway {
				before = r.PerSecond
			}
			continue
		}
		overbooked, errors = overbooked+r.Overbooked, errors+r.Errors
		switch {
		case r.Scenario == idling:
			add("idle, CPU for what only a local system has", "≤ 10 % of a core", fmt.Sprint(r.Idle.Sum, " %"), r.Idle.Sum <= 10)
		case r.Path != gateway:
		case r.Scenario == rush:
			add("rush, gateway, requests/s", fmt.Sprintf("≥ %.0f", 3*before), fmt.Sprint(r.PerSecond), r.PerSecond >= 3*before)
			add("rush, gateway, p99", "≤ 400 ms", fmt.Sprint(r.P99, " ms"), r.P99 <= 400)
			add("rush, gateway, documents per request", "≤ 2", fmt.Sprint(r.Documents), r.Documents <= 2)
			add("rush, gateway, CPU of the gateway", "≤ 0.3 ms", fmt.Sprint(r.CPU.Gateway, " ms"), r.CPU.Gateway <= 0.3)
			add("rush, gateway, CPU of reservation", "≤ 0.15 ms", fmt.Sprint(r.CPU.Reservation, " ms"), r.CPU.Reservation <= 0.15)
			add("rush, gateway, searchable lag", "≤ 10 s", fmt.Sprint(*r.Searchable, " s"), *r.Searchable <= 10)
		case r.Scenario == mailLoads[0].scenario:
			undisturbed = r.PerSecond
		case r.Scenario == mailLoads[1].scenario:
			add("bookings while mails are sent", "≥ 0.95×", fmt.Sprintf("%.2f×", r.PerSecond/undisturbed), r.PerSecond >= 0.95*undisturbed)
		case r.Scenario == fault:
			latest := *r.Earliest + *r.Searchable + 2*tick
			add("fault in the rush, announced after", fmt.Sprintf("≤ %.1f s", latest), fmt.Sprintf("%.1f s", *r.Announced), *r.Announced <= latest)
		case r.Scenario == evening && *r.Rate == rates[0]:
			add(fmt.Sprintf("evening, gateway, %d/s, searchable lag", *r.Rate), "≤ 5 s", fmt.Sprint(*r.Searchable, " s"), *r.Searchable <= 5)
		}
	}
	if len(rows) > 0 {
		list = append(list,
			bench.Goal{What: "overbooked", Want: "0", Got: fmt.Sprint(overbooked), Met: overbooked == 0, Required: true},
			bench.Goal{What: "errors", Want: "0", Got: fmt.Sprint(errors), Met: errors == 0})
	}
	return list
}

// drawn are the processes that have a colour of their own in the chart.
var drawn = []struct {
	name string
	cpu  func(cpu) float64
}{
	{"gateway", func(c cpu) float64 { return c.Gateway }},
	{"reservation", func(c cpu) float64 { return c.Reservation }},
	{"postgres", func(c cpu) float64 { return c.Postgres }},
	{"agent", func(c cpu) float64 { return c.Agent }},
	{"opensearch", func(c cpu) float64 { return c.OpenSearch }},
	{"notification, mail", func(c cpu) float64 { return c.Notification + c.AWS }},
	{"others", func(c cpu) float64 { return c.Redis + c.Search + c.User + c.Edge + c.Alerting }},
	{"load generator", func(c cpu) float64 { return c.Load }},
}

// chart shows what the CPU time of a request is used for, and rates and latencies.
func chart(rows []row) bench.Chart {
	rows = slices.DeleteFunc(slices.Clone(rows), func(r row) bool { return r.Scenario == idling })
	stacked := bench.Panel{Title: "CPU time per request by process, ms", Stacked: true}
	for _, r := range rows {
		stacked.Categories = append(stacked.Categories, r.name())
	}
	for _, d := range drawn {
		s := bench.Series{Name: d.name}
		for _, r := range rows {
			s.Values = append(s.Values, d.cpu(r.CPU))
		}
		stacked.Series = append(stacked.Series, s)
	}
	panel := func(title string, figure func(row) float64) bench.Panel {
		p := bench.Panel{Title: title, Separate: true, Categories: stacked.Categories, Series: []bench.Series{{}}}
		for _, r := range rows {
			p.Series[0].Values = append(p.Series[0].Values, figure(r))
		}
		return p
	}
	return bench.Chart{Title: "What one request costs the whole system", Panels: []bench.Panel{
		stacked,
		panel("requests per second", func(r row) float64 { return r.PerSecond }),
		panel("99th percentile, ms", func(r row) float64 { return r.P99 }),
		panel("telemetry documents per request", func(r row) float64 { return r.Documents }),
	}}
}
