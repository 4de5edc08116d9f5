package inmem

import (
	"context"
	"time"

	"jari.example/alerting/lease"
)

// TickSucceeded implements deadman.Ticks.
func (s *Store) TickSucceeded(_ context.Context, term lease.Term, at time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if term != s.term {
		return lease.ErrLost
	}
	s.lastTick = at
	return nil
}

// LastTick implements deadman.Ticks.
func (s *Store) LastTick(context.Context) (time.Time, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lastTick, nil
}
