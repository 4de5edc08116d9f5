package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/metric"

	"jari.example/alerting/evaluate"
	"jari.example/telemetry/names"
)

const scope = "jari.example/alerting/cmd/alertingd"

// sight tells operators whether counts can be trusted: in the log, in a metric and
// by /readyz. A replica without the lease does not know, and says that they can.
type sight struct {
	log     *slog.Logger
	current atomic.Pointer[evaluate.Blindness] // nil until the first tick
}

// set takes over what a tick has found. It logs the beginning and the end.
func (s *sight) set(ctx context.Context, b evaluate.Blindness) {
	before := s.current.Swap(&b)
	was := before != nil && before.Blind()
	switch {
	case b.Blind() && !was:
		s.log.ErrorContext(ctx, "telemetry cannot be trusted; no incident resolves", names.EventName, names.EventBlind, names.Exception, b.Reason)
	case was && !b.Blind():
		s.log.InfoContext(ctx, "telemetry can be trusted again", names.EventName, names.EventSees)
	}
}

// ready is a readiness check that fails when next does or while blind.
func (s *sight) ready(next func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error {
		if next != nil {
			if err := next(ctx); err != nil {
				return err
			}
		}
		if b := s.current.Load(); b != nil && b.Blind() {
			return errors.New(describe(*b))
		}
		return nil
	}
}

func describe(b evaluate.Blindness) string {
	return fmt.Sprintf("blind since %s: %s", b.Since.UTC().Format(time.RFC3339), b.Reason)
}

// observe reports the metric until stop is called.
func (s *sight) observe() (stop func(), err error) {
	meter := otel.Meter(scope)
	gauge, err := meter.Int64ObservableGauge(names.MetricAlertingBlind, metric.WithUnit("1"))
	if err != nil {
		return nil, err
	}
	registered, err := meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		if b := s.current.Load(); b != nil {
			value := int64(0)
			if b.Blind() {
				value = 1
			}
			o.ObserveInt64(gauge, value)
		}
		return nil
	}, gauge)
	if err != nil {
		return nil, err
	}
	return func() { _ = registered.Unregister() }, nil
}
