package main

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"jari.example/alerting/incident"
)

func TestWhyThereIsNoChartIsSaidOnce(t *testing.T) {
	var log bytes.Buffer
	report := reporter{slog.New(slog.NewTextHandler(&log, nil))}.chart()
	refused, slow := errors.New("upload the chart: missing_scope"), errors.New("upload the chart: timeout")
	for _, err := range []error{refused, refused, slow, nil, slow} {
		report(t.Context(), incident.Incident{Rule: "r"}, err)
	}
	var got []string
	for line := range strings.Lines(log.String()) {
		_, reason, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "upload the chart: ")
		got = append(got, strings.Trim(reason, `"`))
	}
	if want := "missing_scope timeout timeout"; strings.Join(got, " ") != want {
		t.Errorf("logged %q, want %s", got, want)
	}
	if !strings.Contains(log.String(), "alerting.chart.failed") {
		t.Errorf("logged %s", &log)
	}
}
