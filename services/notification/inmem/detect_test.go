package inmem_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"jari.example/internal/backlog"
	"jari.example/services/notification"
	"jari.example/services/notification/inmem"
	"jari.example/services/notification/storetest"
)

// Stores with one defect each, for a negative control of the suite.
type (
	assumesNotSent      struct{ *inmem.Store } // treats an unknown outcome as not sent
	ignoresOutcomes     struct{ *inmem.Store } // leaves every attempt unknown
	addsTwice           struct{ *inmem.Store } // reports a duplicate as new
	recordsSentAsFailed struct{ *inmem.Store } // records a sent mail as failed
	sweepsTooEarly      struct{ *inmem.Store } // deletes an hour too early
	overcountsBacklog   struct{ *inmem.Store } // reports a waiting event in an empty store
	neverWithdraws      struct{ *inmem.Store } // wants every mail to be sent
	neverWaits          struct{ *inmem.Store } // leases an event before it is due
	knowsNoOffers       struct{ *inmem.Store } // stores an offer as a mail that is not urgent
	forgetsOlder        struct{ *inmem.Store } // stores an offer as one of another reservation
	leavesNewestFirst   struct{ *inmem.Store } // returns a lease in the wrong order
	hasNoUrgent         struct{ *inmem.Store } // never reports that an urgent event waits
)

func (s assumesNotSent) Postpone(ctx context.Context, id uuid.UUID, due time.Time, _ bool) error {
	return s.Store.Postpone(ctx, id, due, true)
}

func (s ignoresOutcomes) Postpone(ctx context.Context, id uuid.UUID, due time.Time, _ bool) error {
	return s.Store.Postpone(ctx, id, due, false)
}

func (s addsTwice) Add(ctx context.Context, e notification.Event, now time.Time) (bool, error) {
	_, err := s.Store.Add(ctx, e, now)
	return true, err
}

func (s recordsSentAsFailed) Sent(ctx context.Context, id uuid.UUID, at time.Time) error {
	return s.Store.Fail(ctx, id, at, notification.TooLate)
}

func (s sweepsTooEarly) Sweep(ctx context.Context, before time.Time, n int) (int, error) {
	return s.Store.Sweep(ctx, before.Add(time.Hour), n)
}

func (s neverWithdraws) Lease(ctx context.Context, n int, now, until time.Time) ([]notification.Job, error) {
	jobs, err := s.Store.Lease(ctx, n, now, until)
	for i := range jobs {
		jobs[i].Withdrawn = false
	}
	return jobs, err
}

func (s neverWaits) Lease(ctx context.Context, n int, now, until time.Time) ([]notification.Job, error) {
	return s.Store.Lease(ctx, n, now.Add(time.Hour), until)
}

// knowsNoOffers: the suite compares ids only.
func (s knowsNoOffers) Add(ctx context.Context, e notification.Event, now time.Time) (bool, error) {
	e.Kind = notification.Confirmed
	return s.Store.Add(ctx, e, now)
}

func (s forgetsOlder) Add(ctx context.Context, e notification.Event, now time.Time) (bool, error) {
	if e.Kind == notification.Offered {
		e.Reservation.ID = uuid.New()
	}
	return s.Store.Add(ctx, e, now)
}

func (s leavesNewestFirst) Lease(ctx context.Context, n int, now, until time.Time) ([]notification.Job, error) {
	jobs, err := s.Store.Lease(ctx, n, now, until)
	slices.Reverse(jobs)
	return jobs, err
}

func (s hasNoUrgent) UrgentBacklog(context.Context) (b backlog.Backlog, err error) { return b, nil }

func (s overcountsBacklog) Backlog(ctx context.Context) (backlog.Backlog, error) {
	b, err := s.Store.Backlog(ctx)
	b.Waiting = max(b.Waiting, 1)
	return b, err
}

func TestSuiteDetectsDefects(t *testing.T) {
	for name, broken := range map[string]func(*inmem.Store) notification.Store{
		"counts an attempt as unknown until its outcome": func(s *inmem.Store) notification.Store { return assumesNotSent{s} },
		"ignores a duplicate event":                      func(s *inmem.Store) notification.Store { return addsTwice{s} },
		"returns reservations whose last mail failed":    func(s *inmem.Store) notification.Store { return recordsSentAsFailed{s} },
		"sweeps old events in batches":                   func(s *inmem.Store) notification.Store { return sweepsTooEarly{s} },
		"counts the backlog":                             func(s *inmem.Store) notification.Store { return overcountsBacklog{s} },
		"the mail about a no-show waits":                 func(s *inmem.Store) notification.Store { return neverWaits{s} },
		"leases an offer before older jobs":              func(s *inmem.Store) notification.Store { return knowsNoOffers{s} },
		"leases what is due for longest first":           func(s *inmem.Store) notification.Store { return leavesNewestFirst{s} },

		"withdraws the mails of a no-show that is undone": func(s *inmem.Store) notification.Store { return neverWithdraws{s} },
	} {
		if !storetest.Detects(t, name, broken(inmem.New())) {
			t.Errorf("case %q passes for %T", name, broken(nil))
		}
		if storetest.Detects(t, name, inmem.New()) {
			t.Errorf("case %q fails for a correct store", name)
		}
	}
	for _, broken := range []notification.Store{forgetsOlder{inmem.New()}, hasNoUrgent{inmem.New()}} {
		if !storetest.Detects(t, "leases what an offer waits for before older jobs", broken) {
			t.Errorf("%T passes", broken)
		}
	}
	if !storetest.Detects(t, "counts an attempt as unknown until its outcome", ignoresOutcomes{inmem.New()}) {
		t.Error("no case detects that every attempt stays unknown")
	}
}
