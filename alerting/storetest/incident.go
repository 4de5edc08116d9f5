package storetest

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/google/uuid"

	"jari.example/alerting/incident"
	"jari.example/alerting/lease"
	"jari.example/alerting/slo"
)

// example is an incident to open.
func example(name string) incident.Incident {
	return incident.Incident{
		ID: uuid.Must(uuid.NewV7()).String(), Rule: name, Severity: slo.Page,
		StartedAt: at(0), OpenedAt: at(1), UpdatedAt: at(1),
		Facts: incident.Facts{
			Title: "It fails", Target: 0.999, Window: 720 * time.Hour, Scale: 1, LongBurn: 20.5, ExhaustedAt: at(90),
			Pair: slo.WindowPair{Severity: slo.Page, Long: time.Hour, Short: 5 * minute, Burn: 14.4},
			Long: slo.Count{Good: 10, Bad: 5}, BudgetRemaining: 0.5, Regions: map[string]int64{"r": 5}, Traces: []string{"t"},
			LastBad: at(1), Worst: 0.25, BudgetKnown: at(-90), Spending: slo.Spending{BurnRate: 3.5, Over: time.Hour},
			EndsAfter: &incident.EndsAfter{Seen: 1, Needed: 7, LastEvent: at(1)}, Frozen: "blind", AlsoAffected: []string{"b"},
			Alert: &incident.Alert{When: slo.When{Within: minute, Events: 3}, Fired: []string{"x"},
				Firing: []incident.Subject{{Name: "x", Count: slo.Count{Bad: 4}, LastEvent: at(1)}}},
		},
	}
}

func oneOpen(t *testing.T, s Store, term lease.Term) {
	ctx, first := t.Context(), example("a")
	must(t, s.Open(ctx, term, first, "opened"))
	if err := s.Open(ctx, term, example("a"), "opened again"); !errors.Is(err, incident.ErrAlreadyOpen) {
		t.Errorf("a second open incident: %v", err)
	}
	must(t, s.Open(ctx, term, example("b"), "opened"))
	first.ResolvedAt = at(5)
	must(t, s.Update(ctx, term, first, "resolved"))
	must(t, s.Open(ctx, term, example("a"), "opened anew"))
	first.ResolvedAt = time.Time{}
	if err := s.Update(ctx, term, first, "reopened"); !errors.Is(err, incident.ErrAlreadyOpen) {
		t.Errorf("reopened while another is open: %v", err)
	}
}

func roundTrip(t *testing.T, s Store, term lease.Term) {
	ctx, want := t.Context(), example("a")
	must(t, s.Open(ctx, term, want, "opened"))
	want.Facts.SinceStart, want.UpdatedAt = slo.Count{Good: 1, Bad: 2}, at(3)
	want.StartedAt, want.Severity, want.Facts.Reopened, want.Facts.Withdrawn = at(-3), slo.Ticket, 2, true
	changed := want
	changed.Rule, changed.OpenedAt = "b", at(7) // they never change
	must(t, s.Update(ctx, term, changed, ""))
	got, err := s.Get(ctx, want.ID)
	must(t, err)
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if _, err := s.Get(ctx, uuid.NewString()); !errors.Is(err, incident.ErrNotFound) {
		t.Errorf("an incident that was never written: %v", err)
	}
}

func goesOn(t *testing.T, s Store, term lease.Term) {
	ctx, a := t.Context(), example("a")
	must(t, s.Open(ctx, term, a, "opened"))
	for _, d := range []string{"post", "reply"} {
		if next := next(t, s, at(1)); string(next.Kind) != d {
			t.Fatalf("a %s, want a %s", next.Kind, d)
		}
		complete(t, s, term, next(t, s, at(1)))
	}
	a.ResolvedAt = at(5)
	must(t, s.Update(ctx, term, a, "resolved"))
	a.ResolvedAt = time.Time{}
	must(t, s.Update(ctx, term, a, "reopened"))
	d := next(t, s, at(9))
	if !d.Incident.Open() || d.Incident.ID != a.ID || d.Incident.Message.ID != "1.0" {
		t.Errorf("the incident that goes on is %+v, want the same with the same message", d.Incident)
	}
	complete(t, s, term, d)
	for _, want := range []string{"resolved", "reopened"} {
		d := next(t, s, at(9))
		if d.Note != want {
			t.Errorf("the note %q, want %q", d.Note, want)
		}
		complete(t, s, term, d)
	}
}

func recent(t *testing.T, s Store, term lease.Term) {
	ctx := t.Context()
	for n, ended := range map[string]time.Time{"open": {}, "long ago": at(4), "at the limit": at(5), "later": at(6)} {
		i := example(n)
		must(t, s.Open(ctx, term, i, "opened"))
		if i.ResolvedAt = ended; !ended.IsZero() {
			must(t, s.Update(ctx, term, i, "resolved"))
		}
	}
	found, err := s.Recent(ctx, at(5))
	must(t, err)
	got := map[string]bool{}
	for _, i := range found {
		got[i.Rule] = true
	}
	if want := map[string]bool{"open": true, "at the limit": true, "later": true}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
