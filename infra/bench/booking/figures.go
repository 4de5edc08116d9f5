package main

import (
	"math"
	"time"

	"jari.example/infra/bench"
	"jari.example/infra/bench/rig"
)

// row is a row of docs/bench/booking.json. Latencies are of all responses,
// refusals too; refused counts every response that is not a booking. Each figure
// is the median of the runs, except that overbooked is the worst.
type row struct {
	Store       string   `json:"store"`
	Scenario    string   `json:"scenario"`
	Disk        string   `json:"disk"`
	Connections int      `json:"connections"`
	PerSecond   float64  `json:"bookings_per_s"`
	P50         float64  `json:"p50_ms"`
	P95         float64  `json:"p95_ms"`
	P99         float64  `json:"p99_ms"`
	Refused     int      `json:"refused"`
	Overbooked  int      `json:"overbooked"` // covers beyond capacity
	CPU         float64  `json:"cpu_s_per_1000"`
	Service     float64  `json:"service_cpu_us"`         // per response
	Database    float64  `json:"database_cpu_us"`        // per response
	Statements  *float64 `json:"statements_per_booking"` // null if the server does not count them
}

// measurement is the result of one run of one cell.
type measurement struct {
	rig.Results
	cpu        [2]time.Duration // used by the service and by the database
	statements *int64
	overbooked int
}

// summarise makes one row of the runs of a cell.
func summarise(c cell, runs []measurement) row {
	of := func(figure func(measurement) float64, digits int) float64 {
		var values []float64
		for _, o := range runs {
			values = append(values, figure(o))
		}
		scale := math.Pow10(digits)
		return math.Round(bench.Median(values)*scale) / scale
	}
	percentile := func(q float64) float64 {
		return of(func(o measurement) float64 { return bench.Millis(bench.Percentile(o.Latencies, q)) }, 2)
	}
	r := row{
		Store: c.store, Scenario: c.name, Disk: c.disk, Connections: c.conns,
		PerSecond: of(func(o measurement) float64 { return float64(o.Booked()) / o.Duration.Seconds() }, 0),
		P50:       percentile(0.50), P95: percentile(0.95), P99: percentile(0.99),
		Refused: int(of(func(o measurement) float64 { return float64(o.Refused()) }, 0)),
		CPU:     of(func(o measurement) float64 { return (o.cpu[0] + o.cpu[1]).Seconds() / thousands(o.Booked()) }, 3),
	}
	each := func(process int) float64 {
		return of(func(o measurement) float64 {
			return float64(o.cpu[process].Microseconds()) / float64(max(len(o.Latencies), 1))
		}, 1)
	}
	r.Service, r.Database = each(0), each(1)
	for _, o := range runs {
		r.Overbooked = max(r.Overbooked, o.overbooked)
	}
	if runs[0].statements != nil {
		each := of(func(o measurement) float64 { return float64(*o.statements) / float64(max(o.Booked(), 1)) }, 3)
		r.Statements = &each
	}
	return r
}

// thousands is a number of bookings in thousands; no booking counts as one.
func thousands(booked int) float64 { return float64(max(booked, 1)) / 1000 }
