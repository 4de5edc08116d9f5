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

// runOnce resets the database, starts the service with the cell's store, runs
// the load and recounts the bookings.
func (b *benchmark) runOnce(ctx context.Context, db *rig.Database, dir string, c cell, i int) (o measurement, err error) {
	slots, spare, err := db.Reset(ctx, c.slots, c.capacity)
	if err != nil {
		return o, err
	}
	s, err := b.startService(ctx, c.store, db, dir)
	if err != nil {
		return o, err
	}
	stopped := false
	defer func() {
		if !stopped {
			err = errors.Join(err, s.Stop())
		}
	}()
	l := rig.Load{
		Addr: s.Addr, Connections: c.conns, Rate: c.rate, WarmUp: b.warm, Measured: b.seconds,
		Client: rig.Bookings(slots, c.picker), Seed: uint64(i + 1), // the same requests for all stores of one run
	}
	if c.requests > 0 {
		warm := l
		warm.WarmUp, warm.Measured, warm.Client = 0, b.warm, rig.Bookings([]int64{spare}, rig.Uniform(1))
		warm.Run(ctx, func() {}, func() {})
		l.Requests, l.Seed = b.requests, l.Seed+1000
	}
	o, err = b.measureLoad(ctx, db, s, l, c, i)
	if err != nil {
		return o, err
	}
	stopped = true
	if err := s.Stop(); err != nil {
		return o, err
	}
	if o.overbooked, err = db.Check(ctx, o.Created); err != nil {
		return o, err
	}
	spans, err := b.sink.Spans()
	if err != nil {
		return o, err
	}
	logged, err := s.AccessLines()
	if err != nil {
		return o, err
	}
	if logged < len(o.Latencies) || spans == 0 {
		return o, fmt.Errorf("telemetry is not on: %d responses, %d access lines, %d spans", len(o.Latencies), logged, spans)
	}
	b.logProgress(c, i, o, float64(spans)/float64(logged))
	return o, ctx.Err()
}

// logProgress prints a line about one run.
func (b *benchmark) logProgress(c cell, i int, o measurement, spans float64) {
	each := func(d time.Duration) float64 { return float64(d.Microseconds()) / float64(max(len(o.Latencies), 1)) }
	p99 := bench.Millis(bench.Percentile(o.Latencies, 0.99))
	line := fmt.Sprintf("%-4s %-13s %3d  %-15s run %d: %6.0f bookings/s  p99 %7.2f ms  refused %6d  overbooked %d",
		c.disk, c.name, c.conns, c.store, i+1, float64(o.Booked())/o.Duration.Seconds(), p99, o.Refused(), o.overbooked)
	line += fmt.Sprintf("  CPU µs per response: service %.0f, database %.0f  spans %.1f", each(o.cpu[0]), each(o.cpu[1]), spans)
	if other := o.Unexpected(); other != "" {
		line += "  unexpected responses: " + other
	}
	b.Logf("%s", line)
}

// startService starts reservationd with a store and all telemetry: every request
// has an access line in a file, and its spans are sent.
func (b *benchmark) startService(ctx context.Context, store string, db *rig.Database, dir string) (*rig.Service, error) {
	return rig.StartService(ctx, b.program, b.at, dir,
		"-store", store, "-database-url", db.URL(), "-otlp-endpoint", b.sink.URL, "-trace-ceiling", "-1")
}

// measureLoad runs the load and reads CPU times and statements before and after.
func (b *benchmark) measureLoad(
	ctx context.Context, db *rig.Database, s *rig.Service, l rig.Load, c cell, i int,
) (o measurement, err error) {
	var failed, unprofiled error
	note := func(err error) { failed = errors.Join(failed, err) }
	counted := func() int64 {
		n, err := db.Statements(ctx)
		note(err)
		return n
	}
	used := func() (cpu [2]time.Duration) {
		for i, pid := range []int{s.Pid(), db.Pid()} {
			d, err := proc.CPU(pid)
			note(err)
			cpu[i] = d
		}
		return cpu
	}
	var statements int64
	// The database must not count statements between the readings of its CPU time.
	begun := func() {
		statements = -counted()
		o.cpu = used()
	}
	ended := func() {
		for i, now := range used() {
			o.cpu[i] = now - o.cpu[i]
		}
		statements += counted()
	}
	var profiling sync.WaitGroup
	if b.Profile != "" {
		profiling.Go(func() {
			_ = wait.For(ctx, b.warm)
			unprofiled = s.Profile(ctx, b.seconds, b.profileFile(c, i, "pprof"))
		})
	}
	if b.Profile != "" {
		note(db.ResetStatements(ctx))
	}
	o.Results = l.Run(ctx, begun, ended)
	profiling.Wait()
	if b.Profile != "" {
		text, err := db.SlowestStatements(ctx)
		note(errors.Join(err, os.WriteFile(b.profileFile(c, i, "statements"), []byte(text), 0o644)))
	}
	if db.CountsStatements {
		o.statements = &statements
	}
	return o, errors.Join(failed, unprofiled, ctx.Err())
}

// profileFile is the path for a profile of this run.
func (b *benchmark) profileFile(c cell, i int, kind string) string {
	return filepath.Join(b.Profile, fmt.Sprintf("%s-%s-%d-%s-%d.%s", c.store, c.name, c.conns, c.disk, i+1, kind))
}
