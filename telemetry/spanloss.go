package telemetry

import (
	"context"
	"errors"
	"log/slog"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"jari.example/telemetry/names"
)

// losses are spans that the agent will not get, by why.
type losses struct {
	full    int64 // they did not fit
	refused int64 // the agent would not take them
	left    int64 // the process ended first
	cause   error // the last one
}

var (
	errFull     = errors.New("the queue was full")
	errLeft     = errors.New("the process ended before the agent took them")
	errRejected = errors.New("the agent took a batch without some of its spans")
)

func (l *losses) refuse(n int64, cause error) {
	if n > 0 {
		l.refused, l.cause = l.refused+n, cause
	}
}

func (l *losses) total() int64 { return l.full + l.refused + l.left }

func (l *losses) add(more losses) {
	l.full, l.refused, l.left = l.full+more.full, l.refused+more.refused, l.left+more.left
	if more.cause != nil {
		l.cause = more.cause
	}
}

func (l *losses) say(logger *slog.Logger) {
	cause := l.cause
	switch {
	case l.left > 0:
		cause = errLeft
	case l.full > 0:
		cause = errFull
	}
	logger.Warn("spans were dropped", names.EventName, names.EventSpansDropped, names.Count, l.total(), names.Exception, cause.Error())
}

// spanMetrics are OpenTelemetry's own for a pipeline of spans.
type spanMetrics struct {
	meter     metric.Meter
	processed metric.Int64Counter // spans that went into the queue or, with error.type, did not
	exported  metric.Int64Counter // spans the agent took or, with error.type, never will
}

func newSpanMetrics(meters metric.MeterProvider) spanMetrics {
	m := spanMetrics{meter: meters.Meter(scopeName)}
	// Instruments cannot fail to be made: their names are constants.
	m.processed, _ = m.meter.Int64Counter(names.MetricSpansProcessed, metric.WithUnit("{span}"))
	m.exported, _ = m.meter.Int64Counter(names.MetricSpansExported, metric.WithUnit("{span}"))
	return m
}

// watch reports how many spans wait.
func (m spanMetrics) watch(waiting func() int64) {
	_, _ = m.meter.Int64ObservableUpDownCounter(names.MetricSpansQueued, metric.WithUnit("{span}"),
		metric.WithInt64Callback(func(_ context.Context, o metric.Int64Observer) error {
			o.Observe(waiting())
			return nil
		}))
}

var (
	queueFull  = metric.WithAttributes(attribute.String(names.ErrorType, "queue_full"))
	notTaken   = metric.WithAttributes(attribute.String(names.ErrorType, "rejected"))
	endedFirst = metric.WithAttributes(attribute.String(names.ErrorType, "shutdown"))
)

func (m spanMetrics) lose(l losses) {
	for _, one := range []struct {
		counter metric.Int64Counter
		n       int64
		why     metric.AddOption
	}{{m.processed, l.full, queueFull}, {m.exported, l.refused, notTaken}, {m.exported, l.left, endedFirst}} {
		if one.n > 0 {
			one.counter.Add(context.Background(), one.n, one.why)
		}
	}
}
