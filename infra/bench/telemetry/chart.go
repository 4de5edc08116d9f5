package main

import (
	"math"
	"slices"

	"jari.example/infra/bench"
)

// chart shows the price by variant, and below it the results of the pipeline.
func chart(rows []row) bench.Chart {
	values := func(load string, figure func(row) *float64) (of []float64) {
		for _, variant := range variants {
			v := math.NaN()
			if r, ok := find(rows, price, load, variant); ok && figure(r) != nil {
				v = *figure(r)
			}
			of = append(of, v)
		}
		return of
	}
	panel := func(title string, log bool, figure func(row) *float64) bench.Panel {
		p := bench.Panel{Title: title, Log: log, Categories: loads}
		for i, variant := range variants {
			s := bench.Series{Name: variant}
			for _, load := range loads {
				s.Values = append(s.Values, values(load, figure)[i])
			}
			p.Series = append(p.Series, s)
		}
		return p
	}
	separate := func(title, part string, figures ...figure) bench.Panel {
		p := bench.Panel{Title: title, Separate: true, Series: []bench.Series{{}}}
		for _, r := range rows {
			for _, f := range figures {
				if v := f.of(r); r.Part == part && v != nil {
					p.Categories = append(p.Categories, r.Load+"\n"+r.Variant+f.name)
					p.Series[0].Values = append(p.Series[0].Values, *v)
				}
			}
		}
		return p
	}
	panels := []bench.Panel{
		panel("responses per second (fixed: 1,000 requests)", false, func(r row) *float64 { return r.PerSecond }),
		panel("median latency, ms", false, func(r row) *float64 { return r.P50 }),
		panel("99th percentile, ms", false, func(r row) *float64 { return r.P99 }),
		panel("CPU of the service, µs per request", false, func(r row) *float64 { return r.CPU }),
		panel("allocations per request", false, func(r row) *float64 { return r.Allocs }),
		separate("shipped, records per second", ship, figure{"", func(r row) *float64 { return r.PerSecond }}),
		separate("shipped, CPU of the agent, µs per record", ship, figure{"", func(r row) *float64 { return r.CPU }}),
		separate("emitted → searchable, ms", latency,
			figure{" p50", func(r row) *float64 { return r.P50 }}, figure{" p99", func(r row) *float64 { return r.P99 }}),
		separate("time to catch up after an outage, s", drain, figure{"", func(r row) *float64 { return r.Drain }}),
	}
	panels = slices.DeleteFunc(panels, func(p bench.Panel) bool { return len(p.Categories) == 0 })
	return bench.Chart{Title: "What telemetry costs, and how fast it arrives", Panels: panels}
}

// figure is one value of a row, and the suffix of its bar's name.
type figure struct {
	name string
	of   func(row) *float64
}
