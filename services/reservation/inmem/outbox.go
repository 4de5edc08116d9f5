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
	due time.Time
}

// Lease implements [outbox.Store].
func (s *Store) Lease(_ context.Context, n int, now, until time.Time) ([]reservation.Event, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var leased []reservation.Event
	behind := map[uuid.UUID]bool{}
	for _, e := range s.events { // in order of Seq
		first := !behind[e.Reservation.ID]
		behind[e.Reservation.ID] = true
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
