package slack

import (
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	slackapi "github.com/slack-go/slack"

	"jari.example/alerting/incident"
	"jari.example/alerting/notify"
	"jari.example/alerting/slo"
)

var update = flag.Bool("update", false, "rewrite golden files")

var links = notify.Links{
	Runbook:   "https://run.example/runbooks/{slo}",
	Dashboard: "https://kibana.example/d/{dashboard}?from={from}&to={to}",
	Trace:     "https://kibana.example/traces/{trace}",
}

func openIncident() incident.Incident {
	at := time.Date(2026, 11, 22, 23, 50, 12, 0, time.UTC)
	return incident.Incident{
		ID: "0193-id", SLO: "booking-availability", Severity: slo.Page,
		StartedAt: at, OpenedAt: at.Add(30 * time.Second), UpdatedAt: at.Add(2 * time.Minute),
		Facts: incident.Facts{
			Title: "Bookings are failing", EventLabel: "booking attempts", Affected: "diners who press <Book>",
			Dashboard: "bookings-right-now", Target: 0.999, Window: 30 * 24 * time.Hour, Scale: 1,
			Pair:     slo.WindowPair{Severity: slo.Page, Long: time.Hour, Short: 5 * time.Minute, Burn: 14.4},
			LongBurn: 312.4, Long: slo.Count{Good: 688, Bad: 312}, Short: slo.Count{Good: 20, Bad: 300}, SinceStart: slo.Count{Good: 25, Bad: 312},
			BudgetRemaining: 0.566, ExhaustedAt: at.Add(2*time.Minute + 78*time.Minute),
			Regions: map[string]int64{"ap-northeast-2": 300, "us-east-1": 12}, Traces: []string{"0af7651916cd43dd8448eb211c80319c"},
		},
	}
}

func TestMessageTexts(t *testing.T) {
	shortened := openIncident()
	shortened.Facts.Scale, shortened.Facts.Window = 60, 12*time.Hour
	shortened.Facts.Pair.Long, shortened.Facts.Pair.Short = time.Minute, 5*time.Second
	exhausted := openIncident()
	exhausted.Facts.BudgetRemaining = -0.25
	resolved := openIncident()
	resolved.ResolvedAt = resolved.StartedAt.Add(7 * time.Minute)
	resolved.UpdatedAt = resolved.ResolvedAt
	for name, i := range map[string]incident.Incident{
		"open": openIncident(), "shortened": shortened, "exhausted": exhausted, "resolved": resolved,
	} {
		t.Run(name, func(t *testing.T) {
			text, blocks := render(i, links)
			golden(t, name, text, blocks)
		})
	}
}

// golden compares the visible text, one paragraph per block.
func golden(t *testing.T, name, text string, blocks []slackapi.Block) {
	t.Helper()
	got := "notification: " + text + "\n"
	for _, b := range blocks {
		switch b := b.(type) {
		case *slackapi.HeaderBlock:
			got += "\n" + b.Text.Text + "\n"
		case *slackapi.SectionBlock:
			got += "\n" + b.Text.Text + "\n"
		case *slackapi.ContextBlock:
			got += "\n" + b.ContextElements.Elements[0].(*slackapi.TextBlockObject).Text + "\n"
		default:
			t.Errorf("a %T is not compared", b)
		}
	}
	file := filepath.Join("testdata", name+".txt")
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (run with -update if the new text is right):\n%s", file, got)
	}
}

func TestNumbersAreRoundedForReaders(t *testing.T) {
	for got, want := range map[string]string{
		percent(0.9999): "over 99 %", percent(1): "100 %", percent(0.0001): "under 0.1 %", percent(0): "0 %", percent(0.025): "2.5 %",
		duration(5 * time.Second): "5 s", duration(5 * time.Minute): "5 min", duration(6 * time.Hour): "6 h", duration(720 * time.Hour): "30 d",
		duration(90 * time.Second): "1.5 min",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
