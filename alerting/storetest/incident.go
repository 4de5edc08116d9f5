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
	must(t, s.Open(ctx, term, opened(first, "opened")))
	if err := s.Open(ctx, term, opened(example("a"), "opened again")); !errors.Is(err, incident.ErrAlreadyOpen) {
		t.Errorf("a second open incident: %v", err)
	}
	must(t, s.Open(ctx, term, opened(example("b"), "opened")))
	first.ResolvedAt = at(5)
	must(t, update(t, s, term, first, "resolved"))
	must(t, s.Open(ctx, term, opened(example("a"), "opened anew")))
	first.ResolvedAt = time.Time{}
	if err := update(t, s, term, first, "reopened"); !errors.Is(err, incident.ErrAlreadyOpen) {
		t.Errorf("reopened while another is open: %v", err)
	}
}

func roundTrip(t *testing.T, s Store, term lease.Term) {
	ctx, want := t.Context(), example("a")
	must(t, s.Open(ctx, term, opened(want, "opened")))
	want.Facts.SinceStart, want.UpdatedAt = slo.Count{Good: 1, Bad: 2}, at(3)
	want.StartedAt, want.Severity, want.Facts.Reopened, want.Facts.Withdrawn = at(-3), slo.Ticket, 2, true
	changed := want
	changed.Rule, changed.OpenedAt, changed.Response.Assignee = "b", at(7), "x" // Update never changes them
	must(t, update(t, s, term, changed, ""))
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
	must(t, s.Open(ctx, term, opened(a, "opened")))
	for _, d := range []string{"post", "reply"} {
		if next := next(t, s, at(1)); string(next.Kind) != d {
			t.Fatalf("a %s, want a %s", next.Kind, d)
		}
		complete(t, s, term, next(t, s, at(1)))
	}
	a.ResolvedAt = at(5)
	must(t, update(t, s, term, a, "resolved"))
	a.ResolvedAt = time.Time{}
	must(t, update(t, s, term, a, "reopened"))
	d := next(t, s, at(9))
	if !d.Incident.Open() || d.Incident.ID != a.ID || d.Message.ID != "1.0" {
		t.Errorf("the incident that goes on is %+v, want the same with the same message", d.Incident)
	}
	complete(t, s, term, d)
	for _, want := range []string{"resolved", "reopened"} {
		d := next(t, s, at(9))
		if d.Note.Text != want {
			t.Errorf("the note %q, want %q", d.Note.Text, want)
		}
		complete(t, s, term, d)
	}
}

