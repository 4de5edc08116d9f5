package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"log/slog"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"jari.example/telemetry"
	"jari.example/telemetry/names"
)

// plan is what a record is made of, and when it happens.
type plan struct {
	rate    float64
	spans   int64
	points  bool
	padding int
	at      time.Time
	step    time.Duration
}

// happens is when the nth record of a run happens, as it says itself.
func (p plan) happens(n int64) time.Time {
	if p.at.IsZero() {
		return time.Now()
	}
	return p.at.Add(time.Duration(n) * p.step)
}

type emitter struct {
	plan   plan
	t      *telemetry.Telemetry
	tracer trace.Tracer
	points points
}

func newEmitter(t *telemetry.Telemetry, p plan) (*emitter, error) {
	const scope = "jari.example/telemetry/cmd/telemetryemit"
	e := &emitter{plan: p, t: t, tracer: t.Traces.Tracer(scope)}
	// Observed and not recorded: a recorded one is told again by each collection.
	_, err := t.Meters.Meter(scope).Int64ObservableGauge(names.MetricEmitted, metric.WithInt64Callback(e.points.observe))
	return e, err
}

// records emits count records from the number first on, and calls emitted after
// each. Meanwhile it hands metric points over, which would otherwise wait ten
// seconds for their collection.
func (e *emitter) records(ctx context.Context, first, count int64, emitted func(n int64)) error {
	collecting, stop := context.WithCancel(ctx)
	var collector sync.WaitGroup
	collector.Go(func() { e.collect(collecting) })
	defer collector.Wait()
	defer stop()
	began := time.Now()
	for i := range count {
		if e.plan.rate > 0 {
			due := began.Add(time.Duration(float64(i) / e.plan.rate * float64(time.Second)))
			if err := pause(ctx, time.Until(due)); err != nil {
				return err
			}
		}
		if err := e.record(ctx, first+i, e.plan.happens(i)); err != nil {
			return err
		}
		emitted(first + i)
	}
	return nil
}

// record emits record n, whose line belongs to its first span.
func (e *emitter) record(ctx context.Context, n int64, at time.Time) error {
	inside := ctx
	for i := range e.plan.spans {
		spanned, span := e.tracer.Start(ctx, names.SpanEmitted, trace.WithNewRoot(), trace.WithTimestamp(at),
			trace.WithAttributes(attribute.Int64(names.Count, n*e.plan.spans+i)))
		if e.plan.padding > 0 {
			span.SetAttributes(attribute.String(names.Padding, noise(e.plan.padding)))
		}
		span.End(trace.WithTimestamp(at.Add(time.Millisecond)))
		if i == 0 {
			inside = spanned
		}
	}
	if e.plan.points {
		e.points.add(n)
	}
	line := slog.NewRecord(at, slog.LevelInfo, "record", 0)
	line.AddAttrs(slog.String(names.EventName, names.EventEmitted), slog.Int64(names.Count, n))
	return e.t.Logger.Handler().Handle(inside, line)
}

// noise is a string of n bytes.
func noise(n int) string {
	b := make([]byte, n*3/4)
	_, _ = rand.Read(b) // never fails
	return base64.StdEncoding.EncodeToString(b)
}

const collectEvery = 300 * time.Millisecond

func (e *emitter) collect(ctx context.Context) {
	for pause(ctx, collectEvery) == nil {
		if e.points.waiting() {
			_ = e.t.Meters.ForceFlush(context.WithoutCancel(ctx)) // a collection that is cut short is lost; failures are the process's to log
		}
	}
}

// handOver waits until the agent has everything, or ctx ends.
func (e *emitter) handOver(ctx context.Context) error {
	var errs []error
	for e.points.waiting() && ctx.Err() == nil {
		errs = append(errs, e.t.Meters.ForceFlush(ctx))
	}
	return errors.Join(append(errs, e.t.Traces.ForceFlush(ctx))...)
}

// points are the numbers that no collection has told yet.
type points struct {
	mu   sync.Mutex
	wait []int64
}

// mostPoints stays below the SDK's limit of attribute sets per instrument.
const mostPoints = 1000

func (p *points) add(n int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.wait = append(p.wait, n)
}

func (p *points) waiting() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.wait) > 0
}

func (p *points) observe(_ context.Context, o metric.Int64Observer) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := min(len(p.wait), mostPoints)
	for _, number := range p.wait[:n] {
		o.Observe(number, metric.WithAttributes(attribute.Int64(names.Count, number)))
	}
	p.wait = p.wait[n:]
	return nil
}

func pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
