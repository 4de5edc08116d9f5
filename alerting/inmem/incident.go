package inmem

import (
	"context"

	"jari.example/alerting/incident"
	"jari.example/alerting/lease"
	"jari.example/alerting/notify"
)

// Current implements incident.Store.
func (s *Store) Current(_ context.Context, name string) (incident.Incident, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i, ok := s.current(name)
	return i, ok, nil
}

func (s *Store) current(name string) (incident.Incident, bool) {
	for _, i := range s.incidents {
		if i.SLO == name && i.Open() {
			return i, true
		}
	}
	return incident.Incident{}, false
}

// Open implements incident.Store.
func (s *Store) Open(_ context.Context, term lease.Term, i incident.Incident, note string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if term != s.term {
		return lease.ErrLost
	}
	if _, open := s.current(i.SLO); open {
		return incident.ErrAlreadyOpen
	}
	s.incidents[i.ID] = i
	s.queue(i.ID, notify.Post, "")
	s.queue(i.ID, notify.Reply, note)
	return nil
}

// Update implements incident.Store.
func (s *Store) Update(_ context.Context, term lease.Term, i incident.Incident) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.change(term, i, "")
}

// Resolve implements incident.Store.
func (s *Store) Resolve(_ context.Context, term lease.Term, i incident.Incident, note string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.change(term, i, note)
}

func (s *Store) change(term lease.Term, i incident.Incident, note string) error {
	if term != s.term {
		return lease.ErrLost
	}
	i.Message = s.incidents[i.ID].Message
	s.incidents[i.ID] = i
	queued := false
	for _, d := range s.outbox {
		queued = queued || d.incident == i.ID && d.Kind == notify.Update && d.Attempts == 0
	}
	if !queued {
		s.queue(i.ID, notify.Update, "")
	}
	if note != "" {
		s.queue(i.ID, notify.Reply, note)
	}
	return nil
}

func (s *Store) queue(id string, kind notify.Kind, note string) {
	s.lastID++
	s.outbox = append(s.outbox, &delivery{Delivery: notify.Delivery{ID: s.lastID, Kind: kind, Note: note}, incident: id})
}
