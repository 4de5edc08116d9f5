package storetest

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"jari.example/alerting/incident"
	"jari.example/alerting/lease"
	"jari.example/alerting/notify"
)

func inOrder(t *testing.T, s Store, term lease.Term) {
	ctx, a, b := t.Context(), example("a"), example("b")
	must(t, s.Open(ctx, term, opened(a, "a opened")))
	must(t, s.Open(ctx, term, opened(b, "b opened")))
	first := next(t, s, at(10))
	begin(t, s, term, first.ID, at(10))
	must(t, s.Retry(ctx, term, first.ID, notify.Retrial{NotBefore: at(20), Reason: "refused"}))
	// a's post is not due, and so neither is a's reply; b's deliveries are.
	var got []string
	for range 2 {
		d := next(t, s, at(11))
		got = append(got, d.Incident.Rule+" "+string(d.Kind))
		complete(t, s, term, d)
	}
	nothing(t, s, incident.Slack, at(11))
	for range 2 {
		d := next(t, s, at(21))
		got = append(got, d.Incident.Rule+" "+string(d.Kind)+" "+d.Message.ID)
		must(t, s.Complete(ctx, term, d, incident.MessageRef{Channel: "C1", ID: "2.0"}))
	}
	want := []string{"b post", "b reply", "a post ", "a reply 2.0"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// drain completes everything that waits and returns what it was.
func drain(t *testing.T, s Store, term lease.Term, medium string) (kinds []notify.Kind) {
	t.Helper()
	for {
		d, ok, err := s.Next(t.Context(), medium, nil, at(1000))
		must(t, err)
		if !ok {
			return kinds
		}
		kinds = append(kinds, d.Kind)
		complete(t, s, term, d)
	}
}

func nothing(t *testing.T, s Store, medium string, now time.Time, busy ...string) {
	t.Helper()
	if d, ok, err := s.Next(t.Context(), medium, busy, now); ok || err != nil {
		t.Errorf("due too early: %+v, %v", d, err)
	}
}

func oneUpdate(t *testing.T, s Store, term lease.Term) {
	ctx, a := t.Context(), example("a")
	must(t, s.Open(ctx, term, opened(a, "opened")))
	must(t, update(t, s, term, a, "")) // the post that waits shows it, too
	complete(t, s, term, next(t, s, at(1)))
	for range 5 {
		must(t, update(t, s, term, a, ""))
	}
	a.ResolvedAt = at(9)
	must(t, update(t, s, term, a, "resolved"))
	if d := next(t, s, at(10)); d.Incident.Open() {
		t.Errorf("%s has an old state of the incident", d.Kind)
	}
	kinds := drain(t, s, term, incident.Slack)
	if want := []notify.Kind{notify.Reply, notify.Update, notify.Reply}; !slices.Equal(kinds, want) {
		t.Errorf("got %v, want %v", kinds, want)
	}
}

func ambiguous(t *testing.T, s Store, term lease.Term) {
	ctx := t.Context()
	must(t, s.Open(ctx, term, opened(example("a"), "opened")))
	d := next(t, s, at(1))
	if d.Ambiguous || d.Attempts != 0 || d.Target != pages {
		t.Errorf("a new delivery: %+v", d)
	}
	begin(t, s, term, d.ID, at(1))
	begin(t, s, term, d.ID, at(2))
	if d = next(t, s, at(3)); !d.Ambiguous || d.Attempts != 2 || !d.FirstTry.Equal(at(1)) {
		t.Errorf("after two attempts: %+v", d)
	}
	must(t, s.Retry(ctx, term, d.ID, notify.Retrial{NotBefore: at(4), Ambiguous: true}))
	if d = next(t, s, at(5)); !d.Ambiguous {
		t.Error("a delivery whose result is not known is ambiguous")
	}
	must(t, s.Retry(ctx, term, d.ID, notify.Retrial{NotBefore: at(4), Reason: "refused"}))
	if d = next(t, s, at(5)); d.Ambiguous {
		t.Error("a delivery that was refused is not ambiguous")
	}
}

func beginsWithCurrentState(t *testing.T, s Store, term lease.Term) {
	ctx, a := t.Context(), example("a")
	must(t, s.Open(ctx, term, opened(a, "opened")))
	drain(t, s, term, incident.Slack)
	must(t, update(t, s, term, a, ""))
	d := next(t, s, at(1))
	a.ResolvedAt = at(9)
	must(t, update(t, s, term, a, "resolved")) // queues no second update
	if d := begin(t, s, term, d.ID, at(10)); d.Incident.Open() || d.Message.ID != "1.0" || d.Attempts != 1 {
		t.Errorf("an update begins with %+v, which is not the resolved incident", d)
	}
}

func updateAfterBegin(t *testing.T, s Store, term lease.Term) {
	ctx, a := t.Context(), example("a")
	must(t, s.Open(ctx, term, opened(a, "opened")))
	drain(t, s, term, incident.Slack)
	must(t, update(t, s, term, a, ""))
	first := next(t, s, at(1))
	begin(t, s, term, first.ID, at(1))
	must(t, update(t, s, term, a, ""))
	complete(t, s, term, first)
	if second := next(t, s, at(1)); second.Kind != notify.Update || second.ID == first.ID {
		t.Errorf("got %+v, want a second update", second)
	}
}

func pauses(t *testing.T, s Store, term lease.Term) {
	ctx, a := t.Context(), example("a")
	must(t, s.Open(ctx, term, opened(a, "opened")))
	must(t, s.Pause(ctx, term, pages, notify.Send, at(30)))
	must(t, s.Pause(ctx, term, pages, notify.Send, at(20))) // it does not get shorter
	must(t, s.Open(ctx, term, opened(example("b"), "opened")))
	nothing(t, s, incident.Slack, at(29))
	b := opened(example("c"), "")
	b.Targets = []incident.Target{tickets}
	must(t, s.Open(ctx, term, b))
	if d := next(t, s, at(29)); d.Target != tickets {
		t.Errorf("another target is paused, too: %+v", d)
	}
	complete(t, s, term, next(t, s, at(29)))
	next(t, s, at(30))
	drain(t, s, term, incident.Slack)
	must(t, update(t, s, term, a, "")) // an edit is another method
	if d := next(t, s, at(29)); d.Kind != notify.Update {
		t.Errorf("got %+v", d)
	}
	must(t, s.Pause(ctx, term, pages, notify.Edit, at(40)))
	nothing(t, s, incident.Slack, at(39))
}

func pausedSearch(t *testing.T, s Store, term lease.Term) {
	ctx := t.Context()
	must(t, s.Open(ctx, term, opened(example("a"), "")))
	must(t, s.Pause(ctx, term, pages, notify.Search, at(30)))
	begin(t, s, term, next(t, s, at(1)).ID, at(1)) // nothing has to be searched
	nothing(t, s, incident.Slack, at(29))
	next(t, s, at(30))
}

func leftOut(t *testing.T, s Store, term lease.Term) {
	c := opened(example("a"), "")
	c.Targets = []incident.Target{pages, mina}
	must(t, s.Open(t.Context(), term, c))
	nothing(t, s, incident.Slack, at(1), "other", incident.Pages)
	if d, ok, err := s.Next(t.Context(), incident.Mail, []string{incident.Pages}, at(1)); !ok || err != nil || d.Target != mina {
		t.Errorf("got %+v, %v, %v", d, ok, err)
	}
}

func targetsOfAnIncident(t *testing.T, s Store, term lease.Term) {
	ctx, a := t.Context(), example("a")
	c := opened(a, "opened")
	c.Targets = []incident.Target{tickets}
	must(t, s.Open(ctx, term, c))
	must(t, s.Complete(ctx, term, next(t, s, at(1)), incident.MessageRef{Channel: "C2", ID: "7.0"}))
	complete(t, s, term, next(t, s, at(1)))
	// It becomes a page: a message at pages, and an update of the other.
	must(t, update(t, s, term, a, "raised"))
	var got []string
	for range 4 {
		d := next(t, s, at(1))
		got = append(got, d.Target.Address+" "+string(d.Kind)+" "+d.Message.ID)
		complete(t, s, term, d)
	}
	slices.Sort(got)
	want := []string{"pages post ", "pages reply 1.0", "tickets reply 7.0", "tickets update 7.0"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	nothing(t, s, incident.Slack, at(1))
}

func failedPost(t *testing.T, s Store, term lease.Term) {
	ctx, a := t.Context(), example("a")
	must(t, s.Open(ctx, term, opened(a, "opened")))
	d := begin(t, s, term, next(t, s, at(1)).ID, at(1))
	must(t, s.GiveUp(ctx, term, d.ID, at(1), "too long", ""))
	nothing(t, s, incident.Slack, at(9))
	must(t, update(t, s, term, a, "goes on"))
	nothing(t, s, incident.Slack, at(9))
	undelivered, err := s.Undelivered(ctx)
	must(t, err)
	if len(undelivered) != 1 || undelivered[0].Refused != "too long" || undelivered[0].Incident != a.ID || undelivered[0].Target != pages {
		t.Errorf("undelivered: %+v", undelivered)
	}
	if waiting, err := s.Waiting(ctx); err != nil || len(waiting) != 0 {
		t.Errorf("waiting: %+v, %v", waiting, err)
	}
	// Another target gets it all the same.
	_, err = s.Respond(ctx, a.ID, func(*incident.Incident) ([]incident.Entry, []incident.Target, error) {
		return entries("mailed"), []incident.Target{mina}, nil
	})
	must(t, err)
	if kinds := drain(t, s, term, incident.Mail); !slices.Equal(kinds, []notify.Kind{notify.Post, notify.Reply}) {
		t.Errorf("mailed: %v", kinds)
	}
	a.ResolvedAt = at(9)
	must(t, update(t, s, term, a, ""))
	if undelivered, err = s.Undelivered(ctx); err != nil || len(undelivered) != 0 {
		t.Errorf("after its end, undelivered: %+v, %v", undelivered, err)
	}
}

func failedUpdate(t *testing.T, s Store, term lease.Term) {
	ctx, a := t.Context(), example("a")
	must(t, s.Open(ctx, term, opened(a, "opened")))
	drain(t, s, term, incident.Slack)
	must(t, update(t, s, term, a, ""))
	d := begin(t, s, term, next(t, s, at(1)).ID, at(1))
	must(t, update(t, s, term, a, "goes on")) // queues a second update
	must(t, s.GiveUp(ctx, term, d.ID, at(1), "edit_window_closed", "The thread goes on."))
	a.ResolvedAt = at(9)
	must(t, update(t, s, term, a, "resolved"))
	var notes []string
	for range 3 {
		d := next(t, s, at(9))
		notes = append(notes, string(d.Kind)+" "+d.Note.Text)
		complete(t, s, term, d)
	}
	if want := []string{"reply goes on", "reply The thread goes on.", "reply resolved"}; !slices.Equal(notes, want) {
		t.Errorf("got %q, want %q", notes, want)
	}
	nothing(t, s, incident.Slack, at(9))
}

func notices(t *testing.T, s Store, term lease.Term) {
	ctx := t.Context()
	must(t, s.Notice(ctx, term, mina, notify.Note{Text: "first", Mention: "U1"}))
	must(t, s.Notice(ctx, term, mina, notify.Note{Text: "second"}))
	d, ok, err := s.Next(ctx, incident.Mail, nil, at(1))
	if err != nil || !ok || d.Kind != notify.Notice || d.Note != (notify.Note{Text: "first", Mention: "U1"}) || d.Incident.ID != "" {
		t.Fatalf("got %+v, %v, %v", d, ok, err)
	}
	if d = begin(t, s, term, d.ID, at(1)); d.Note.Text != "first" || !d.Ambiguous {
		t.Errorf("begun: %+v", d)
	}
	must(t, s.Retry(ctx, term, d.ID, notify.Retrial{NotBefore: at(9)}))
	if d, _, _ = s.Next(ctx, incident.Mail, nil, at(1)); d.Note.Text != "second" {
		t.Errorf("a notice waits for another: %+v", d)
	}
	if kinds := drain(t, s, term, incident.Mail); len(kinds) != 2 {
		t.Errorf("delivered: %v", kinds)
	}
}

func waiting(t *testing.T, s Store, term lease.Term) {
	ctx := t.Context()
	c := opened(example("a"), "opened")
	c.Targets = []incident.Target{pages, mina}
	must(t, s.Open(ctx, term, c))
	d := begin(t, s, term, next(t, s, at(1)).ID, at(1))
	must(t, s.Retry(ctx, term, d.ID, notify.Retrial{NotBefore: at(9), Reason: "is_archived", Refused: true}))
	all, err := s.Waiting(ctx)
	must(t, err)
	if len(all) != 2 || all[0].Target != mina || all[0].Count != 2 || all[0].Refused != "" || all[0].Oldest.IsZero() ||
		all[1].Target != pages || all[1].Count != 2 || all[1].Refused != "is_archived" {
		t.Errorf("waiting: %+v", all)
	}
	if undelivered, err := s.Undelivered(ctx); err != nil || len(undelivered) != 2 || undelivered[0].Since.IsZero() {
		t.Errorf("undelivered: %+v, %v", undelivered, err)
	}
	must(t, s.Retry(ctx, term, d.ID, notify.Retrial{NotBefore: at(9), Reason: "503"}))
	if all, err = s.Waiting(ctx); err != nil || all[1].Refused != "" {
		t.Errorf("when it is not refused any more: %+v, %v", all, err)
	}
}
