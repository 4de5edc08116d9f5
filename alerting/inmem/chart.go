package inmem

import (
	"context"
	"slices"
	"time"

	"jari.example/alerting/incident"
	"jari.example/alerting/lease"
)

// Messaged implements incident.ChartStore.
func (s *Store) Messaged(ctx context.Context, medium string, since time.Time) ([]incident.Incident, error) {
	recent, err := s.Recent(ctx, since)
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.DeleteFunc(recent, func(i incident.Incident) bool {
		for p, m := range s.messages {
			if p.incident == i.ID && p.target.Medium == medium && !m.ref.IsZero() && !m.uneditable {
				return false
			}
		}
		return true
	}), err
}

// SetChart implements incident.ChartStore.
func (s *Store) SetChart(_ context.Context, term lease.Term, medium, id string, c incident.Chart) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if term != s.term {
		return lease.ErrLost
	}
	i, ok := s.incidents[id]
	if !ok {
		return nil
	}
	i.Chart = c
	s.incidents[id] = i
	for _, t := range s.targetsOf(id) {
		if t.Medium == medium {
			s.queueUpdate(place{id, t})
		}
	}
	return nil
}
