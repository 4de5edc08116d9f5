package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"jari.example/infra/bench"
	"jari.example/infra/bench/rig"
)

// How much the service says of itself, by its flag.
const (
	bare     = "bare"
	logs     = "logs"
	complete = "all"
)

var variants = []string{bare, logs, complete}

func flags(variant, sink string) []string {
	switch variant {
	case bare:
		return []string{"-telemetry", "off"}
	case logs:
		return []string{"-telemetry", "logs"}
	}
	return []string{"-telemetry", "all", "-otlp-endpoint", sink, "-trace-ceiling", "-1"}
}

// The loads under which the price is measured.
const (
	fixed     = "fixed"
	saturated = "saturated"
)

var loads = []string{fixed, saturated}

const connections = 64

// measurement is one run of one variant.
type measurement struct {
	rig.Results
	cpu         time.Duration
	allocs      int64
	from, until time.Time // what was measured
}

func (m measurement) perSecond() float64 { return float64(m.Booked) / m.Duration.Seconds() }
func (m measurement) each(n float64) float64 {
	return n / float64(max(len(m.Latencies), 1))
}
func (m measurement) millis(q float64) float64 { return bench.Millis(bench.Percentile(m.Latencies, q)) }

// measurePrice sells one slot, durably, with as much telemetry as each variant has.
// Runs of the variants alternate, and who begins changes, so that whatever else
// the machine does meets all of them.
func (b *benchmark) measurePrice(ctx context.Context) (rows []row, err error) {
	b.logf("price: building reservationd, starting PostgreSQL")
	program, err := rig.Build(ctx, b.root, b.tmp)
	if err != nil {
		return nil, err
	}
	sink, err := rig.StartSink()
	if err != nil {
		return nil, err
	}
	defer sink.Close()
	dir, err := rig.MakeDir(b.root, rig.RAM)
	if err != nil {
		return nil, err
	}
	db, err := rig.StartDatabase(ctx, b.root, dir, b.at, rig.RAM)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	defer func() { err = errors.Join(err, db.Remove()) }()
	s, err := rig.StartService(ctx, program, b.at, dir, "-database-url", db.URL()) // it makes the schema
	if err != nil {
		return nil, err
	}
	if err := s.Stop(); err != nil {
		return nil, err
	}
	p := pricing{benchmark: b, program: program, dir: dir, db: db, sink: sink}
	for _, load := range b.loads {
		runs := map[string][]measurement{}
		for i := range b.pairs {
			for j := range variants {
				variant := variants[(i+j)%len(variants)]
				m, err := p.runOnce(ctx, load, variant, i)
				if err != nil {
					return nil, fmt.Errorf("%s, %s: %w", load, variant, err)
				}
				runs[variant] = append(runs[variant], m)
			}
		}
		for _, variant := range variants {
			rows = append(rows, summarise(load, variant, runs[variant], runs[bare]))
		}
	}
	return rows, nil
}

// summarise makes a row of the runs of one variant; without are bare's, in the
// same rounds.
func summarise(load, variant string, runs, without []measurement) row {
	p50 := func(m measurement) float64 { return m.millis(0.50) }
	p99 := func(m measurement) float64 { return m.millis(0.99) }
	r := row{
		Part: price, Load: load, Variant: variant,
		PerSecond: rounded(medianOf(runs, measurement.perSecond), 0),
		P50:       rounded(medianOf(runs, p50), 2),
		P99:       rounded(medianOf(runs, p99), 2),
		CPU:       rounded(medianOf(runs, func(m measurement) float64 { return m.each(float64(m.cpu.Microseconds())) }), 1),
		Allocs:    rounded(medianOf(runs, func(m measurement) float64 { return m.each(float64(m.allocs)) }), 1),
	}
	if variant != bare {
		r.RateRatio = ratio(runs, without, measurement.perSecond)
		r.P50Ratio = ratio(runs, without, p50)
		r.P99Ratio = ratio(runs, without, p99)
	}
	return r
}

type pricing struct {
	*benchmark
	program, dir string
	db           *rig.Database
	sink         *rig.Sink
}