func recent(t *testing.T, s Store, term lease.Term) {
	ctx := t.Context()
	for n, ended := range map[string]time.Time{"open": {}, "long ago": at(4), "at the limit": at(5), "later": at(6)} {
		i := example(n)
		must(t, s.Open(ctx, term, opened(i, "opened")))
		if i.ResolvedAt = ended; !ended.IsZero() {
			must(t, update(t, s, term, i, "resolved"))
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

// opened opens i at pages, with a note.
func opened(i incident.Incident, note string) incident.Change {
	return incident.Change{Incident: i, Entries: entries(note), Targets: []incident.Target{pages}}
}

func entries(note string) []incident.Entry {
	if note == "" {
		return nil
	}
	return []incident.Entry{{At: at(1), Kind: incident.EntryOpened, Text: note}}
}

// update writes i as nobody else has changed it.
func update(t *testing.T, s Store, term lease.Term, i incident.Incident, note string) error {
	t.Helper()
	before, err := s.Get(t.Context(), i.ID)
	must(t, err)
	c := opened(i, note)
	c.ResolvedBefore = before.ResolvedAt
	return s.Update(t.Context(), term, c)
}

func endedMeanwhile(t *testing.T, s Store, term lease.Term) {
	ctx, i := t.Context(), example("a")
	must(t, s.Open(ctx, term, opened(i, "opened")))
	_, err := s.Respond(ctx, i.ID, func(i *incident.Incident) ([]incident.Entry, []incident.Target, error) {
		i.ResolvedAt = at(4)
		return entries("resolved by a person"), nil, nil
	})
	must(t, err)
	if err := s.Update(ctx, term, opened(i, "goes on")); !errors.Is(err, incident.ErrChanged) {
		t.Errorf("an update of an incident that a person has ended: %v", err)
	}
}

func responds(t *testing.T, s Store, term lease.Term) {
	ctx, want := t.Context(), example("a")
	must(t, s.Open(ctx, term, opened(want, "opened")))
	ack := incident.Entry{At: at(2), Kind: incident.EntryAcknowledged, Actor: "Mina", Text: "Acknowledged by Mina.", Mention: "U1"}
	want.Response = incident.Response{
		AcknowledgedAt: at(2), Assignee: "Mina", AssigneeID: "U1", AcknowledgedWorst: 0.5, NotUseful: []string{"Jo"},
		Notified: []incident.Notified{{Name: "Mina", SlackID: "U1", At: at(1)}},
	}
	want.Facts.Silenced = &incident.Silenced{Until: at(60), By: "Mina", Reason: "deploy"}
	got, err := s.Respond(ctx, want.ID, func(i *incident.Incident) ([]incident.Entry, []incident.Target, error) {
		i.Response, i.Facts.Silenced = want.Response, want.Facts.Silenced
		i.Severity, i.Facts.Title = slo.Ticket, "changed" // they are alertingd's
		return []incident.Entry{ack}, nil, nil
	})
	must(t, err)
	stored, err := s.Get(ctx, want.ID)
	must(t, err)
	if !reflect.DeepEqual(got, want) || !reflect.DeepEqual(stored, want) {
		t.Errorf("returned %+v\nstored   %+v\nwant     %+v", got, stored, want)
	}
	must(t, update(t, s, term, example2(want), ""))
	if stored, err = s.Get(ctx, want.ID); err != nil || !reflect.DeepEqual(stored.Response, want.Response) {
		t.Errorf("after an update: %+v, %v", stored.Response, err)
	}
	timeline, err := s.Timeline(ctx, want.ID)
	must(t, err)
	if wanted := append(entries("opened"), ack); !reflect.DeepEqual(timeline, wanted) {
		t.Errorf("timeline %+v, want %+v", timeline, wanted)
	}
}

// example2 is i without its response, as an evaluation writes it.
func example2(i incident.Incident) incident.Incident {
	i.Response = incident.Response{}
	return i
}

func respondsInVain(t *testing.T, s Store, term lease.Term) {
	ctx, i := t.Context(), example("a")
	must(t, s.Open(ctx, term, opened(i, "opened")))
	refused := errors.New("refused")
	for name, respond := range map[string]incident.Respond{
		"an error": func(i *incident.Incident) ([]incident.Entry, []incident.Target, error) {
			i.ResolvedAt = at(4)
			return entries("x"), nil, refused
		},
		"no entry": func(i *incident.Incident) ([]incident.Entry, []incident.Target, error) {
			i.ResolvedAt = at(4)
			return nil, nil, nil
		},
	} {
		got, err := s.Respond(ctx, i.ID, respond)
		stored, _ := s.Get(ctx, i.ID)
		timeline, _ := s.Timeline(ctx, i.ID)
		if (err != nil) != (name == "an error") || !got.Open() || !stored.Open() || len(timeline) != 1 {
			t.Errorf("%s: returned %v, stored %v, timeline %v, %v", name, got.ResolvedAt, stored.ResolvedAt, timeline, err)
		}
	}
	if _, err := s.Respond(ctx, uuid.NewString(), nil); !errors.Is(err, incident.ErrNotFound) {
		t.Errorf("an incident that was never written: %v", err)
	}
	if _, err := s.Respond(ctx, "not an id", nil); !errors.Is(err, incident.ErrNotFound) {
		t.Errorf("an id of another form: %v", err)
	}
}

func acknowledgedAgain(t *testing.T, s Store, term lease.Term) {
	ctx, i := t.Context(), example("a")
	for _, kind := range []incident.EntryKind{incident.EntryReopened, incident.EntryRaised} {
		i.ID, i.Rule = uuid.Must(uuid.NewV7()).String(), string(kind)
		must(t, s.Open(ctx, term, opened(i, "opened")))
		_, err := s.Respond(ctx, i.ID, func(i *incident.Incident) ([]incident.Entry, []incident.Target, error) {
			i.Response.AcknowledgedAt, i.Response.Assignee = at(2), "Mina"
			return entries("acknowledged"), nil, nil
		})
		must(t, err)
		must(t, s.Update(ctx, term, incident.Change{Incident: i, Entries: []incident.Entry{
			{At: at(5), Kind: kind}, {At: at(5), Kind: incident.EntryNotified, Actor: "Jo", Mention: "U2"},
		}}))
		stored, err := s.Get(ctx, i.ID)
		must(t, err)
		want := incident.Response{Notified: []incident.Notified{{Name: "Jo", SlackID: "U2", At: at(5)}}}
		if !reflect.DeepEqual(stored.Response, want) {
			t.Errorf("%s: %+v, want %+v", kind, stored.Response, want)
		}
	}
}

func silences(t *testing.T, s Store, term lease.Term) {
	ctx, a := t.Context(), example("a")
	must(t, s.Open(ctx, term, opened(a, "opened")))
	id := func() string { return uuid.Must(uuid.NewV7()).String() }
	rule := incident.Silence{ID: id(), Rule: "a", From: at(0), Until: at(10), By: "Mina", Reason: "deploy"}
	until := incident.Silence{ID: id(), Rule: "a", Incident: a.ID, From: at(1), By: "Jo"}
	must(t, s.Silence(ctx, rule))
	must(t, s.Silence(ctx, until))
	expect := func(when string, now time.Time, want ...incident.Silence) {
		t.Helper()
		got, err := s.Silences(ctx, now)
		must(t, err)
		if len(got) != len(want) || len(want) > 0 && !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, want %+v", when, got, want)
		}
	}
	expect("both hold", at(9), rule, until)
	expect("the first has ended", at(10), until)
	must(t, s.EndSilence(ctx, rule.ID, at(5)))
	must(t, s.EndSilence(ctx, rule.ID, at(8))) // it has ended already
	expect("after the early end", at(6), until)
	a.ResolvedAt = at(7)
	must(t, update(t, s, term, a, "resolved"))
	expect("after the end of the incident", at(8))
	a.ResolvedAt = time.Time{}
	must(t, update(t, s, term, a, "reopened"))
	expect("after it has reopened", at(9))
}
