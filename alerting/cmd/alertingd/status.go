package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"jari.example/alerting/evaluate"
	"jari.example/alerting/slo"
	"jari.example/telemetry/names"
)

const scope = "jari.example/alerting/cmd/alertingd"

// status reports what the last tick has found: whether counts can be trusted, in the
// log, in a metric and by /readyz; and how many incidents are open, in a metric. A
// replica without the lease knows neither: it reports no metric, and it is ready.
type status struct {
	log     *slog.Logger
	current atomic.Pointer[evaluate.State] // nil until the first tick
}

// set takes over the state that a tick has found. It logs the beginning and the end
// of blindness.
func (s *status) set(ctx context.Context, state evaluate.State) {
	before := s.current.Swap(&state)
	was := before != nil && before.Blind()
	switch {
	case state.Blind() && !was:
		s.log.ErrorContext(ctx, "telemetry cannot be trusted; no incident resolves",
			names.EventName, names.EventBlind, names.Exception, state.Reason)
	case was && !state.Blind():
		s.log.InfoContext(ctx, "telemetry can be trusted again", names.EventName, names.EventBlindEnded)
	}
}

// last is the state that the last tick has found; zero when nothing is known.
func (s *status) last() evaluate.State {
	if state := s.current.Load(); state != nil {
		return *state
	}
	return evaluate.State{}
}

// ready is a readiness check that fails when next does or while blind.
func (s *status) ready(next func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error {
		if next != nil {
			if err := next(ctx); err != nil {
				return err
			}
		}
		if state := s.current.Load(); state != nil && state.Blind() {
			return errors.New(describe(state.Blindness))
		}
		return nil
	}
}

func describe(b evaluate.Blindness) string {
	return fmt.Sprintf("blind since %s: %s", b.Since.UTC().Format(time.RFC3339), b.Reason)
}

// observe reports the metrics until stop is called.
func (s *status) observe() (stop func(), err error) {
	meter := otel.Meter(scope)
	blind, err := meter.Int64ObservableGauge(names.MetricAlertingBlind, metric.WithUnit("1"))
	if err != nil {
		return nil, err
	}
	open, err := meter.Int64ObservableGauge(names.MetricIncidentsOpen, metric.WithUnit("{incident}"))
	if err != nil {
		return nil, err
	}
	registered, err := meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		state := s.current.Load()
		if state == nil || state.Open == nil {
			return nil
		}
		value := int64(0)
		if state.Blind() {
			value = 1
		}
		o.ObserveInt64(blind, value)
		for _, severity := range []slo.Severity{slo.Page, slo.Ticket} {
			label := metric.WithAttributes(attribute.String(names.IncidentSeverity, string(severity)))
			o.ObserveInt64(open, state.Open[severity], label)
		}
		return nil
	}, blind, open)
	if err != nil {
		return nil, err
	}
	return func() { _ = registered.Unregister() }, nil
}
