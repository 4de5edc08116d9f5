package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"time"

	"jari.example/telemetry/names"
)

const (
	beforeOutage  = 10 * time.Second
	countInterval = 250 * time.Millisecond
)

// measureDrain takes OpenSearch away while records keep coming, gives it back, and
// measures until everything is found that had been emitted by then. Records
// keep coming meanwhile; afterwards all are counted.
func (b *benchmark) measureDrain(ctx context.Context, p *pipeline) ([]row, error) {
	const service = outageService
	longest := 3*b.outage + lossTimeout
	e, err := p.emit(b.emitter, service, "-rate", fmt.Sprint(loadRate), "-count", fmt.Sprint(int(loadRate*(beforeOutage+b.outage+longest).Seconds())))
	if err != nil {
		return nil, err
	}
	stopped := false
	defer func() {
		if !stopped {
			e.stop()
		}
	}()
	b.logf("drain: OpenSearch goes away in %v, for %v", beforeOutage, b.outage)
	if err := pause(ctx, beforeOutage); err != nil {
		return nil, err
	}
	p.proxy.disconnect()
	if err := pause(ctx, b.outage); err != nil {
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
	missing, err := p.await(ctx, service, backlog, longest)
	if err != nil {
		return nil, err
	}
	took := time.Since(back)
	if missing > 0 {
		b.logf("drain: %d records have not come back within %v", missing, longest)
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
	b.logf("drain: %d records waited, %.1f s until the last was found; of %d in all %d are lost", 2*backlog, took.Seconds(), 2*all, lost)
	left := int(lost)
	return []row{{
		Part: drain, Load: fmt.Sprintf("%v outage", b.outage), Variant: p.agentKind,
		PerSecond: rounded(float64(2*backlog)/(beforeOutage+b.outage).Seconds(), 0),
		Drain:     rounded(took.Seconds(), 1), Lost: &left,
	}}, nil
}

// await waits until the lines and spans of the first n records are found, and
// returns how many are missing after that long.
func (p *pipeline) await(ctx context.Context, service string, n int64, longest time.Duration) (missing int64, err error) {
	for deadline := time.Now().Add(longest); ; {
		missing = 0
		over := time.Now().After(deadline)
		for _, kind := range recordKinds {
			there, err := p.store.count(ctx, kind, service, n)
			if err == nil && (there >= n || over) {
				there, err = p.store.distinct(ctx, kind, service, n) // a record that is there twice makes up for none
			}
			if err != nil {
				return 0, err
			}
			missing += max(0, n-there)
		}
		if missing == 0 || over {
			return missing, nil
		}
		if err := pause(ctx, countInterval); err != nil {
			return 0, err
		}
	}
}

// emitted is how many records it has written so far.
func (e *emitter) emitted() (int64, error) {
	text, err := os.ReadFile(e.file)
	return int64(bytes.Count(text, []byte(`"`+names.EventName+`":"`+names.EventEmitted+`"`))), err
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
