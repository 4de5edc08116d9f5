package main

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"jari.example/alerting/evaluate"
	"jari.example/telemetry/names"
	"jari.example/telemetry/telemetrytest"
)

func TestBlindnessIsInTheLogTheMetricAndTheReadiness(t *testing.T) {
	rec := telemetrytest.Start(t)
	var log bytes.Buffer
	s := &sight{log: slog.New(slog.NewTextHandler(&log, nil))}
	stop, err := s.observe()
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	check := s.ready(nil)
	ticks := func(b evaluate.Blindness, metric float64) (ready error) {
		t.Helper()
		for range 3 {
			s.set(t.Context(), b)
		}
		if got, ok := rec.Value(t, names.MetricAlertingBlind); !ok || got != metric {
			t.Errorf("the metric is %v, want %v", got, metric)
		}
		return check(t.Context())
	}
	if err := check(t.Context()); err != nil {
		t.Errorf("before the first tick: %v", err)
	}
	if err := ticks(evaluate.Blindness{}, 0); err != nil {
		t.Errorf("with telemetry: %v", err)
	}
	since := time.Date(2026, 11, 2, 10, 7, 0, 0, time.UTC)
	if err := ticks(evaluate.Blindness{Since: since, Reason: "no heartbeats"}, 1); err == nil ||
		!strings.Contains(err.Error(), "no heartbeats") || !strings.Contains(err.Error(), "10:07") {
		t.Errorf("while blind: %v", err)
	}
	if err := ticks(evaluate.Blindness{}, 0); err != nil {
		t.Errorf("with telemetry again: %v", err)
	}
	for _, event := range []string{names.EventBlind, names.EventSees} {
		if n := strings.Count(log.String(), names.EventName+"="+event+" ") + strings.Count(log.String(), names.EventName+"="+event+"\n"); n != 1 {
			t.Errorf("%d lines of %s, want one:\n%s", n, event, &log)
		}
	}
}

func TestAReplicaWithoutItsDatabaseSaysThatFirst(t *testing.T) {
	s := &sight{log: slog.New(slog.DiscardHandler)}
	s.set(t.Context(), evaluate.Blindness{Reason: "blind"})
	away := errors.New("the database is away")
	if err := s.ready(func(context.Context) error { return away })(t.Context()); !errors.Is(err, away) {
		t.Errorf("got %v", err)
	}
}
