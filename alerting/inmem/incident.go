package inmem

import (
	"cmp"
	"context"
	"slices"
	"time"

	"jari.example/alerting/incident"
	"jari.example/alerting/lease"
	"jari.example/alerting/notify"
)

// Recent implements incident.Store.
func (s *Store) Recent(_ context.Context, since time.Time) ([]incident.Incident, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var recent []incident.Incident
	for _, i := range s.incidents {
		if i.Open() || !i.ResolvedAt.Before(since) {
			recent = append(recent, i)
		}
	}
	slices.SortFunc(recent, func(a, b incident.Incident) int {
		return cmp.Or(a.OpenedAt.Compare(b.OpenedAt), cmp.Compare(a.ID, b.ID))
	})
	return recent, nil
}

// Get implements incident.Store.
func (s *Store) Get(_ context.Context, id string) (incident.Incident, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i, ok := s.incidents[id]
	if !ok {
		return i, incident.ErrNotFound
	}
	return i, nil
}

// Open implements incident.Store.
func (s *Store) Open(_ context.Context, term lease.Term, i incident.Incident, note string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.mayWrite(term, i); err != nil {
		return err
	}
	s.incidents[i.ID] = i
	s.queue(i.ID, notify.Post, "")
	s.queue(i.ID, notify.Reply, note)
	return nil
}

// Update implements incident.Store.
func (s *Store) Update(_ context.Context, term lease.Term, i incident.Incident, note string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.mayWrite(term, i); err != nil {
		return err
	}
	before := s.incidents[i.ID]
	i.Rule, i.OpenedAt, i.Message = before.Rule, before.OpenedAt, before.Message
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

// mayWrite checks the term, and that no other incident of the rule is open when i is.
func (s *Store) mayWrite(term lease.Term, i incident.Incident) error {
	if term != s.term {
		return lease.ErrLost
	}
	for _, other := range s.incidents {
		if i.Open() && other.Open() && other.Rule == i.Rule && other.ID != i.ID {
			return incident.ErrAlreadyOpen
		}
	}
	return nil
}

func (s *Store) queue(id string, kind notify.Kind, note string) {
	s.lastID++
	s.outbox = append(s.outbox, &delivery{Delivery: notify.Delivery{ID: s.lastID, Kind: kind, Note: note}, incident: id})
}
