// Package backlog measures queues that workers empty: how much waits, for how
// long, and how much a worker takes at once.
package backlog

import (
	"context"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"jari.example/telemetry/names"
)

const scope = "jari.example/services/backlog"

// Backlog is what waits in a queue.
type Backlog struct {
	Waiting int
	Oldest  time.Time // since when the first waits; zero where none does
}

// CountMost bounds the counting of a queue. One that has grown so long is told
// by its age.
const CountMost = 100_000

// Queue is what can say how much waits in it.
type Queue interface {
	// Backlog counts up to [CountMost].
	Backlog(ctx context.Context) (Backlog, error)
}

const (
	every  = 10 * time.Second // as often as metrics are collected
	within = 5 * time.Second
)

// Watch looks into q, which metrics call name, every ten seconds until ctx ends.
// While it cannot look there are no points: an unknown length is not 0.
func Watch(ctx context.Context, name string, q Queue) error {
	var last atomic.Pointer[Backlog]
	meter, self := otel.Meter(scope), label(name)
	// Instruments cannot fail to be made: their names are constants.
	length, _ := meter.Int64ObservableGauge(names.MetricQueueLength, metric.WithUnit("{item}"))
	watch, err := meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		if b := last.Load(); b != nil {
			o.ObserveInt64(length, int64(b.Waiting), self)
		}
		return nil
	}, length)
	if err != nil {
		return err
	}
	defer func() { _ = watch.Unregister() }()
	stop := WatchAge(name, func() (since time.Time, known bool) {
		if b := last.Load(); b != nil {
			return b.Oldest, true
		}
		return since, false
	})
	defer stop()
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		look, cancel := context.WithTimeout(ctx, within)
		b, err := q.Backlog(look)
		cancel()
		if err == nil {
			last.Store(&b)
		} else {
			last.Store(nil)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// WatchAge reports how long ago oldest was, 0 for the zero time, until stop is
// called.
func WatchAge(name string, oldest func() (since time.Time, known bool)) (stop func()) {
	meter, self := otel.Meter(scope), label(name)
	age, _ := meter.Float64ObservableGauge(names.MetricQueueAge, metric.WithUnit("s"))
	watch, _ := meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		switch since, known := oldest(); {
		case !known:
		case since.IsZero():
			o.ObserveFloat64(age, 0, self)
		default:
			o.ObserveFloat64(age, max(time.Since(since), 0).Seconds(), self)
		}
		return nil
	}, age)
	return func() { _ = watch.Unregister() }
}

// Batches counts how much a worker takes from a queue at once.
type Batches struct {
	sizes metric.Int64Histogram
	self  []metric.RecordOption
}

// NewBatches counts for the queue called name.
func NewBatches(name string) Batches {
	sizes, _ := otel.Meter(scope).Int64Histogram(names.MetricQueueBatch, metric.WithUnit("{item}"),
		metric.WithExplicitBucketBoundaries(1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024))
	return Batches{sizes, []metric.RecordOption{label(name)}}
}

// Took counts a batch of n; none is no batch.
func (b Batches) Took(ctx context.Context, n int) {
	if n > 0 {
		b.sizes.Record(ctx, int64(n), b.self...)
	}
}

func label(name string) metric.MeasurementOption {
	return metric.WithAttributeSet(attribute.NewSet(attribute.String(names.Queue, name)))
}
