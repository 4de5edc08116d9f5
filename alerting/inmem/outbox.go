package inmem

import (
	"context"
	"time"

	"jari.example/alerting/incident"
	"jari.example/alerting/lease"
	"jari.example/alerting/notify"
)

// Next implements notify.Outbox.
func (s *Store) Next(_ context.Context, now time.Time) (notify.Delivery, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	notDue := map[string]bool{} // incidents whose first delivery is not due
	for _, d := range s.outbox {
		if notDue[d.incident] {
			continue
		}
		if !now.Before(d.notBefore) {
			found := d.Delivery
			found.Incident = s.incidents[d.incident]
			return found, true, nil
		}
		notDue[d.incident] = true
	}
	return notify.Delivery{}, false, nil
}

// Begin implements notify.Outbox.
func (s *Store) Begin(_ context.Context, term lease.Term, id int64, now time.Time) (i incident.Incident, err error) {
	err = s.changeDelivery(term, id, func(d *delivery) {
		if !d.Ambiguous {
			d.FirstTry = now
		}
		d.Attempts++
		d.Ambiguous = true
		i = s.incidents[d.incident]
	})
	return i, err
}

// Complete implements notify.Outbox.
func (s *Store) Complete(_ context.Context, term lease.Term, done notify.Delivery, ref incident.MessageRef) error {
	return s.changeDelivery(term, done.ID, func(d *delivery) {
		if done.Kind == notify.Post {
			i := s.incidents[d.incident]
			i.Message = ref
			s.incidents[d.incident] = i
		}
		others := s.outbox[:0:0]
		for _, other := range s.outbox {
			if other != d {
				others = append(others, other)
			}
		}
		s.outbox = others
	})
}

// Retry implements notify.Outbox.
func (s *Store) Retry(_ context.Context, term lease.Term, id int64, ambiguous bool, notBefore time.Time, _ string) error {
	return s.changeDelivery(term, id, func(d *delivery) { d.Ambiguous, d.notBefore = ambiguous, notBefore })
}

// DelayAll implements notify.Outbox.
func (s *Store) DelayAll(_ context.Context, term lease.Term, notBefore time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if term != s.term {
		return lease.ErrLost
	}
	for _, d := range s.outbox {
		if d.notBefore.Before(notBefore) {
			d.notBefore = notBefore
		}
	}
	return nil
}

// changeDelivery changes the delivery id, if it is still in the outbox.
func (s *Store) changeDelivery(term lease.Term, id int64, change func(*delivery)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if term != s.term {
		return lease.ErrLost
	}
	for _, d := range s.outbox {
		if d.ID == id {
			change(d)
			return nil
		}
	}
	return nil
}
