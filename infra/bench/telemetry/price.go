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
	"jari.example/infra/bench/proc"
	"jari.example/infra/bench/rig"
	"jari.example/internal/wait"
)

// The variants: how much telemetry the service emits.
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
		return []string{"-telemetry", "logs", "-trace-ceiling", "-1"}
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
	from, until time.Time // the measured time
}

func (m measurement) perSecond() float64 { return float64(m.Booked()) / m.Duration.Seconds() }
func (m measurement) each(n float64) float64 {
	return n / float64(max(len(m.Latencies), 1))
}
func (m measurement) millis(q float64) float64 { return bench.Millis(bench.Percentile(m.Latencies, q)) }

// measurePrice books one slot, durably, with the telemetry of each variant. The
// runs of the variants alternate, and each round begins with another one, so
// that other work of the machine affects all of them.
func (b *benchmark) measurePrice(ctx context.Context) (rows []row, err error) {
	b.Logf("price: building reservationd, starting PostgreSQL")
	program, err := rig.Build(ctx, b.Root, b.tmp, rig.Reservationd)
	if err != nil {
		return nil, err
	}
	sink, err := rig.StartSink()
	if err != nil {
		return nil, err
	}
	defer sink.Close()
	dir, err := rig.MakeDir(b.Root, rig.RAM)
	if err != nil {
		return nil, err
	}
	db, err := rig.StartDatabase(ctx, b.Root, dir, b.at, rig.RAM)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	defer func() { err = errors.Join(err, db.Remove()) }()
	s, err := rig.StartService(ctx, program, b.at, dir, "-database-url", db.URL()) // creates the schema
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

// summarise makes one row of the runs of a variant. without are the runs of
// bare in the same rounds.
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

// pricing is what the runs of the part price share.
type pricing struct {
	*benchmark
	program, dir string
	db           *rig.Database
	sink         *rig.Sink
}

// runOnce measures one run of a new service process on a reset database, and
// checks that its telemetry was that of the variant.
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
		Client: rig.Bookings(slots, rig.Uniform(1)), Seed: uint64(i + 1), // the same requests for all variants of one round
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
	if _, err := p.db.Check(ctx, m.Created); err != nil {
		return m, err
	}
	p.Logf("price %-9s %-4s run %d: %6.0f/s  p50 %6.2f  p99 %6.2f ms  CPU %.0f µs  %.0f allocations each", load, variant, i+1,
		m.perSecond(), m.millis(0.50), m.millis(0.99), m.each(float64(m.cpu.Microseconds())), m.each(float64(m.allocs)))
	return m, errors.Join(p.checkTelemetry(s, variant, m), ctx.Err())
}

// checkTelemetry fails a run that emitted less or more telemetry than its
// variant has.
func (p pricing) checkTelemetry(s *rig.Service, variant string, m measurement) error {
	if other := m.Unexpected(); other != "" {
		return fmt.Errorf("responses that were neither bookings nor refusals: %s", other)
	}
	log, err := s.LogSummary()
	if err != nil {
		return err
	}
	received, err := p.sink.Drain()
	if err != nil {
		return err
	}
	return checkVolume(variant, m, log, received)
}

// period is the interval of a service's heartbeats and metrics exports. Only a
// run that is measured for longer is sure to contain both.
const period = 10 * time.Second

func checkVolume(variant string, m measurement, log rig.LogSummary, received rig.Received) error {
	within := func(moments []time.Time) (n int) {
		for _, t := range moments {
			if !t.Before(m.from) && !t.After(m.until) {
				n++
			}
		}
		return n
	}
	long := m.until.Sub(m.from) > period
	responses, heartbeats, exports := len(m.Latencies), within(log.Heartbeats), within(received.Metrics)
	switch {
	case variant == bare && (log.AccessLines > 0 || len(log.Heartbeats) > 0):
		return fmt.Errorf("%d access lines and %d heartbeats, want none", log.AccessLines, len(log.Heartbeats))
	case variant != complete && (received.Spans > 0 || len(received.Metrics) > 0):
		return fmt.Errorf("%d spans and %d exports of metrics, want none", received.Spans, len(received.Metrics))
	case variant != bare && log.AccessLines < responses:
		return fmt.Errorf("%d responses, but %d access lines", responses, log.AccessLines)
	case variant != bare && long && heartbeats == 0:
		return errors.New("no heartbeat in the measured time")
	case variant == complete && log.SpanLosses > 0:
		return errors.New("spans were dropped, which is cheaper than sending them")
	case variant == complete && received.ServerSpans != log.AccessLines:
		return fmt.Errorf("%d access lines, but %d server spans", log.AccessLines, received.ServerSpans)
	case variant == complete && (len(received.Metrics) == 0 || long && exports == 0):
		return fmt.Errorf("%d exports of metrics in the measured time, %d in all", exports, len(received.Metrics))
	}
	return nil
}

// measureLoad runs the load and reads CPU time and allocations before and after.
func (p pricing) measureLoad(ctx context.Context, s *rig.Service, l rig.Load, profile string) (m measurement, err error) {
	var failed, unprofiled error
	note := func(err error) { failed = errors.Join(failed, err) }
	allocations := func() int64 {
		n, err := s.Allocations(ctx)
		note(err)
		return n
	}
	used := func() time.Duration {
		d, err := proc.CPU(s.Pid())
		note(err)
		return d
	}
	// Reading allocations costs CPU time and must not fall between the readings of it.
	begun := func() { m.allocs = allocations(); m.cpu = used(); m.from = time.Now() }
	ended := func() { m.until = time.Now(); m.cpu = used() - m.cpu; m.allocs = allocations() - m.allocs }
	var profiling sync.WaitGroup
	if p.Profile != "" {
		profiling.Go(func() {
			_ = wait.For(ctx, p.warm)
			unprofiled = s.Profile(ctx, p.seconds, filepath.Join(p.Profile, profile))
		})
	}
	m.Results = l.Run(ctx, begun, ended)
	profiling.Wait()
	return m, errors.Join(failed, unprofiled, ctx.Err())
}
