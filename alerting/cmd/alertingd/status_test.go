package main

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"

	"jari.example/alerting/evaluate"
	"jari.example/alerting/slo"
	"jari.example/telemetry/names"
	"jari.example/telemetry/telemetrytest"
)

func TestBlindnessIsInTheLogTheMetricAndTheReadiness(t *testing.T) {
	rec := telemetrytest.Start(t)
	var log bytes.Buffer
	s := &status{log: slog.New(slog.NewTextHandler(&log, nil))}
	stop, err := s.observe()
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	check := s.ready(nil)
	ticks := func(b evaluate.Blindness, metric float64) (ready error) {
		t.Helper()
		for range 3 {
			s.set(t.Context(), evaluate.State{Blindness: b, Open: map[slo.Severity]int64{}})
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
	for _, event := range []string{names.EventBlind, names.EventBlindEnded} {
		if n := strings.Count(log.String(), names.EventName+"="+event+" ") + strings.Count(log.String(), names.EventName+"="+event+"\n"); n != 1 {
			t.Errorf("%d lines of %s, want one:\n%s", n, event, &log)
		}
	}
}

func TestAReplicaWithoutItsDatabaseSaysThatFirst(t *testing.T) {
	s := &status{log: slog.New(slog.DiscardHandler)}
	s.set(t.Context(), evaluate.State{Blindness: evaluate.Blindness{Reason: "blind"}})
	away := errors.New("the database is away")
	if err := s.ready(func(context.Context) error { return away })(t.Context()); !errors.Is(err, away) {
		t.Errorf("got %v", err)
	}
}

func TestOpenIncidentsAreReportedBySeverityOnlyByTheReplicaThatKnowsThem(t *testing.T) {
	rec := telemetrytest.Start(t)
	s := &status{log: slog.New(slog.DiscardHandler)}
	stop, err := s.observe()
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	unknown := func(when string) {
		t.Helper()
		for _, metric := range []string{names.MetricIncidentsOpen, names.MetricAlertingBlind} {
			if got, ok := rec.Value(t, metric); ok {
				t.Errorf("%s %s is %v", when, metric, got)
			}
		}
	}
	unknown("before the first tick")
	s.set(t.Context(), evaluate.State{Open: map[slo.Severity]int64{slo.Page: 2}})
	for severity, want := range map[slo.Severity]float64{slo.Page: 2, slo.Ticket: 0} {
		label := attribute.String(names.IncidentSeverity, string(severity))
		if got, ok := rec.Value(t, names.MetricIncidentsOpen, label); !ok || got != want {
			t.Errorf("of severity %s: %v (%v), want %v", severity, got, ok, want)
		}
	}
	s.set(t.Context(), evaluate.State{}) // the lease was lost
	unknown("without the lease")
}
