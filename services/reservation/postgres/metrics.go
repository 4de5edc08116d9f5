package postgres

import (
	"context"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/metric"

	"jari.example/telemetry/names"
)

// groupMetrics measure how bookings are committed.
type groupMetrics struct {
	batch  metric.Int64Histogram
	single metric.Int64Counter
	shed   metric.Int64Counter
	depth  metric.Registration
}

// newGroupMetrics also observes what queued returns, until the metrics are closed.
// Creating an instrument fails only for a malformed name.
func newGroupMetrics(queued func() int) (m groupMetrics) {
	meter := otel.Meter(scope)
	unit := metric.WithUnit("{booking}")
	m.batch, _ = meter.Int64Histogram(names.MetricBookingBatch, unit,
		metric.WithExplicitBucketBoundaries(1, 2, 4, 8, 16, 32, 64, 128, maxGroup))
	m.single, _ = meter.Int64Counter(names.MetricBookingAlone, unit)
	m.shed, _ = meter.Int64Counter(names.MetricBookingShed, unit)
	depth, _ := meter.Int64ObservableGauge(names.MetricBookingQueue, unit)
	m.depth, _ = meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		o.ObserveInt64(depth, int64(queued()))
		return nil
	}, depth)
	return m
}

func (m groupMetrics) close() { _ = m.depth.Unregister() }
