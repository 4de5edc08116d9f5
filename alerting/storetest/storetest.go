// Package storetest is the conformance suite that every store of alerting runs.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"jari.example/alerting/count"
	"jari.example/alerting/deadman"
	"jari.example/alerting/incident"
	"jari.example/alerting/lease"
	"jari.example/alerting/notify"
)

// Store is everything that alerting stores.
type Store interface {
	count.Store
	incident.Store
	incident.ChartStore
	notify.Outbox
	notify.Announcements
	notify.Prunable
	lease.Store
	deadman.Ticks
}

const minute = time.Minute

var (
	pages   = incident.Target{Medium: incident.Slack, Address: incident.Pages}
	tickets = incident.Target{Medium: incident.Slack, Address: incident.Tickets}
	mina    = incident.Target{Medium: incident.Mail, Address: "mina@example.com"}
)

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
		"a pause holds a method at a target":                    pauses,
		"an ambiguous delivery waits for a search, too":         pausedSearch,
		"a busy address and another medium are left out":        leftOut,
		"a message at each target":                              targetsOfAnIncident,
		"a post that failed holds nothing and is not repeated":  failedPost,
		"an edit that failed is the last one":                   failedUpdate,
		"a notice belongs to no incident":                       notices,
		"an announcement is queued once for each news":          announcements,
		"what is too old is deleted with its incident":          prunes,
		"what waits is known by target":                         waiting,
		"what people do is stored beside the evaluation":        responds,
		"a response without an entry changes nothing":           respondsInVain,
		"an incident that a person has ended is not updated":    endedMeanwhile,
		"what reopens or is raised is acknowledged again":       acknowledgedAgain,
		"silences end by themselves":                            silences,
		"when a tick last succeeded is known":                   lastTick,
		"what was not useful is counted per rule":               notUseful,
		"a chart is stored beside the evaluation":               charts,
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
	must(t, s.Open(ctx, old, opened(a, "opened")))
	d := next(t, s, at(1))
	must(t, s.Release(ctx, "old"))
	if _, ok, err := s.Acquire(ctx, "new", time.Minute); !ok || err != nil {
		t.Fatal(ok, err)
	}
	for name, write := range map[string]func(context.Context) error{
		"save":   func(ctx context.Context) error { return s.Save(ctx, old, count.Batch{}) },
		"prune":  func(ctx context.Context) error { return s.Prune(ctx, old, at(0), at(0)) },
		"open":   func(ctx context.Context) error { return s.Open(ctx, old, opened(example("b"), "")) },
		"update": func(ctx context.Context) error { return s.Update(ctx, old, opened(a, "")) },
		"begin": func(ctx context.Context) error {
			_, err := s.Begin(ctx, old, d.ID, at(1))
			return err
		},
		"complete": func(ctx context.Context) error {
			return s.Complete(ctx, old, d, incident.MessageRef{Channel: "C", ID: "1"})
		},
		"retry":   func(ctx context.Context) error { return s.Retry(ctx, old, d.ID, notify.Retrial{NotBefore: at(1)}) },
		"give up": func(ctx context.Context) error { return s.GiveUp(ctx, old, d.ID, at(1), "", "") },
		"pause":   func(ctx context.Context) error { return s.Pause(ctx, old, pages, notify.Send, at(9)) },
		"tick":    func(ctx context.Context) error { return s.TickSucceeded(ctx, old, at(1)) },
		"announce": func(ctx context.Context) error {
			return s.Announce(ctx, old, notify.Announcement{Topic: "x", News: "y", Targets: []incident.Target{pages}})
		},
		"chart":            func(ctx context.Context) error { return s.SetChart(ctx, old, incident.Slack, a.ID, incident.Chart{}) },
		"prune the outbox": func(ctx context.Context) error { return s.PruneOutbox(ctx, old, at(1)) },
		"notice":           func(ctx context.Context) error { return s.Notice(ctx, old, pages, notify.Note{}) },
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
	d, ok, err := s.Next(t.Context(), incident.Slack, nil, now)
	if err != nil || !ok {
		t.Fatal(fmt.Errorf("nothing to deliver: %w", err))
	}
	return d
}

func begin(t *testing.T, s Store, term lease.Term, id int64, now time.Time) notify.Delivery {
	t.Helper()
	d, err := s.Begin(t.Context(), term, id, now)
	must(t, err)
	return d
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
