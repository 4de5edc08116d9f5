// Package storetest is the conformance suite that every store of alerting runs.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"jari.example/alerting/count"
	"jari.example/alerting/incident"
	"jari.example/alerting/lease"
	"jari.example/alerting/notify"
)

// Store is everything that alerting stores.
type Store interface {
	count.Store
	incident.Store
	notify.Outbox
	lease.Store
}

const minute = time.Minute

var origin = time.Date(2026, 11, 1, 10, 0, 0, 0, time.UTC)

func at(m int) time.Time { return origin.Add(time.Duration(m) * minute) }

// Run runs the suite; open returns an empty store.
func Run(t *testing.T, open func(t *testing.T) Store) {
	runBuckets(t, open)
	for name, test := range map[string]func(*testing.T, Store, lease.Term){
		"one incident per rule is open at a time":               oneOpen,
		"an incident is read as it was written":                 roundTrip,
		"an incident that ended may go on":                      goesOn,
		"recent incidents are open or ended lately":             recent,
		"deliveries of an incident are due in order":            inOrder,
		"one update is queued at a time":                        oneUpdate,
		"a delivery that began is ambiguous until it ended":     ambiguous,
		"an attempt begins with the incident as it is then":     beginsWithCurrentState,
		"a change after an attempt began queues its own update": updateAfterBegin,
		"DelayAll delays every delivery":                        delayAll,
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			term, ok, err := s.Acquire(t.Context(), "me", time.Minute)
			if err != nil || !ok {
				t.Fatalf("acquire: %v %v", ok, err)
			}
			test(t, s, term)
		})
	}
	t.Run("one holder has the lease, and the term grows with each", func(t *testing.T) { terms(t, open(t)) })
	t.Run("a term that has ended writes nothing", func(t *testing.T) { fenced(t, open(t)) })
}

