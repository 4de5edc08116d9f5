package telemetry

import (
	"context"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"jari.example/telemetry/internal/scope"
	"jari.example/telemetry/names"
)

// PoolUse is how a connection pool is used at an instant. Timeouts counts the
// callers that got no connection in time since the pool was created.
type PoolUse struct{ Idle, Used, Max, Pending, Timeouts int64 }

// WatchPool reports what use returns as the metrics of the pool name, until the
// registration is unregistered. It is for any kind of pool.
func WatchPool(name string, use func() PoolUse) (metric.Registration, error) {
	meter := otel.Meter(scope.Name)
	// Creating an instrument fails only for an invalid name, and these are constants.
	connections, _ := meter.Int64ObservableUpDownCounter(names.MetricPoolConnections, metric.WithUnit("{connection}"))
	limit, _ := meter.Int64ObservableUpDownCounter(names.MetricPoolMax, metric.WithUnit("{connection}"))
	pending, _ := meter.Int64ObservableUpDownCounter(names.MetricPoolPending, metric.WithUnit("{request}"))
	timeouts, _ := meter.Int64ObservableCounter(names.MetricPoolTimeouts, metric.WithUnit("{timeout}"))
	pool := attribute.String(names.PoolName, name)
	all := metric.WithAttributes(pool)
	idle := metric.WithAttributes(pool, attribute.String(names.PoolState, "idle"))
	used := metric.WithAttributes(pool, attribute.String(names.PoolState, "used"))
	return meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		u := use()
		o.ObserveInt64(connections, u.Idle, idle)
		o.ObserveInt64(connections, u.Used, used)
		o.ObserveInt64(limit, u.Max, all)
		o.ObserveInt64(pending, u.Pending, all)
		o.ObserveInt64(timeouts, u.Timeouts, all)
		return nil
	}, connections, limit, pending, timeouts)
}
