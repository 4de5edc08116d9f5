package inmem

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"jari.example/internal/backlog"
	"jari.example/services/reservation"
)

type outboxEntry struct {
	reservation.Event
	due time.Time // while leased: the end of the lease
}

// Lease implements [outbox.Store].
func (s *Store) Lease(_ context.Context, n int, now, until time.Time) ([]reservation.Event, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var leased []reservation.Event
	seen := map[uuid.UUID]bool{} // reservations with an earlier event
	for _, e := range s.events { // by Seq
		first := !seen[e.Reservation.ID]
		seen[e.Reservation.ID] = true
		if len(leased) < n && first && !e.due.After(now) {
			e.due = until
			e.Attempts++
			leased = append(leased, e.Event)
		}
	}
	return leased, nil
}

// Delivered implements [outbox.Store].
func (s *Store) Delivered(_ context.Context, seq int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events = slices.DeleteFunc(s.events, func(e *outboxEntry) bool { return e.Seq == seq })
	return nil
}

// Postpone implements [outbox.Store].
func (s *Store) Postpone(_ context.Context, seq int64, due time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.events {
		if e.Seq == seq {
			e.due = due
		}
	}
	return nil
}

// Backlog implements [backlog.Queue].
func (s *Store) Backlog(context.Context) (b backlog.Backlog, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b.Waiting = len(s.events)
	if b.Waiting > 0 {
		b.Oldest = s.events[0].OccurredAt
	}
	return b, nil
}

// enqueue adds an event that is due at once.
func (s *Store) enqueue(e reservation.Event) {
	s.lastSeq++
	e.Seq = s.lastSeq
	s.events = append(s.events, &outboxEntry{Event: e, due: e.OccurredAt})
}
