package postmortem

import (
	"flag"
	"strings"
	"testing"
	"time"

	"jari.example/alerting/incident"
	"jari.example/alerting/slo"
	"jari.example/internal/serve/servetest"
)

var update = flag.Bool("update", false, "write testdata")

func TestAPostmortemBeginsWithWhatIsKnown(t *testing.T) {
	at := func(minute int) time.Time { return time.Date(2026, 11, 2, 10, minute, 0, 0, time.UTC) }
	r := Report{
		Incident: incident.Incident{
			ID: "0193", Rule: "booking-availability", Severity: slo.Page, StartedAt: at(0), OpenedAt: at(2), ResolvedAt: at(30),
			Facts: incident.Facts{
				Title: "Bookings are failing", Affected: "diners who press Book", EventLabel: "booking attempts", Target: 0.999,
				Window: 30 * 24 * time.Hour, SinceStart: slo.Count{Good: 40, Bad: 110},
				Regions:         map[string]int64{"us-east-1": 10, "ap-northeast-2": 100},
				BudgetRemaining: 0.25, AlsoAffected: []string{"booking-latency"}, ErrorType: "timeout", Dependency: "postgresql",
				Diagnosis: []slo.Finding{
					{Phrase: "went through", Value: "reservation 1.9.2 <b>", Bad: 49, BadOf: 50, Good: 3, GoodOf: 97, At: at(0).Add(-2 * time.Minute)},
					{Phrase: "The objectives changed", At: at(0).Add(-3 * time.Minute)},
				},
				LogLine: "status=503 reason=\"a `b` <c>\n@here\"",
			},
			Response: incident.Response{AcknowledgedAt: at(4), Assignee: "Mina"},
		},
		Timeline: []incident.Entry{
			{At: at(2), Kind: incident.EntryOpened, Text: "Paged: the burn rate was 700 | <b>\nx"},
			{At: at(2), Kind: incident.EntryNotified, Actor: "Mina"},
			{At: at(4), Kind: incident.EntryAcknowledged, Actor: "Mina", Text: "Acknowledged by Mina after 2 min."},
			{At: at(30), Kind: incident.EntryResolved, Text: "Resolved after 30 min."},
		},
		Runbook: "https://run.example/booking", Dashboard: "https://kibana.example/d", Traces: []string{"https://kibana.example/t/1"},
	}
	var b strings.Builder
	if err := Write(&b, r); err != nil {
		t.Fatal(err)
	}
	servetest.Golden(t, "resolved.md", []byte(b.String()), *update)
	r.ResolvedAt, r.Response = time.Time{}, incident.Response{}
	b.Reset()
	if err := Write(&b, r); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(b.String(), "| Resolved | not yet |") || strings.Contains(b.String(), "| Acknowledged |") {
		t.Errorf("of an open incident:\n%s", &b)
	}
}