// runOnce measures one run of a service process of its own, on a database filled
// anew, and makes sure that its telemetry was what it should be.
func (p pricing) runOnce(ctx context.Context, load, variant string, i int) (m measurement, err error) {
	slots, _, err := p.db.Reset(ctx, 1, rig.Unlimited)
	if err != nil {
		return m, err
	}
	args := append([]string{"-database-url", p.db.URL()}, flags(variant, p.sink.URL)...)
	s, err := rig.StartService(ctx, p.program, p.at, p.dir, args...)
	if err != nil {
		return m, err
	}
	stopped := false
	defer func() {
		if !stopped {
			err = errors.Join(err, s.Stop())
		}
	}()
	l := rig.Load{
		Addr: s.Addr, Connections: connections, WarmUp: p.warm, Measured: p.seconds,
		Pick: rig.Uniform(1), Slots: slots, Seed: uint64(i + 1), // the variants of one round meet the same diners
	}
	if load == fixed {
		l.Rate, l.Connections = p.rate, 4*connections
	}
	if m, err = p.measureLoad(ctx, s, l, fmt.Sprintf("%s-%s-%d.pprof", load, variant, i+1)); err != nil {
		return m, err
	}
	stopped = true
	if err := s.Stop(); err != nil {
		return m, err
	}
	if _, err := p.db.Check(ctx, m.Total); err != nil {
		return m, err
	}
	p.logf("price %-9s %-4s run %d: %6.0f/s  p50 %6.2f  p99 %6.2f ms  CPU %.0f µs  %.0f allocations each", load, variant, i+1,
		m.perSecond(), m.millis(0.50), m.millis(0.99), m.each(float64(m.cpu.Microseconds())), m.each(float64(m.allocs)))
	return m, errors.Join(p.checkTelemetry(s, variant, m), ctx.Err())
}

// checkTelemetry fails a run whose telemetry was less, or more, than its variant has.
func (p pricing) checkTelemetry(s *rig.Service, variant string, m measurement) error {
	if len(m.Other) > 0 {
		return fmt.Errorf("answers that were neither booked nor sold out: %s", m.Unexpected())
	}
	said, err := s.LogSummary()
	if err != nil {
		return err
	}
	taken, err := p.sink.Drain()
	if err != nil {
		return err
	}
	return checkVolume(variant, m, said, taken)
}

// period is how often a service says that it lives, and what it has counted.
// Only a run that is measured for longer pays for both.
const period = 10 * time.Second

func checkVolume(variant string, m measurement, said rig.LogSummary, taken rig.Received) error {
	within := func(moments []time.Time) (n int) {
		for _, t := range moments {
			if !t.Before(m.from) && !t.After(m.until) {
				n++
			}
		}
		return n
	}
	whole := m.until.Sub(m.from) > period
	answers, alive, exports := len(m.Latencies), within(said.Heartbeats), within(taken.Metrics)
	switch {
	case variant == bare && (said.AccessLines > 0 || len(said.Heartbeats) > 0):
		return fmt.Errorf("%d access lines and %d heartbeats of what should say nothing", said.AccessLines, len(said.Heartbeats))
	case variant != complete && (taken.Spans > 0 || len(taken.Metrics) > 0):
		return fmt.Errorf("%d spans and %d exports of metrics that nobody asked for", taken.Spans, len(taken.Metrics))
	case variant != bare && said.AccessLines < answers:
		return fmt.Errorf("%d answers, but %d access lines", answers, said.AccessLines)
	case variant != bare && whole && alive == 0:
		return errors.New("no heartbeat while it was measured")
	case variant == complete && said.SpanLosses > 0:
		return errors.New("spans were dropped, which costs less than to send them")
	case variant == complete && taken.ServerSpans != said.AccessLines:
		return fmt.Errorf("%d access lines, but %d spans of requests", said.AccessLines, taken.ServerSpans)
	case variant == complete && (len(taken.Metrics) == 0 || whole && exports == 0):
		return fmt.Errorf("%d exports of metrics while it was measured, %d in all", exports, len(taken.Metrics))
	}
	return nil
}

// measureLoad runs the load and takes the figures that are read before and after.
func (p pricing) measureLoad(ctx context.Context, s *rig.Service, l rig.Load, profile string) (m measurement, err error) {
	var failed, unprofiled error
	note := func(err error) { failed = errors.Join(failed, err) }
	allocations := func() int64 {
		n, err := s.Allocations(ctx)
		note(err)
		return n
	}
	used := func() time.Duration {
		d, err := rig.CPUOf(s.Pid())
		note(err)
		return d
	}
	// What it costs to ask for allocations must not fall between the readings of CPU time.
	begun := func() { m.allocs = allocations(); m.cpu = used(); m.from = time.Now() }
	ended := func() { m.until = time.Now(); m.cpu = used() - m.cpu; m.allocs = allocations() - m.allocs }
	var profiling sync.WaitGroup
	if p.profile != "" {
		profiling.Go(func() {
			time.Sleep(p.warm)
			unprofiled = s.Profile(ctx, p.seconds, filepath.Join(p.profile, profile))
		})
	}
	m.Results = l.Run(ctx, begun, ended)
	profiling.Wait()
	return m, errors.Join(failed, unprofiled, ctx.Err())
}
