package inmem

import (
	"context"
	"time"

	"jari.example/alerting/incident"
	"jari.example/alerting/lease"
	"jari.example/alerting/slack"
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
	s.queue(i.ID, slack.Post, "")
	s.queue(i.ID, slack.Reply, note)
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
	old := s.incidents[i.ID]
	i.Channel, i.MessageTS = old.Channel, old.MessageTS
	s.incidents[i.ID] = i
	waiting := false
	for _, d := range s.outbox {
		waiting = waiting || d.incident == i.ID && d.Kind == slack.Update && d.Attempts == 0
	}
	if !waiting {
		s.queue(i.ID, slack.Update, "")
	}
	if note != "" {
		s.queue(i.ID, slack.Reply, note)
	}
	return nil
}

func (s *Store) queue(id string, kind slack.Kind, note string) {
	s.lastID++
	s.outbox = append(s.outbox, &delivery{Delivery: slack.Delivery{ID: s.lastID, Kind: kind, Note: note}, incident: id})
}

// Next implements slack.Outbox.
func (s *Store) Next(_ context.Context, now time.Time) (slack.Delivery, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	busy := map[string]bool{}
	for _, d := range s.outbox {
		if busy[d.incident] {
			continue
		}
		if !now.Before(d.notBefore) {
			found := d.Delivery
			found.Incident = s.incidents[d.incident]
			return found, true, nil
		}
		busy[d.incident] = true
	}
	return slack.Delivery{}, false, nil
}

// Begin implements slack.Outbox.
func (s *Store) Begin(_ context.Context, term lease.Term, id int64, now time.Time) error {
	return s.with(term, id, func(d *delivery) {
		if !d.Ambiguous {
			d.FirstTry = now
		}
		d.Attempts++
		d.Ambiguous = true
	})
}

// Done implements slack.Outbox.
func (s *Store) Done(_ context.Context, term lease.Term, done slack.Delivery, channel, ts string) error {
	return s.with(term, done.ID, func(d *delivery) {
		if done.Kind == slack.Post {
			i := s.incidents[d.incident]
			i.Channel, i.MessageTS = channel, ts
			s.incidents[d.incident] = i
		}
		kept := s.outbox[:0:0]
		for _, other := range s.outbox {
			if other != d {
				kept = append(kept, other)
			}
		}
		s.outbox = kept
	})
}

// Again implements slack.Outbox.
func (s *Store) Again(_ context.Context, term lease.Term, id int64, ambiguous bool, until time.Time, _ string) error {
	return s.with(term, id, func(d *delivery) { d.Ambiguous, d.notBefore = ambiguous, until })
}

// Hold implements slack.Outbox.
func (s *Store) Hold(_ context.Context, term lease.Term, until time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if term != s.term {
		return lease.ErrLost
	}
	for _, d := range s.outbox {
		if d.notBefore.Before(until) {
			d.notBefore = until
		}
	}
	return nil
}

func (s *Store) with(term lease.Term, id int64, f func(*delivery)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if term != s.term {
		return lease.ErrLost
	}
	for _, d := range s.outbox {
		if d.ID == id {
			f(d)
			return nil
		}
	}
	return nil
}
