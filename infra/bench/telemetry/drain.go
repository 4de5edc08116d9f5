package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"time"

	"jari.example/internal/wait"
	"jari.example/telemetry/names"
)

const (
	beforeOutage  = 10 * time.Second
	countInterval = 250 * time.Millisecond
)

// measureDrain makes OpenSearch unreachable while records are emitted, makes it
// reachable again, and measures how long it takes until everything that had
// been emitted by then is searchable. Records are emitted all the time; at the
// end all of them are counted.
func (b *benchmark) measureDrain(ctx context.Context, p *pipeline) ([]row, error) {
	const service = outageService
	limit := 3*b.outage + lossTimeout
	count := int(loadRate * (beforeOutage + b.outage + limit).Seconds())
	e, err := p.emit(b.emitter, service, "-rate", fmt.Sprint(loadRate), "-count", fmt.Sprint(count))
	if err != nil {
		return nil, err
	}
	stopped := false
	defer func() {
		if !stopped {
			e.stop()
		}
	}()
	b.Logf("drain: OpenSearch will be unreachable in %v, for %v", beforeOutage, b.outage)
	if err := wait.For(ctx, beforeOutage); err != nil {
		return nil, err
	}
	p.proxy.disconnect()
	if err := wait.For(ctx, b.outage); err != nil {
		return nil, err
	}
	backlog, err := e.emitted()
	if err != nil {
		return nil, err
	}
	back := time.Now()
	if err := p.proxy.connect(); err != nil {
		return nil, err
	}
	missing, err := p.await(ctx, service, backlog, limit)
	if err != nil {
		return nil, err
	}
	took := time.Since(back)
	if missing > 0 {
		b.Logf("drain: %d records were not searchable within %v", missing, limit)
	}
	e.stop()
	stopped = true
	all, err := e.emitted()
	if err != nil {
		return nil, err
	}
	lost, err := p.await(ctx, service, all, lossTimeout)
	if err != nil {
		return nil, err
	}
	b.Logf("drain: %d records emitted before the end of the outage, the last searchable %.1f s after it; %d of %d records lost",
		2*backlog, took.Seconds(), lost, 2*all)
	lostRecords := int(lost)
	return []row{{
		Part: drain, Load: fmt.Sprintf("%v outage", b.outage), Variant: p.agentKind,
		PerSecond: rounded(float64(2*backlog)/(beforeOutage+b.outage).Seconds(), 0),
		Drain:     rounded(took.Seconds(), 1), Lost: &lostRecords,
	}}, nil
}

// await waits until the lines and spans of the first n records are searchable,
// and returns how many are still missing after limit.
func (p *pipeline) await(ctx context.Context, service string, n int64, limit time.Duration) (missing int64, err error) {
	for deadline := time.Now().Add(limit); ; {
		missing = 0
		over := time.Now().After(deadline)
		for _, kind := range recordKinds {
			found, err := p.store.count(ctx, kind, service, n)
			if err == nil && (found >= n || over) {
				found, err = p.store.distinct(ctx, kind, service, n) // a duplicate must not hide a loss
			}
			if err != nil {
				return 0, err
			}
			missing += max(0, n-found)
		}
		if missing == 0 || over {
			return missing, nil
		}
		if err := wait.For(ctx, countInterval); err != nil {
			return 0, err
		}
	}
}

// emitted is how many records the emitter has written so far.
func (e *emitter) emitted() (int64, error) {
	text, err := os.ReadFile(e.file)
	return int64(bytes.Count(text, []byte(`"`+names.EventName+`":"`+names.EventEmitted+`"`))), err
}
