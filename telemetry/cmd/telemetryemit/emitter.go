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
	"golang.org/x/time/rate"

	"jari.example/telemetry"
	"jari.example/telemetry/names"
)

// plan describes the records of a run.
type plan struct {
	rate    float64 // records per second; 0: unlimited
	spans   int64   // per record
	points  bool
	padding int // random bytes per span
	at      time.Time
	step    time.Duration
}

// eventTime is the event time of the nth record of a run.
func (p plan) eventTime(n int64) time.Time {
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
	// An observable gauge: a synchronous one would repeat its value in each collection.
	_, err := t.Meters.Meter(scope).Int64ObservableGauge(names.MetricEmitted, metric.WithInt64Callback(e.points.observe))
	return e, err
}

// limiter paces the records of one run. It starts with one token. Up to a second
// of delay is caught up.
func (p plan) limiter() *rate.Limiter {
	if p.rate == 0 {
		return rate.NewLimiter(rate.Inf, 0)
	}
	burst := max(1, int(p.rate))
	l := rate.NewLimiter(rate.Limit(p.rate), burst)
	l.AllowN(time.Now(), burst-1)
	return l
}

// records emits count records, numbered from first, and calls emitted after each.
// Meanwhile it flushes metric points, which would otherwise wait ten seconds for
// their collection.
func (e *emitter) records(ctx context.Context, first, count int64, emitted func(n int64)) error {
	flushing, stop := context.WithCancel(ctx)
	var flusher sync.WaitGroup
	flusher.Go(func() { e.flushPoints(flushing) })
	defer flusher.Wait()
	defer stop()
	limiter := e.plan.limiter()
	for i := range count {
		if err := limiter.Wait(ctx); err != nil {
			return err
		}
		if err := e.record(ctx, first+i, e.plan.eventTime(i)); err != nil {
			return err
		}
		emitted(first + i)
	}
	return nil
}

// record emits record n. Its line belongs to its first span.
func (e *emitter) record(ctx context.Context, n int64, at time.Time) error {
	lineCtx := ctx
	for i := range e.plan.spans {
		spanCtx, span := e.tracer.Start(ctx, names.SpanEmitted, trace.WithNewRoot(), trace.WithTimestamp(at),
			trace.WithAttributes(attribute.Int64(names.Count, n*e.plan.spans+i)))
		if e.plan.padding > 0 {
			span.SetAttributes(attribute.String(names.Padding, randomText(e.plan.padding)))
		}
		span.End(trace.WithTimestamp(at.Add(time.Millisecond)))
		if i == 0 {
			lineCtx = spanCtx
		}
	}
	if e.plan.points {
		e.points.add(n)
	}
	line := slog.NewRecord(at, slog.LevelInfo, "record", 0)
	line.AddAttrs(slog.String(names.EventName, names.EventEmitted), slog.Int64(names.Count, n))
	return e.t.Logger.Handler().Handle(lineCtx, line)
}

// randomText returns a random string of n bytes.
func randomText(n int) string {
	b := make([]byte, n*3/4)
	_, _ = rand.Read(b) // never fails
	return base64.StdEncoding.EncodeToString(b)
}

const pointsInterval = 300 * time.Millisecond

// flushPoints collects and exports metric points until ctx ends.
func (e *emitter) flushPoints(ctx context.Context) {
	tick := time.NewTicker(pointsInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if e.points.waiting() {
			// Not with ctx: a collection that is interrupted is lost. Package telemetry
			// logs failures.
			_ = e.t.Meters.ForceFlush(context.WithoutCancel(ctx))
		}
	}
}

// flush waits until the agent has accepted everything, or ctx ends.
func (e *emitter) flush(ctx context.Context) error {
	var errs []error
	for e.points.waiting() && ctx.Err() == nil {
		errs = append(errs, e.t.Meters.ForceFlush(ctx))
	}
	return errors.Join(append(errs, e.t.Traces.ForceFlush(ctx))...)
}

// points are the numbers that no collection has included yet.
type points struct {
	mu      sync.Mutex
	numbers []int64
}

// maxPoints per collection is below the SDK's limit of attribute sets per instrument.
const maxPoints = 1000

func (p *points) add(n int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.numbers = append(p.numbers, n)
}

func (p *points) waiting() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.numbers) > 0
}

func (p *points) observe(_ context.Context, o metric.Int64Observer) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := min(len(p.numbers), maxPoints)
	for _, number := range p.numbers[:n] {
		o.Observe(number, metric.WithAttributes(attribute.Int64(names.Count, number)))
	}
	p.numbers = p.numbers[n:]
	return nil
}