func inOrder(t *testing.T, s Store, term lease.Term) {
	ctx, a, b := t.Context(), example("a"), example("b")
	must(t, s.Open(ctx, term, a, "a opened"))
	must(t, s.Open(ctx, term, b, "b opened"))
	first := next(t, s, at(10))
	begin(t, s, term, first.ID, at(10))
	must(t, s.Retry(ctx, term, first.ID, false, at(20), "refused"))
	// a's post is not due, and so neither is a's reply; b's deliveries are.
	var got []string
	for range 2 {
		d := next(t, s, at(11))
		got = append(got, d.Incident.Rule+" "+string(d.Kind))
		complete(t, s, term, d)
	}
	if _, ok, _ := s.Next(ctx, at(11)); ok {
		t.Error("a delivery of a is due early")
	}
	for range 2 {
		d := next(t, s, at(21))
		got = append(got, d.Incident.Rule+" "+string(d.Kind)+" "+d.Incident.Message.ID)
		must(t, s.Complete(ctx, term, d, incident.MessageRef{Channel: "C1", ID: "2.0"}))
	}
	want := []string{"b post", "b reply", "a post ", "a reply 2.0"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func oneUpdate(t *testing.T, s Store, term lease.Term) {
	ctx, a := t.Context(), example("a")
	must(t, s.Open(ctx, term, a, "opened"))
	for range 5 {
		must(t, s.Update(ctx, term, a, ""))
	}
	a.ResolvedAt = at(9)
	must(t, s.Update(ctx, term, a, "resolved"))
	var kinds []notify.Kind
	for {
		d, ok, err := s.Next(ctx, at(10))
		must(t, err)
		if !ok {
			break
		}
		if d.Incident.Open() {
			t.Errorf("%s has an old state of the incident", d.Kind)
		}
		kinds = append(kinds, d.Kind)
		complete(t, s, term, d)
	}
	if want := []notify.Kind{notify.Post, notify.Reply, notify.Update, notify.Reply}; !reflect.DeepEqual(kinds, want) {
		t.Errorf("got %v, want %v", kinds, want)
	}
}

func ambiguous(t *testing.T, s Store, term lease.Term) {
	ctx := t.Context()
	must(t, s.Open(ctx, term, example("a"), "opened"))
	d := next(t, s, at(1))
	if d.Ambiguous || d.Attempts != 0 {
		t.Errorf("a new delivery: %+v", d)
	}
	begin(t, s, term, d.ID, at(1))
	begin(t, s, term, d.ID, at(2))
	if d = next(t, s, at(3)); !d.Ambiguous || d.Attempts != 2 || !d.FirstTry.Equal(at(1)) {
		t.Errorf("after two attempts: %+v", d)
	}
	must(t, s.Retry(ctx, term, d.ID, false, at(4), "refused"))
	if d = next(t, s, at(5)); d.Ambiguous {
		t.Error("a delivery that was refused is not ambiguous")
	}
}

func beginsWithCurrentState(t *testing.T, s Store, term lease.Term) {
	ctx, a := t.Context(), example("a")
	must(t, s.Open(ctx, term, a, "opened"))
	complete(t, s, term, next(t, s, at(1)))
	complete(t, s, term, next(t, s, at(1)))
	must(t, s.Update(ctx, term, a, ""))
	d := next(t, s, at(1))
	a.ResolvedAt = at(9)
	must(t, s.Update(ctx, term, a, "resolved")) // queues no second update
	if i := begin(t, s, term, d.ID, at(10)); i.Open() || i.Message.ID != "1.0" {
		t.Errorf("an update begins with %+v, which is not the resolved incident", i)
	}
}

func updateAfterBegin(t *testing.T, s Store, term lease.Term) {
	ctx, a := t.Context(), example("a")
	must(t, s.Open(ctx, term, a, "opened"))
	complete(t, s, term, next(t, s, at(1)))
	complete(t, s, term, next(t, s, at(1)))
	must(t, s.Update(ctx, term, a, ""))
	first := next(t, s, at(1))
	begin(t, s, term, first.ID, at(1))
	must(t, s.Update(ctx, term, a, ""))
	complete(t, s, term, first)
	if second := next(t, s, at(1)); second.Kind != notify.Update || second.ID == first.ID {
		t.Errorf("got %+v, want a second update", second)
	}
}

func delayAll(t *testing.T, s Store, term lease.Term) {
	ctx := t.Context()
	must(t, s.Open(ctx, term, example("a"), "opened"))
	must(t, s.Open(ctx, term, example("b"), "opened"))
	must(t, s.DelayAll(ctx, term, at(30)))
	if d, ok, err := s.Next(ctx, at(29)); ok || err != nil {
		t.Errorf("due too early: %v, %v", d, err)
	}
	next(t, s, at(30))
}

func terms(t *testing.T, s Store) {
	ctx := t.Context()
	first, ok, err := s.Acquire(ctx, "one", time.Minute)
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	if again, ok, err := s.Acquire(ctx, "one", time.Millisecond); err != nil || !ok || again != first {
		t.Fatalf("renewing: term %d → %d, %v, %v", first, again, ok, err)
	}
	// The lease expires after a millisecond; then another holder gets it.
	second := first
	for deadline := time.Now().Add(5 * time.Second); second == first && time.Now().Before(deadline); {
		if term, ok, err := s.Acquire(ctx, "two", time.Minute); err != nil {
			t.Fatal(err)
		} else if ok {
			second = term
		}
	}
	if second <= first {
		t.Fatalf("terms %d, %d", first, second)
	}
	if _, ok, err := s.Acquire(ctx, "one", time.Minute); ok || err != nil {
		t.Errorf("a second holder acquired the lease: %v, %v", ok, err)
	}
	must(t, s.Release(ctx, "one"))
	if _, ok, _ := s.Acquire(ctx, "one", time.Minute); ok {
		t.Error("the lease of another holder was released")
	}
	must(t, s.Release(ctx, "two"))
	if third, ok, err := s.Acquire(ctx, "one", time.Minute); !ok || err != nil || third <= second {
		t.Errorf("after a release: %d after %d, %v, %v", third, second, ok, err)
	}
}

func fenced(t *testing.T, s Store) {
	ctx := t.Context()
	old, _, err := s.Acquire(ctx, "old", time.Minute)
	must(t, err)
	a := example("a")
	must(t, s.Open(ctx, old, a, "opened"))
	d := next(t, s, at(1))
	must(t, s.Release(ctx, "old"))
	if _, ok, err := s.Acquire(ctx, "new", time.Minute); !ok || err != nil {
		t.Fatal(ok, err)
	}
	for name, write := range map[string]func(context.Context) error{
		"save":   func(ctx context.Context) error { return s.Save(ctx, old, count.Batch{}) },
		"prune":  func(ctx context.Context) error { return s.Prune(ctx, old, at(0), at(0)) },
		"open":   func(ctx context.Context) error { return s.Open(ctx, old, example("b"), "") },
		"update": func(ctx context.Context) error { return s.Update(ctx, old, a, "") },
		"begin": func(ctx context.Context) error {
			_, err := s.Begin(ctx, old, d.ID, at(1))
			return err
		},
		"complete": func(ctx context.Context) error {
			return s.Complete(ctx, old, d, incident.MessageRef{Channel: "C", ID: "1"})
		},
		"retry":     func(ctx context.Context) error { return s.Retry(ctx, old, d.ID, true, at(1), "") },
		"delay all": func(ctx context.Context) error { return s.DelayAll(ctx, old, at(1)) },
	} {
		if err := write(ctx); !errors.Is(err, lease.ErrLost) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if same := next(t, s, at(1)); same.ID != d.ID || same.Attempts != 0 || same.Ambiguous {
		t.Errorf("the delivery changed: %+v", same)
	}
}

func next(t *testing.T, s Store, now time.Time) notify.Delivery {
	t.Helper()
	d, ok, err := s.Next(t.Context(), now)
	if err != nil || !ok {
		t.Fatal(fmt.Errorf("nothing to deliver: %w", err))
	}
	return d
}

func begin(t *testing.T, s Store, term lease.Term, id int64, now time.Time) incident.Incident {
	t.Helper()
	i, err := s.Begin(t.Context(), term, id, now)
	must(t, err)
	return i
}

func complete(t *testing.T, s Store, term lease.Term, d notify.Delivery) {
	t.Helper()
	must(t, s.Complete(t.Context(), term, d, incident.MessageRef{Channel: "C1", ID: "1.0"}))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
