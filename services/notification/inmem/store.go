// Package inmem keeps events and mails in memory: for tests, and for a service
// that is run without anything beside it.
package inmem

import (
	"context"
	"sync"
	"time"

	"github.com/google/uuid"

	"jari.example/services/notification"
	"jari.example/telemetry"
)

// Store is events in the order they came.
type Store struct {
	mu   sync.Mutex
	rows []*row
	by   map[uuid.UUID]*row
}

type row struct {
	notification.Job
	due     time.Time
	settled string // "" while the mail is still to be sent
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
	r := &row{Job: notification.Job{Event: e}, due: now}
	s.rows, s.by[e.ID] = append(s.rows, r), r
	return true, nil
}

// Lease implements notification.Store.
func (s *Store) Lease(_ context.Context, n int, now, until time.Time) (jobs []notification.Job, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	older := map[uuid.UUID]bool{} // reservations with an event that must be told first
	for _, r := range s.rows {
		if r.settled != "" || older[r.Reservation.ID] {
			continue
		}
		older[r.Reservation.ID] = true
		if len(jobs) < n && !r.due.After(now) {
			r.due = until
			r.Attempts++
			jobs = append(jobs, r.Job)
		}
	}
	return jobs, nil
}

// Sent implements notification.Store.
func (s *Store) Sent(_ context.Context, id uuid.UUID, _ time.Time) error {
	return s.change(id, func(r *row) { r.settled, r.Reservation.Note = "sent", telemetry.Secret{} })
}

// Postpone implements notification.Store.
func (s *Store) Postpone(_ context.Context, id uuid.UUID, due time.Time) error {
	return s.change(id, func(r *row) { r.due = due })
}

// Fail implements notification.Store.
func (s *Store) Fail(_ context.Context, id uuid.UUID, _ time.Time, reason string) error {
	return s.change(id, func(r *row) { r.settled, r.Reservation.Note = "failed: "+reason, telemetry.Secret{} })
}

func (s *Store) change(id uuid.UUID, how func(*row)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.by[id]; r != nil && r.settled == "" {
		how(r)
	}
	return nil
}
