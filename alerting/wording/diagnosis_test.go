package wording

import (
	"slices"
	"strings"
	"testing"
	"time"

	"jari.example/alerting/incident"
	"jari.example/alerting/slo"
)

var began = time.Date(2026, 11, 2, 10, 4, 0, 0, time.UTC)

func TestADiagnosisIsPlainSentences(t *testing.T) {
	version := slo.Finding{Phrase: "went through", Value: "reservation 1.9.2", Bad: 49, BadOf: 50, Good: 3, GoodOf: 97}
	since := version
	since.At = began.Add(-3 * time.Minute)
	for want, f := range map[string]slo.Finding{
		"98 % of failures but 3 % of successes went through reservation 1.9.2.":                      version,
		"98 % of failures but 3 % of successes went through reservation 1.9.2 (since 10:01:00 UTC).": since,
		"100 % of failures but no success had a failing call to postgresql.":                         {Phrase: "had a failing call to", Value: "postgresql", Bad: 9, BadOf: 9, GoodOf: 4},
		"over 99 % of failures but under 0.1 % of successes called /a.":                              {Phrase: "called", Value: "/a", Bad: 999, BadOf: 1000, Good: 1, GoodOf: 2000},
		"reservation 1.9.2 was first seen at 10:01:00 UTC, 3 min before the start.":                  {Phrase: "was first seen", Value: "reservation 1.9.2", At: since.At},
		"The objectives changed at 10:05:00 UTC.":                                                    {Phrase: "The objectives changed", At: began.Add(time.Minute)},
	} {
		i := incident.Incident{StartedAt: began, UpdatedAt: began, Facts: incident.Facts{Diagnosis: []slo.Finding{f}}}
		if got := Diagnosis(i)[0].Plain(200); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestADiagnosisHasItsCountsWhereThereIsRoom(t *testing.T) {
	version := slo.Finding{Phrase: "went through", Value: "reservation 1.9.2", Bad: 49, BadOf: 50, Good: 3, GoodOf: 97, Lift: 2.77}
	old := version // stored without its lift
	old.Lift = 0
	change := slo.Finding{Phrase: "The objectives changed", At: began}
	i := incident.Incident{StartedAt: began, UpdatedAt: began, Facts: incident.Facts{Diagnosis: []slo.Finding{version, old, change}}}
	const sentence = "98 % of failures but 3 % of successes went through reservation 1.9.2. Counted: 49 of 50 failures, 3 of 97 successes"
	if got, want := WithCounts(i), []string{sentence + "; lift 2.8.", sentence + ".", "The objectives changed at 10:04:00 UTC."}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestADiagnosisHasThreeLinesOfReadableLength(t *testing.T) {
	one := slo.Finding{Phrase: "called", Value: strings.Repeat("x", 500), Bad: 1, BadOf: 1}
	i := incident.Incident{Facts: incident.Facts{Diagnosis: []slo.Finding{one, one, one, one}}}
	lines := Diagnosis(i)
	if len(lines) != 3 || len([]rune(lines[0].Plain(1000))) > 200 {
		t.Errorf("%d lines: %v", len(lines), lines)
	}
}
