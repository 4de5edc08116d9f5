// Package inmem stores events and mails in memory: for tests, and for a service
// that runs alone.
package inmem

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"jari.example/internal/backlog"
	"jari.example/internal/secret"
	"jari.example/services/notification"
)

// Store holds events in the order they were added.
type Store struct {
	mu   sync.Mutex
	rows []*row
	by   map[uuid.UUID]*row
}

type row struct {
	notification.Job
	added     time.Time
	due       time.Time
	urgent    bool
	completed time.Time
	reason    notification.Reason // "" unless it failed
	withdrawn bool
}

var _ notification.Store = (*Store)(nil)

// New returns an empty store.
func New() *Store { return &Store{by: map[uuid.UUID]*row{}} }

// Add implements notification.Store.
func (s *Store) Add(_ context.Context, e notification.Event, now time.Time) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.by[e.ID] != nil {
		return false, nil
	}
	r := &row{Job: notification.Job{Event: e}, added: now, due: e.Due(now), urgent: e.Urgent()}
	if r.urgent {
		for _, o := range s.rows {
			o.urgent = o.urgent || o.Reservation.ID == e.Reservation.ID && o.completed.IsZero()
		}
	}
	s.rows, s.by[e.ID] = append(s.rows, r), r
	return true, nil
}

// Lease implements notification.Store.
func (s *Store) Lease(_ context.Context, n int, now, until time.Time) (jobs []notification.Job, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	older := map[uuid.UUID]bool{} // reservations with an older pending event
	var due []*row
	for _, r := range s.rows {
		if !r.completed.IsZero() || older[r.Reservation.ID] {
			continue
		}
		older[r.Reservation.ID] = true
		if !r.due.After(now) {
			due = append(due, r)
		}
	}
	slices.SortStableFunc(due, before)
	for _, r := range due[:min(n, len(due))] {
		r.due = until
		r.Attempts++
		r.Withdrawn = s.isWithdrawn(r)
		jobs = append(jobs, r.Job)
		r.Unknown++
	}
	return jobs, nil
}

// before is the order in which rows are leased.
func before(a, b *row) int {
	switch {
	case a.urgent == b.urgent:
		return a.due.Compare(b.due)
	case a.urgent:
		return -1
	}
	return 1
}

// isWithdrawn reports whether r needs no mail any more.
func (s *Store) isWithdrawn(r *row) bool {
	var before *row // the last no-show before r
	undone, passed := false, false
	for _, o := range s.rows {
		switch {
		case o == r:
			passed = true
		case o.Reservation.ID != r.Reservation.ID:
		case !passed && o.Kind == notification.NoShow:
			before = o
		case passed && o.Kind == notification.Undone:
			undone = true
		}
	}
	switch r.Kind {
	case notification.NoShow:
		return undone
	case notification.Undone:
		return before == nil || !before.mayBeSent()
	}
	return false
}

// mayBeSent reports whether somebody may have got a mail about r.
func (r *row) mayBeSent() bool {
	return r.Unknown > 0 || !r.completed.IsZero() && r.reason == "" && !r.withdrawn
}

// Sent implements notification.Store.
func (s *Store) Sent(_ context.Context, id uuid.UUID, at time.Time) error {
	return s.change(id, func(r *row) { r.complete(at, "") })
}

// Postpone implements notification.Store.
func (s *Store) Postpone(_ context.Context, id uuid.UUID, due time.Time, known bool) error {
	return s.change(id, func(r *row) {
		r.due = due
		if known {
			r.Unknown = max(0, r.Unknown-1)
		}
	})
}

// Withdraw implements notification.Store.
func (s *Store) Withdraw(_ context.Context, id uuid.UUID, at time.Time) error {
	return s.change(id, func(r *row) {
		r.complete(at, "")
		r.withdrawn = true
	})
}

// Fail implements notification.Store.
func (s *Store) Fail(_ context.Context, id uuid.UUID, at time.Time, reason notification.Reason) error {
	return s.change(id, func(r *row) { r.complete(at, reason) })
}

func (r *row) complete(at time.Time, reason notification.Reason) {
	r.completed, r.reason = at, reason
	r.Unknown = max(0, r.Unknown-1)
	r.ClosureReason, r.Reservation.Note = secret.String{}, secret.String{}
}

func (s *Store) change(id uuid.UUID, update func(*row)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.by[id]; r != nil && r.completed.IsZero() {
		update(r)
	}
	return nil
}

// Sweep implements notification.Store.
func (s *Store) Sweep(_ context.Context, before time.Time, n int) (swept int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rows = slices.DeleteFunc(s.rows, func(r *row) bool {
		v := r.Reservation
		old := !r.completed.IsZero() && r.completed.Before(before) && v.Start.Before(before) && v.End.Before(before)
		if !old || swept == n {
			return false
		}
		swept++
		delete(s.by, r.ID)
		return true
	})
	return swept, nil
}

// Failures implements notification.Store.
func (s *Store) Failures(_ context.Context, reservations []uuid.UUID) (found []notification.Failure, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	last := map[uuid.UUID]*row{}
	for _, r := range s.rows {
		if !r.completed.IsZero() && !r.withdrawn {
			last[r.Reservation.ID] = r
		}
	}
	for _, id := range reservations {
		if r := last[id]; r != nil && r.reason != "" {
			found = append(found, notification.Failure{ReservationID: id, Kind: r.Kind, Reason: r.reason, At: r.completed})
			delete(last, id)
		}
	}
	return found, nil
}

// Backlog implements backlog.Queue.
func (s *Store) Backlog(context.Context) (backlog.Backlog, error) { return s.backlog(false), nil }

// UrgentBacklog implements notification.Store.
func (s *Store) UrgentBacklog(context.Context) (backlog.Backlog, error) { return s.backlog(true), nil }

// backlog counts the urgent events, or all.
func (s *Store) backlog(urgent bool) (b backlog.Backlog) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.rows {
		if urgent && !r.urgent || !r.completed.IsZero() || r.Kind == notification.NoShow && r.Attempts == 0 && r.due.After(time.Now()) {
			continue
		}
		if b.Waiting++; b.Waiting == 1 {
			b.Oldest = r.added
		}
	}
	return b
}
