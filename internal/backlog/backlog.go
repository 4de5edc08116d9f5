// Package backlog measures queues that workers consume: how many items wait, the
// age of the oldest, and how many items a worker takes in one batch.
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

// Backlog is the state of a queue.
type Backlog struct {
	Waiting int       // items
	Oldest  time.Time // when the oldest item was added; zero when the queue is empty
}

// MaxCount bounds the counting of a queue, which costs a scan. Of a longer queue
// the age says enough.
const MaxCount = 100_000

// Queue is a queue that can be measured.
type Queue interface {
	// Backlog counts at most [MaxCount] items.
	Backlog(ctx context.Context) (Backlog, error)
}

const (
	interval = 10 * time.Second // as often as metrics are collected
	timeout  = 5 * time.Second
)

// Watch measures q every 10 s until ctx ends and reports it in metrics under
// name. While measuring fails it reports no points: an unknown length is not 0.
func Watch(ctx context.Context, name string, q Queue) error {
	var last atomic.Pointer[Backlog]
	meter, attrs := otel.Meter(scope), label(name)
	// Creating an instrument fails only for a bad name, and these are constants.
	length, _ := meter.Int64ObservableGauge(names.MetricQueueLength, metric.WithUnit("{item}"))
	watch, err := meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		if b := last.Load(); b != nil {
			o.ObserveInt64(length, int64(b.Waiting), attrs)
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
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		queryCtx, cancel := context.WithTimeout(ctx, timeout)
		b, err := q.Backlog(queryCtx)
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

// WatchAge reports the age of a queue's oldest item, in seconds, until stop is
// called: 0 when since is zero, no point when it is not known.
func WatchAge(name string, oldest func() (since time.Time, known bool)) (stop func()) {
	meter, attrs := otel.Meter(scope), label(name)
	age, _ := meter.Float64ObservableGauge(names.MetricQueueAge, metric.WithUnit("s"))
	watch, _ := meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		switch since, known := oldest(); {
		case !known:
		case since.IsZero():
			o.ObserveFloat64(age, 0, attrs)
		default:
			o.ObserveFloat64(age, max(time.Since(since), 0).Seconds(), attrs)
		}
		return nil
	}, age)
	return func() { _ = watch.Unregister() }
}

// Batches is a histogram of batch sizes.
type Batches struct {
	sizes metric.Int64Histogram
	attrs []metric.RecordOption
}

// NewBatches returns the histogram of the queue called name.
func NewBatches(name string) Batches {
	sizes, _ := otel.Meter(scope).Int64Histogram(names.MetricQueueBatch, metric.WithUnit("{item}"),
		metric.WithExplicitBucketBoundaries(1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024))
	return Batches{sizes, []metric.RecordOption{label(name)}}
}

// Record counts a batch of n items; 0 is not counted.
func (b Batches) Record(ctx context.Context, n int) {
	if n > 0 {
		b.sizes.Record(ctx, int64(n), b.attrs...)
	}
}

func label(name string) metric.MeasurementOption {
	return metric.WithAttributeSet(attribute.NewSet(attribute.String(names.Queue, name)))
}
