package main

import (
	"fmt"
	"math"
	"time"

	"jari.example/infra/bench"
)

// row is a row of docs/bench/rush.json. Each figure is the median of the runs, but
// overbooked and errors are the worst. What was not measured is null.
type row struct {
	Build      string   `json:"build"` // "this", or the commit that it is compared with
	Scenario   string   `json:"scenario"`
	Path       string   `json:"path"`
	Rate       *int     `json:"rate"`    // requests per second that were due; null: a closed loop
	Highest    bool     `json:"highest"` // the highest rate whose p99 is good enough
	PerSecond  float64  `json:"requests_per_s"`
	P50        float64  `json:"p50_ms"`
	P95        float64  `json:"p95_ms"`
	P99        float64  `json:"p99_ms"`
	Sold       int      `json:"sold"`       // covers
	Overbooked int      `json:"overbooked"` // covers beyond capacity
	Errors     int      `json:"errors"`
	Documents  float64  `json:"documents_per_request"`
	Searchable *float64 `json:"searchable_lag_s"`
	Mail       float64  `json:"mail_lag_s"`
	Earliest   *float64 `json:"fault_detectable_s"` // from the fault until its rule could fire
	Announced  *float64 `json:"fault_announced_s"`  // from the fault until its message
	CPU        cpu      `json:"cpu_ms_per_request"`
	Idle       *idleCPU `json:"idle_cpu_percent"` // scenario idle: of a core, for what only a local system has
}

// cpu is the CPU time of each process for a request, in milliseconds.
type cpu struct {
	Gateway      float64 `json:"gateway"`
	Reservation  float64 `json:"reservation"`
	Postgres     float64 `json:"postgres"`
	Agent        float64 `json:"agent"`
	OpenSearch   float64 `json:"opensearch"`
	Notification float64 `json:"notification"`
	Redis        float64 `json:"redis"`
	Search       float64 `json:"search"`
	User         float64 `json:"user"`
	Edge         float64 `json:"edge"`
	AWS          float64 `json:"aws"`
	Alerting     float64 `json:"alerting"`
	Load         float64 `json:"load"` // the load generator
}

// fields are those of the processes, in their order.
func (c *cpu) fields() []*float64 {
	return []*float64{
		&c.Gateway, &c.Reservation, &c.Postgres, &c.Agent, &c.OpenSearch, &c.Notification, &c.Redis,
		&c.Search, &c.User, &c.Edge, &c.AWS, &c.Alerting,
	}
}

// summarise makes one row of the runs of a load.
func summarise(l load, build string, runs []measurement) row {
	of := func(digits int, figure func(measurement) float64) float64 {
		var values []float64
		for _, m := range runs {
			values = append(values, figure(m))
		}
		scale := math.Pow10(digits)
		return math.Round(bench.Median(values)*scale) / scale
	}
	each := func(used func(measurement) time.Duration) float64 {
		return of(3, func(m measurement) float64 { return used(m).Seconds() * 1000 / float64(max(m.requests, 1)) })
	}
	percentile := func(q float64) float64 {
		return of(2, func(m measurement) float64 { return bench.Millis(bench.Percentile(m.Latencies, q)) })
	}
	r := row{
		Build: build, Scenario: l.scenario, Path: l.path,
		PerSecond: of(0, func(m measurement) float64 { return float64(len(m.Latencies)) / m.Duration.Seconds() }),
		P50:       percentile(0.50), P95: percentile(0.95), P99: percentile(0.99),
		Sold:      int(of(0, func(m measurement) float64 { return float64(m.sold) })),
		Documents: of(2, func(m measurement) float64 { return float64(m.documents) / float64(max(m.requests, 1)) }),
		Mail:      of(1, func(m measurement) float64 { return m.mail.Seconds() }),
		CPU:       cpu{Load: each(func(m measurement) time.Duration { return m.cpu.own })},
	}
	for i, field := range r.CPU.fields() {
		*field = each(func(m measurement) time.Duration { return m.cpu.parts[i] })
	}
	if l.rate > 0 {
		r.Rate = &l.rate
	}
	if l.path != direct {
		lag := of(1, func(m measurement) float64 { return m.searchable.Seconds() })
		r.Searchable = &lag
	}
	for _, m := range runs {
		r.Overbooked, r.Errors = max(r.Overbooked, m.overbooked), max(r.Errors, m.errors)
	}
	return r
}

// name is the row's category in the chart.
func (r row) name() string {
	what := fmt.Sprintf("%s, %s", r.Scenario, r.Path)
	if r.Build != this {
		what = r.Build + ": " + what
	}
	switch {
	case r.Highest:
		return fmt.Sprintf("%s\nhighest, %d/s", what, *r.Rate)
	case r.Rate != nil:
		return fmt.Sprintf("%s\n%d/s", what, *r.Rate)
	}
	return fmt.Sprintf("%s\n%.0f/s", what, r.PerSecond)
}
