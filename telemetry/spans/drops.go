package spans

import (
	"context"
	"errors"
	"log/slog"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"jari.example/telemetry/internal/scope"
	"jari.example/telemetry/names"
)

// drops counts spans that will not reach the agent, by reason.
type drops struct {
	queueFull int64
	rejected  int64 // by the agent
	shutdown  int64 // the process ended first
	cause     error // of the last rejection
}

var (
	errQueueFull = errors.New("the span queue was full")
	errShutdown  = errors.New("the process ended before the agent accepted them")
	errRejected  = errors.New("the agent accepted a batch but rejected some of its spans")
)

func (d *drops) reject(n int64, cause error) {
	if n > 0 {
		d.rejected, d.cause = d.rejected+n, cause
	}
}

func (d *drops) total() int64 { return d.queueFull + d.rejected + d.shutdown }

func (d *drops) add(more drops) {
	d.queueFull += more.queueFull
	d.rejected += more.rejected
	d.shutdown += more.shutdown
	if more.cause != nil {
		d.cause = more.cause
	}
}

func (d *drops) log(logger *slog.Logger) {
	cause := d.cause
	switch {
	case d.shutdown > 0:
		cause = errShutdown
	case d.queueFull > 0:
		cause = errQueueFull
	}
	logger.Warn("spans dropped", names.EventName, names.EventSpansDropped, names.Count, d.total(), names.Exception, cause.Error())
}

// metrics are OpenTelemetry's own metrics of a span processor and its exporter.
type metrics struct {
	meter     metric.Meter
	processed metric.Int64Counter // spans queued or, with error.type, not queued
	exported  metric.Int64Counter // spans the agent accepted or, with error.type, never will
}

func newMetrics(meters metric.MeterProvider) metrics {
	m := metrics{meter: meters.Meter(scope.Name)}
	// Creating an instrument fails only for an invalid name, and these are constants.
	m.processed, _ = m.meter.Int64Counter(names.MetricSpansProcessed, metric.WithUnit("{span}"))
	m.exported, _ = m.meter.Int64Counter(names.MetricSpansExported, metric.WithUnit("{span}"))
	return m
}

// observeQueue reports the number of spans that wait.
func (m metrics) observeQueue(waiting func() int64) {
	_, _ = m.meter.Int64ObservableUpDownCounter(names.MetricSpansQueued, metric.WithUnit("{span}"),
		metric.WithInt64Callback(func(_ context.Context, o metric.Int64Observer) error {
			o.Observe(waiting())
			return nil
		}))
}

var (
	typeQueueFull = metric.WithAttributes(attribute.String(names.ErrorType, "queue_full"))
	typeRejected  = metric.WithAttributes(attribute.String(names.ErrorType, "rejected"))
	typeShutdown  = metric.WithAttributes(attribute.String(names.ErrorType, "shutdown"))
)

func (m metrics) count(d drops) {
	for _, c := range []struct {
		counter   metric.Int64Counter
		n         int64
		errorType metric.AddOption
	}{{m.processed, d.queueFull, typeQueueFull}, {m.exported, d.rejected, typeRejected}, {m.exported, d.shutdown, typeShutdown}} {
		if c.n > 0 {
			c.counter.Add(context.Background(), c.n, c.errorType)
		}
	}
}
