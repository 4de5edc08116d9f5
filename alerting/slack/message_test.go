package slack

import (
	"flag"
	"maps"
	"strings"
	"testing"
	"time"

	"jari.example/alerting/incident"
	"jari.example/alerting/notify"
	"jari.example/alerting/slack/slacktest"
	"jari.example/alerting/slo"
	"jari.example/internal/serve/servetest"
)

var update = flag.Bool("update", false, "rewrite golden files")

var links = notify.Links{
	Runbook:   "https://run.example/runbooks/{slo}",
	Dashboard: "https://kibana.example/d/{dashboard}?from={from}&to={to}",
	Trace:     "https://kibana.example/traces/{trace}",
	Status:    "https://alerting.example/status#{incident}",
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
	maps.Copy(all, responded())
	for name, i := range all {
		t.Run(name, func(t *testing.T) {
			golden(t, name, render(i, links, i.Severity == slo.Ticket))
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

// responded are incidents about which people did something.
func responded() map[string]incident.Incident {
	at := openIncident().OpenedAt
	with := func(change func(*incident.Incident)) incident.Incident {
		i := openIncident()
		i.Response.Notified = []incident.Notified{
			{Name: "Minsu Kim", SlackID: "U0ONCALL01", At: at}, {Name: "Dana Lee", SlackID: "<!here>", At: at.Add(5 * time.Minute)},
		}
		i.UpdatedAt = at.Add(15 * time.Minute)
		change(&i)
		return i
	}
	return map[string]incident.Incident{
		"evidence": with(func(i *incident.Incident) {
			i.Facts.ErrorType, i.Facts.Dependency = "connection_refused", "postgres"
			i.Facts.LogLine = `{"msg":"insert <reservation>: dial tcp: *refused* @here"}`
			i.Facts.Diagnosis = []slo.Finding{
				{Phrase: "went through", Value: "reservation *1.9.2*", Bad: 49, BadOf: 50, Good: 3, GoodOf: 97, At: at.Add(-20 * time.Minute)},
				{Phrase: "had a failing call to", Value: "postgresql", Bad: 50, BadOf: 50, GoodOf: 97},
				{Phrase: "The objectives changed", At: i.StartedAt.Add(-3 * time.Minute)},
			}
			i.Facts.Traces = []string{"a1", "b2", "c3", "d4"}
		}),
		"acknowledged": with(func(i *incident.Incident) {
			i.Response.AcknowledgedAt, i.Response.Assignee = at.Add(6*time.Minute), "Dana Lee"
			i.Response.MailedAt = at.Add(5 * time.Minute)
		}),
		"ticket mentions nobody": with(func(i *incident.Incident) { i.Severity = slo.Ticket }),
		"silenced": with(func(i *incident.Incident) {
			i.Facts.Silenced = &incident.Silenced{Until: at.Add(time.Hour), By: "Dana Lee", Reason: "a known fault"}
		}),
		"silenced until it resolves": with(func(i *incident.Incident) { i.Facts.Silenced = &incident.Silenced{By: "Dana Lee"} }),
		"maintenance": with(func(i *incident.Incident) {
			i.Facts.Silenced = &incident.Silenced{Until: at.Add(time.Hour), Maintenance: "postgres-upgrade", Reason: "PostgreSQL 19"}
		}),
		"resolved by a person": with(func(i *incident.Incident) {
			i.ResolvedAt, i.Response.ResolvedBy = at.Add(7*time.Minute), "Dana Lee"
			i.Response.AcknowledgedAt, i.Response.Assignee = at.Add(6*time.Minute), "Dana Lee"
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
	waits.Facts.EndsAfter = &incident.EndsAfter{Needed: 1, LastEvent: at.Add(time.Minute)}
	over := absent
	over.ResolvedAt = at.Add(9 * time.Minute)
	return map[string]incident.Incident{"absent": absent, "events": events, "share": share, "share waits": waits, "absent resolved": over}
}

// golden compares what a reader sees.
func golden(t *testing.T, name string, m message) {
	t.Helper()
	shown, err := slacktest.Shown(m.blocks)
	if err != nil {
		t.Fatal(err)
	}
	got := "notification: " + m.text + "\n\n" + shown + "\n\nwithout blocks:\n" + m.alone + "\n"
	servetest.Golden(t, strings.ReplaceAll(name, " ", "_")+".txt", []byte(got), *update)
}
