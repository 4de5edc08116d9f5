package status_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"jari.example/alerting/count"
	"jari.example/alerting/evaluate"
	"jari.example/alerting/incident"
	"jari.example/alerting/inmem"
	"jari.example/alerting/lease"
	"jari.example/alerting/notify"
	"jari.example/alerting/oncall"
	"jari.example/alerting/slo"
	"jari.example/alerting/status"
)

var now = time.Date(2026, 11, 2, 10, 0, 0, 0, time.UTC) // a Monday

const (
	openID  = "0193a000-0000-7000-8000-000000000001"
	endedID = "0193a000-0000-7000-8000-000000000002"
)

// fixture is a page over a store in memory, with an incident that is open, one that
// ended, a silence, deliveries and a planned window.
type fixture struct {
	status.Config
	t     *testing.T
	store *inmem.Store
	term  lease.Term
}

// newFixture writes text into every field that comes from logs, rules or people.
func newFixture(t *testing.T, text string) *fixture {
	t.Helper()
	timing, err := count.NewTiming(1)
	f := &fixture{t: t, store: inmem.New()}
	must(t, err)
	f.term, _, err = f.store.Acquire(t.Context(), "me", 1e6*time.Hour)
	must(t, err)
	objective := slo.SLO{
		Rule: slo.Rule{Name: "booking" + text, Title: "Bookings fail" + text}, EventLabel: "attempts" + text,
		Objective: slo.Objective{Target: 0.99, Window: 30 * slo.Day},
	}
	f.Config = status.Config{
		Store: f.store, Set: func() slo.Set { return slo.Set{SLOs: []slo.SLO{objective}} }, Plan: func() oncall.Plan { return plan(text) },
		Timing: timing, LastTick: func() evaluate.State { return evaluate.State{} }, Now: func() time.Time { return now },
		Links: notify.Links{
			Runbook: "http://run.example/{slo}", Dashboard: "http://dash.example/{dashboard}?from={from}&to={to}",
			Trace: "http://trace.example/{trace}",
		},
		Users:  status.Users{Fixed: "Mina" + text},
		Report: func(_ context.Context, err error) { t.Log(err) },
	}
	f.count(objective)
	f.incidents(text)
	must(t, f.store.Silence(t.Context(), incident.Silence{
		ID: "s", Rule: "latency" + text, From: now, Until: now.Add(time.Hour), By: "Jun" + text, Reason: "deploy" + text,
	}))
	return f
}

// count counts 30 days: 1,000 events an hour in two regions, and ten bad ones in each
// of the last 360 hours.
func (f *fixture) count(o slo.SLO) {
	from := now.Add(-30 * slo.Day)
	var buckets []count.Bucket
	for h := range 720 {
		bad := int64(0)
		if h >= 360 {
			bad = 5
		}
		for _, region := range []string{"kr", "us"} {
			at := from.Add(time.Duration(h) * time.Hour)
			buckets = append(buckets, count.Bucket{At: at, Region: region, Count: slo.Count{Good: 500 - bad, Bad: bad}})
		}
	}
	must(f.t, f.store.Save(f.t.Context(), f.term, count.Batch{
		Span: count.Span{From: from, To: now.Add(time.Minute)}, Buckets: map[slo.Key][]count.Bucket{o.Indicator.Key(f.Timing.Bucket): buckets},
	}))
}

func (f *fixture) incidents(text string) {
	at := func(minutes int) time.Time { return now.Add(time.Duration(minutes) * time.Minute) }
	open := incident.Incident{
		ID: openID, Rule: "booking" + text, Severity: slo.Page, StartedAt: at(-20), OpenedAt: at(-18), UpdatedAt: at(-1),
		Facts: incident.Facts{
			Title: "Bookings fail" + text, Affected: "diners" + text, EventLabel: "attempts" + text, Runbook: "booking" + text,
			Dashboard: "bookings" + text, SinceStart: slo.Count{Good: 40, Bad: 110}, Traces: []string{"abc" + text}, Frozen: "blind" + text,
			Silenced: &incident.Silenced{By: "Jun" + text, Reason: "known" + text}, LogLine: "x=1" + text, ErrorType: "timeout" + text,
			Diagnosis:  []slo.Finding{{Phrase: "went through", Value: "reservation 1.9.2" + text, Bad: 49, BadOf: 50, Good: 3, GoodOf: 97}},
			Dependency: "redis" + text,
		},
	}
	ended := open
	ended.ID, ended.Rule, ended.Facts.Silenced, ended.Facts.Frozen = endedID, "latency"+text, nil, ""
	ended.Facts.Alert = &incident.Alert{When: slo.When{Events: 3}, Firing: []incident.Subject{{Name: "kr" + text}}}
	for _, i := range []incident.Incident{open, ended} {
		entry := incident.Entry{At: at(-18), Kind: incident.EntryOpened, Text: "Paged" + text}
		must(f.t, f.store.Open(f.t.Context(), f.term, incident.Change{
			Incident: i, Entries: []incident.Entry{entry}, Targets: []incident.Target{{Medium: incident.Slack, Address: "pages" + text}},
		}))
	}
	_, err := f.store.Respond(f.t.Context(), endedID, func(i *incident.Incident) ([]incident.Entry, []incident.Target, error) {
		i.ResolvedAt, i.Response.ResolvedBy, i.Response.NotUseful = at(-2), "Mina"+text, []string{"Jun" + text}
		return []incident.Entry{{At: at(-2), Kind: incident.EntryNotUseful}}, nil, nil
	})
	must(f.t, err)
}

func plan(text string) oncall.Plan {
	day := func(n int) time.Time { return now.Add(time.Duration(n) * slo.Day) }
	return oncall.Plan{
		Rota: &oncall.Rota{
			Zone: time.UTC, Start: day(-7), AcknowledgeWithin: 5 * time.Minute,
			People: []oncall.Person{
				{Name: "Jun" + text, SlackID: "U2", Email: "jun@example.com"}, {Name: "Mina" + text, SlackID: "U1", Email: "mina@example.com"},
			},
			Away: []oncall.TimeAway{{Period: oncall.Period{From: day(8), To: day(9)}, Person: "Jun" + text, Reason: "holiday" + text}},
		},
		Maintenance: []oncall.Maintenance{{
			Period: oncall.Period{From: day(-1), To: day(1)}, Name: "upgrade" + text, Reason: "new version" + text,
			Rules:    []string{"latency" + text},
			Services: []string{"api" + text},
		}, {Period: oncall.Period{From: day(-2), To: day(-1)}, Name: "over"}},
	}
}

// site is where the page is.
const site = "http://127.0.0.1:8130"

// get requests a path, with headers as "Name: value".
func (f *fixture) get(path string, headers ...string) *httptest.ResponseRecorder {
	return f.send(httptest.NewRequest(http.MethodGet, site+path, nil), headers)
}

func (f *fixture) post(path string, form url.Values, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, site+path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return f.send(r, headers)
}

func (f *fixture) send(r *http.Request, headers []string) *httptest.ResponseRecorder {
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Add(name, value)
	}
	w := httptest.NewRecorder()
	status.New(f.Config).ServeHTTP(w, r)
	return w
}

// incident is one incident as it is stored.
func (f *fixture) incident(id string) incident.Incident {
	i, err := f.store.Get(f.t.Context(), id)
	must(f.t, err)
	return i
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
