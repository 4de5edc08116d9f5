package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"jari.example/infra/bench"
)

// once fills the database, starts the service with the cell's store, loads it,
// and recounts what became of it.
func (b *benchmark) once(ctx context.Context, db *database, dir string, c cell, i int) (o outcome, err error) {
	slots, spare, err := db.fill(ctx, c.slots, c.capacity)
	if err != nil {
		return o, err
	}
	s, err := startService(ctx, b.program, c.store, db.url(), b.sink, b.at, dir)
	if err != nil {
		return o, err
	}
	stopped := false
	defer func() {
		if !stopped {
			err = errors.Join(err, s.stop())
		}
	}()
	l := load{
		addr: s.addr, conns: c.conns, warm: b.warm, measured: b.seconds,
		pick: c.pick, slots: slots, seed: uint64(i + 1), // the stores of one run meet the same diners
	}
	if c.requests > 0 {
		warm := l
		warm.warm, warm.measured, warm.pick, warm.slots = 0, b.warm, evenly(1), []int64{spare}
		warm.run(ctx, func() {}, func() {})
		l.requests, l.seed = b.requests, l.seed+1000
	}
	o, err = b.watch(ctx, db, s, l, c, i)
	if err != nil {
		return o, err
	}
	stopped = true
	if err := s.stop(); err != nil {
		return o, err
	}
	if o.overbooked, err = db.check(ctx, o.total); err != nil {
		return o, err
	}
	spans, err := b.sink.spans()
	if err != nil {
		return o, err
	}
	logged, err := s.logged()
	if err != nil {
		return o, err
	}
	answered := len(o.times)
	if logged < answered || spans == 0 {
		return o, fmt.Errorf("telemetry is not on: %d answers, %d access lines, %d spans", answered, logged, spans)
	}
	b.say("%-4s %-13s %3d  %-15s run %d: %6.0f bookings/s  p99 %7.2f ms  refused %6d  overbooked %d  %.1f spans per request%s",
		c.disk, c.name, c.conns, c.store, i+1, float64(o.booked)/o.took.Seconds(), bench.Millis(bench.Percentile(o.times, 0.99)), o.refused, o.overbooked,
		float64(spans)/float64(logged), map[bool]string{true: "  also answered: " + o.unexpected()}[len(o.other) > 0])
	return o, ctx.Err()
}

// watch runs the load and takes the figures that are read before and after.
func (b *benchmark) watch(ctx context.Context, db *database, s *service, l load, c cell, i int) (o outcome, err error) {
	var failed, unprofiled error
	var cpu [2]time.Duration
	var said [2]*int64
	read := func(at int) func() {
		return func() {
			var err, too error
			if at == 1 { // the end first: it ends with the load
				cpu[at], err = cpuOf(s.pid(), db.pid())
			}
			said[at], too = db.statements(ctx)
			if at == 0 {
				cpu[at], err = cpuOf(s.pid(), db.pid())
			}
			failed = errors.Join(failed, err, too)
		}
	}
	var profiling sync.WaitGroup
	if b.profile != "" {
		profiling.Go(func() {
			pause(ctx, b.warm)
			file := fmt.Sprintf("%s-%s-%d-%s-%d.pprof", c.store, c.name, c.conns, c.disk, i+1)
			unprofiled = s.profile(ctx, b.seconds, filepath.Join(b.profile, file))
		})
	}
	o.answers = l.run(ctx, read(0), read(1))
	profiling.Wait()
	o.cpu = cpu[1] - cpu[0]
	if said[0] != nil && said[1] != nil {
		n := *said[1] - *said[0]
		o.statements = &n
	}
	return o, errors.Join(failed, unprofiled, ctx.Err())
}
