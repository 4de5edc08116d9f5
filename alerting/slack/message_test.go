package slack

import (
	"flag"
	"maps"
	"os"
	"path/filepath"
	"strings"
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
		ID: "0193-id", Rule: "booking-availability", Severity: slo.Page,
		StartedAt: at, OpenedAt: at.Add(30 * time.Second), UpdatedAt: at.Add(2 * time.Minute),
		Facts: incident.Facts{
			Title: "Bookings are failing", EventLabel: "booking attempts", Affected: "diners who press <Book>",
			Dashboard: "bookings-right-now", Target: 0.999, Window: 30 * 24 * time.Hour, Scale: 1,
			Pair:     slo.WindowPair{Severity: slo.Page, Long: time.Hour, Short: 5 * time.Minute, Burn: 14.4},
			LongBurn: 312.4, Long: slo.Count{Good: 688, Bad: 312}, Short: slo.Count{Good: 20, Bad: 300}, SinceStart: slo.Count{Good: 25, Bad: 312},
			BudgetRemaining: 0.566, Spending: slo.Spending{BurnRate: 312.4, Over: time.Hour}, ExhaustedAt: at.Add(2*time.Minute + 78*time.Minute),
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
	all := map[string]incident.Incident{
		"open": openIncident(), "shortened": shortened, "exhausted": exhausted, "resolved": resolved,
	}
	maps.Copy(all, changed())
	maps.Copy(all, directAlerts())
	for name, i := range all {
		t.Run(name, func(t *testing.T) {
			text, blocks := render(i, links)
			golden(t, name, text, blocks)
		})
	}
}

// changed are incidents of an SLO with something more to say.
func changed() map[string]incident.Incident {
	at := openIncident().StartedAt
	with := func(change func(*incident.Incident)) incident.Incident {
		i := openIncident()
		change(&i)
		return i
	}
	return map[string]incident.Incident{
		"ticket": with(func(i *incident.Incident) {
			i.Severity = slo.Ticket
			i.Facts.Pair = slo.WindowPair{Severity: slo.Ticket, Long: 24 * time.Hour, Short: 2 * time.Hour, Burn: 3}
			i.Facts.BudgetKnown = at.Add(-8 * 24 * time.Hour)
			i.Facts.Spending = slo.Spending{BurnRate: 4.2, Over: 24 * time.Hour}
		}),
		"nobody tries": with(func(i *incident.Incident) {
			i.Facts.EndsAfter = &incident.EndsAfter{Needed: 2, LastEvent: at.Add(time.Minute)}
			i.Facts.LastBad = at.Add(time.Minute)
			i.Facts.Frozen = "Telemetry is blind (agent in <kr>)"
		}),
		"some good again": with(func(i *incident.Incident) {
			i.Facts.EndsAfter = &incident.EndsAfter{Seen: 3, Needed: 21, LastEvent: at.Add(90 * time.Second)}
			i.Facts.LastBad = at.Add(time.Minute)
		}),
		"comes and goes": with(func(i *incident.Incident) {
			i.Facts.Reopened, i.Facts.AlsoAffected = 2, []string{"login-availability", "search-latency"}
		}),
		"withdrawn": with(func(i *incident.Incident) {
			i.Facts.Withdrawn, i.ResolvedAt = true, at.Add(5*time.Minute)
		}),
	}
}

// directAlerts are incidents of alerts without a budget.
func directAlerts() map[string]incident.Incident {
	at := openIncident().StartedAt
	with := func(f incident.Facts) incident.Incident {
		f.Title, f.Affected, f.Dashboard, f.Runbook, f.Scale = "Something is wrong", "everybody", "d", "shared <page>", 1
		return incident.Incident{ID: "0193-id", Rule: "something-wrong", Severity: slo.Page,
			StartedAt: at, OpenedAt: at.Add(30 * time.Second), UpdatedAt: at.Add(2 * time.Minute), Facts: f}
	}
	absent := with(incident.Facts{Alert: &incident.Alert{
		When: slo.When{Within: 3 * time.Minute, Absent: true}, Fired: []string{"search in kr", "user in us"},
		Firing: []incident.Subject{{Name: "search in kr", LastEvent: at}, {Name: "user in us"}},
	}})
	events := with(incident.Facts{SinceStart: slo.Count{Bad: 9}, Regions: map[string]int64{"ap-northeast-2": 9}, Alert: &incident.Alert{
		When: slo.When{Within: 10 * time.Minute, Events: 1}, Fired: []string{""}, Firing: []incident.Subject{{Count: slo.Count{Bad: 4}}},
	}})
	share := with(incident.Facts{SinceStart: slo.Count{Good: 1, Bad: 29}, Alert: &incident.Alert{
		When:  slo.When{Within: 5 * time.Minute, BadShare: 0.9, MinEvents: 10},
		Fired: []string{"pool of user"}, Firing: []incident.Subject{{Name: "pool of user", Count: slo.Count{Good: 1, Bad: 19}}},
	}})
	waits := share
	waits.Facts.EndsAfter = &incident.EndsAfter{Needed: 10, LastEvent: at.Add(time.Minute)}
	over := absent
	over.ResolvedAt = at.Add(9 * time.Minute)
	return map[string]incident.Incident{"absent": absent, "events": events, "share": share, "share waits": waits, "absent resolved": over}
}

func TestAHeaderFitsSlacksLimit(t *testing.T) {
	i := openIncident()
	i.Facts.Title = strings.Repeat("예약", 100)
	_, blocks := render(i, links)
	if n := len([]rune(blocks[0].(*slackapi.HeaderBlock).Text.Text)); n != maxHeader {
		t.Errorf("the header has %d characters, want %d", n, maxHeader)
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
	file := filepath.Join("testdata", strings.ReplaceAll(name, " ", "_")+".txt")
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
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
