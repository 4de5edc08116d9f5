package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"jari.example/infra/bench"
)

const (
	// probeRate is not a divisor of a second, the interval at which an index
	// refreshes, so that probes arrive at every phase of it.
	probeRate    = 4.7
	pollInterval = 50 * time.Millisecond
	// lossTimeout is how long a record may take until it counts as lost.
	lossTimeout = 30 * time.Second
	// loadRate is in records per second. Each is a line and a span, so 2,000
	// documents.
	loadRate = 1000
)

const (
	idle   = "idle"
	loaded = "2000/s"
)

// The emitters by service.name. Each name has a hyphen, see parts.LogGlob.
const (
	warmService   = "bench-warm"
	loadService   = "bench-load"
	outageService = "bench-outage"
)

func probeService(load string) string {
	return map[string]string{idle: "bench-idle", loaded: "bench-loaded"}[load]
}

// measureLatency measures the time from when a line or span was emitted until a
// search finds it, without and with other load.
func (b *benchmark) measureLatency(ctx context.Context, p *pipeline) (rows []row, err error) {
	// The first document of a day creates the day's index, which takes seconds.
	const first = 20
	e, err := p.emit(b.emitter, warmService, "-rate", "10", "-count", strconv.Itoa(first))
	if err != nil {
		return nil, err
	}
	if err := e.wait(ctx); err != nil {
		return nil, err
	}
	if missing, err := p.await(ctx, warmService, first, lossTimeout); err != nil || missing > 0 {
		return nil, errors.Join(err, fmt.Errorf("%d of the first %d lines and spans did not arrive", missing, first))
	}
	for _, load := range []string{idle, loaded} {
		b.Logf("latency %s: %v", load, b.watch)
		var background *emitter
		if load == loaded {
			count := int(loadRate * (b.watch + lossTimeout).Seconds())
			if background, err = p.emit(b.emitter, loadService, "-rate", strconv.Itoa(loadRate), "-count", strconv.Itoa(count)); err != nil {
				return nil, err
			}
		}
		from := time.Now()
		measured, err := b.measureProbes(ctx, p, load)
		if background != nil {
			took := time.Since(from)
			background.stop()
			n, failed := background.emitted()
			// Each record is a line and a span.
			err = errors.Join(err, failed, checkLoad(measured, 2*float64(n)/took.Seconds()))
		}
		rows = append(rows, measured...)
		if err != nil {
			return rows, err
		}
	}
	return rows, nil
}

// checkLoad sets the measured rate of the other load in rows, and fails if it
// was lower than the load that the rows are named after.
func checkLoad(rows []row, rate float64) error {
	for i := range rows {
		rows[i].PerSecond = rounded(rate, 0)
	}
	if least := 0.95 * 2 * loadRate; rate < least {
		return fmt.Errorf("the load was %.0f documents per second, want %d", rate, 2*loadRate)
	}
	return nil
}

// measureProbes measures one load: it emits probes and polls for them.
func (b *benchmark) measureProbes(ctx context.Context, p *pipeline, load string) (rows []row, err error) {
	count := int64(b.watch.Seconds() * probeRate)
	service := probeService(load)
	e, err := p.emit(b.emitter, service, "-rate", fmt.Sprint(probeRate), "-count", fmt.Sprint(count))
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, b.watch+lossTimeout)
	defer cancel()
	var watching sync.WaitGroup
	latencies, failed := make([][]time.Duration, len(recordKinds)), make([]error, len(recordKinds)+1)
	for i, kind := range recordKinds {
		watching.Go(func() { latencies[i], failed[i] = p.store.watch(ctx, kind, service, count) })
	}
	failed[len(recordKinds)] = e.wait(ctx)
	watching.Wait()
	for i, kind := range recordKinds {
		if failed[i] != nil {
			return nil, fmt.Errorf("%s, %s: %w", load, kind.name, failed[i])
		}
		lost := int(count) - len(latencies[i])
		r := row{Part: latency, Load: load, Variant: kind.name, Lost: &lost}
		if len(latencies[i]) > 0 {
			r.P50 = rounded(bench.Millis(bench.Percentile(latencies[i], 0.50)), 0)
			r.P99 = rounded(bench.Millis(bench.Percentile(latencies[i], 0.99)), 0)
		}
		rows = append(rows, r)
		b.Logf("latency %-6s %s: p50 %s  p99 %s of %d, %d lost", load, kind.name,
			formatted("%.0f ms", r.P50), formatted("%.0f ms", r.P99), len(latencies[i]), lost)
	}
	return rows, failed[len(recordKinds)]
}

// watch polls for the service's documents until it has seen count of them or ctx
// ends. It returns the time from emission to the first search that finds each,
// sorted.
func (s *store) watch(ctx context.Context, kind recordKind, service string, count int64) (latencies []time.Duration, err error) {
	seen := map[int64]bool{}
	next := int64(0) // all lower numbers are seen
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	for int64(len(seen)) < count {
		list, err := s.since(ctx, kind, service, next)
		if ctx.Err() != nil {
			break // the caller counts what is missing as lost
		}
		if err != nil {
			return nil, err
		}
		now := time.Now()
		for _, f := range list {
			if !seen[f.number] {
				seen[f.number] = true
				latencies = append(latencies, now.Sub(f.at))
			}
		}
		for seen[next] {
			next++
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
	slices.Sort(latencies)
	return latencies, nil
}
