package incident_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"jari.example/alerting/incident"
	"jari.example/alerting/inmem"
	"jari.example/alerting/slo"
)

var (
	mina = incident.Actor{ID: "U1", Name: "Mina"}
	jo   = incident.Actor{Name: "Jo"}
)

// responding is an open incident, a clock, and who acts.
type responding struct {
	t     *testing.T
	store *inmem.Store
	now   time.Time
	incident.Responder
}

func newResponding(t *testing.T) *responding {
	r := &responding{t: t, store: inmem.New(), now: time.Date(2026, 11, 2, 10, 5, 0, 0, time.UTC)}
	r.Responder = incident.Responder{Store: r.store, Now: func() time.Time { return r.now }}
	term, _, err := r.store.Acquire(t.Context(), "me", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	opened := r.now.Add(-2 * time.Minute)
	err = r.store.Open(t.Context(), term, incident.Change{
		Incident: incident.Incident{ID: "i", Rule: "bookings", Severity: slo.Page, StartedAt: opened.Add(-time.Minute), OpenedAt: opened,
			Facts: incident.Facts{EventLabel: "bookings", SinceStart: slo.Count{Good: 1, Bad: 3}, Worst: 0.25}},
		Targets: []incident.Target{{Medium: incident.Slack, Address: incident.Pages}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// texts is what the timeline says.
func (r *responding) texts() (all []string) {
	entries, err := r.store.Timeline(r.t.Context(), "i")
	if err != nil {
		r.t.Fatal(err)
	}
	for _, e := range entries {
		all = append(all, e.Actor+": "+e.Text)
	}
	return all
}

func (r *responding) expect(want ...string) {
	r.t.Helper()
	if got := r.texts(); !slices.Equal(got, want) {
		r.t.Errorf("timeline\n%q, want\n%q", got, want)
	}
}

// done fails the test when an action did.
func (r *responding) done(i incident.Incident, err error) incident.Incident {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
	return i
}

func TestAnIncidentIsAcknowledgedOnceAndHandedOver(t *testing.T) {
	r, ctx := newResponding(t), t.Context()
	i := r.done(r.Acknowledge(ctx, "i", mina))
	if got := i.Response; got.Assignee != "Mina" || got.AssigneeID != "U1" || !got.AcknowledgedAt.Equal(r.now) ||
		got.AcknowledgedWorst != 0.25 {
		t.Errorf("acknowledged: %+v", got)
	}
	r.done(r.Acknowledge(ctx, "i", mina)) // a double click
	r.now = r.now.Add(time.Minute)
	if i = r.done(r.Acknowledge(ctx, "i", jo)); i.Response.Assignee != "Jo" || i.Response.AssigneeID != "" {
		t.Errorf("handed over: %+v", i.Response)
	}
	r.expect("Mina: Acknowledged by Mina after 2 min.", "Jo: Jo takes over from Mina.")
}

func TestASilenceCoversTheRuleOrTheIncident(t *testing.T) {
	for name, c := range map[string]struct {
		length       time.Duration
		id           string // of the incident that a later fault of the rule has
		text         string
		later, ended bool // whether it covers a later incident of the rule, and the time after it
	}{
		"for an hour":       {time.Hour, "", "Mina: Silenced until 2 November 11:05 UTC by Mina: deploy.", true, false},
		"until it resolves": {0, "i", "Mina: Silenced until it resolves by Mina: deploy.", false, true},
	} {
		t.Run(name, func(t *testing.T) {
			r, ctx := newResponding(t), t.Context()
			var until time.Time
			if c.length > 0 {
				until = r.now.Add(c.length)
			}
			i := r.done(r.Silence(ctx, "i", mina, until, "deploy"))
			if i.Facts.Silenced == nil || i.Facts.Silenced.By != "Mina" || !i.Facts.Silenced.Until.Equal(until) {
				t.Errorf("silenced: %+v", i.Facts.Silenced)
			}
			r.done(r.Silence(ctx, "i", mina, until, "deploy")) // a double click
			r.expect(c.text)
			all, err := r.store.Silences(ctx, r.now)
			if err != nil || len(all) != 1 {
				t.Fatalf("silences: %+v, %v", all, err)
			}
			for _, check := range []struct {
				rule, id string
				at       time.Time
				want     bool
			}{
				{"bookings", "i", r.now, true}, {"bookings", "", r.now, c.later}, {"searches", "", r.now, false},
				{"bookings", "i", r.now.Add(time.Hour), c.ended}, {"bookings", "i", r.now.Add(-time.Second), c.ended},
			} {
				if got := all[0].Covers(check.rule, check.id, check.at); got != check.want {
					t.Errorf("covers %+v: %v", check, got)
				}
			}
		})
	}
}

func TestALongerSilenceReplacesAShorterOne(t *testing.T) {
	r, ctx := newResponding(t), t.Context()
	r.done(r.Silence(ctx, "i", mina, r.now.Add(time.Hour), ""))
	i := r.done(r.Silence(ctx, "i", jo, r.now.Add(2*time.Hour), ""))
	if i.Facts.Silenced.By != "Jo" {
		t.Errorf("silenced: %+v", i.Facts.Silenced)
	}
	if i = r.done(r.Silence(ctx, "i", mina, r.now.Add(time.Hour), "")); i.Facts.Silenced.By != "Jo" {
		t.Errorf("a shorter silence replaced a longer one: %+v", i.Facts.Silenced)
	}
}

func TestAPersonResolvesAnIncident(t *testing.T) {
	r, ctx := newResponding(t), t.Context()
	i := r.done(r.Resolve(ctx, "i", jo))
	if i.Open() || i.Response.ResolvedBy != "Jo" {
		t.Errorf("%+v", i)
	}
	r.expect("Jo: Resolved by Jo after 3 min: 3 of 4 bookings failed.")
	if open, err := r.Open(ctx); err != nil || len(open) != 0 {
		t.Errorf("open: %+v, %v", open, err)
	}
}

func TestAPersonCountsOnceForAnAlertThatWasNotUseful(t *testing.T) {
	r, ctx := newResponding(t), t.Context()
	r.done(r.NotUseful(ctx, "i", mina))
	r.done(r.NotUseful(ctx, "i", mina))
	if i := r.done(r.NotUseful(ctx, "i", jo)); !slices.Equal(i.Response.NotUseful, []string{"Mina", "Jo"}) {
		t.Errorf("%q", i.Response.NotUseful)
	}
	r.expect("Mina: Mina says that this alert was not useful.", "Jo: Jo says that this alert was not useful.")
}

func TestAnActionOnAnIncidentThatHasEndedOrNeverWasIsRefused(t *testing.T) {
	r, ctx := newResponding(t), t.Context()
	r.done(r.Resolve(ctx, "i", jo))
	for name, act := range map[string]func(id string) error{
		"acknowledge": func(id string) error { _, err := r.Acknowledge(ctx, id, mina); return err },
		"silence":     func(id string) error { _, err := r.Silence(ctx, id, mina, r.now.Add(time.Hour), ""); return err },
		"resolve":     func(id string) error { _, err := r.Resolve(ctx, id, mina); return err },
	} {
		if err := act("i"); !errors.Is(err, incident.ErrEnded) {
			t.Errorf("%s an incident that has ended: %v", name, err)
		}
		if err := act("x"); !errors.Is(err, incident.ErrNotFound) {
			t.Errorf("%s an incident that never was: %v", name, err)
		}
	}
	if all, _ := r.store.Silences(ctx, r.now); len(all) != 0 {
		t.Errorf("silences: %+v", all)
	}
}
