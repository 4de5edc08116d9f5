package inmem

import (
	"context"
	"slices"
	"time"

	"jari.example/alerting/lease"
	"jari.example/alerting/notify"
)

// Announced implements notify.Announcements.
func (s *Store) Announced(_ context.Context, topic string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.announced[topic], nil
}

// Announce implements notify.Announcements.
func (s *Store) Announce(_ context.Context, term lease.Term, a notify.Announcement) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if term != s.term {
		return lease.ErrLost
	}
	if s.announced[a.Topic] == a.News {
		return nil
	}
	s.announced[a.Topic] = a.News
	s.outbox = slices.DeleteFunc(slices.Clone(s.outbox), func(d *delivery) bool {
		return d.topic == a.Topic && d.failed == "" && !d.Ambiguous
	})
	for _, t := range a.Targets {
		s.queue(delivery{Delivery: notify.Delivery{Kind: notify.Notice, Target: t, Note: a.Note}, topic: a.Topic})
	}
	return nil
}

// PruneOutbox implements notify.Prunable.
func (s *Store) PruneOutbox(_ context.Context, term lease.Term, before time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if term != s.term {
		return lease.ErrLost
	}
	goesOn := map[place]bool{}
	for _, d := range s.outbox {
		if i := s.incidents[d.incident]; d.incident != "" && (i.Open() || !i.ResolvedAt.Before(before) || !d.Queued.Before(before)) {
			goesOn[d.place()] = true
		}
	}
	s.outbox = slices.DeleteFunc(slices.Clone(s.outbox), func(d *delivery) bool {
		return d.Queued.Before(before) && (d.incident == "" || !goesOn[d.place()])
	})
	return nil
}
