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

// Next implements notify.Outbox.
func (s *Store) Next(_ context.Context, medium string, busy []string, now time.Time) (notify.Delivery, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	notDue := map[place]bool{} // whose first delivery is not due
	for _, d := range s.outbox {
		if d.Target.Medium != medium || d.failed != "" || slices.Contains(busy, d.Target.Address) || notDue[d.place()] {
			continue
		}
		if !now.Before(d.notBefore) && !s.paused(d, now) {
			return s.loaded(d), true, nil
		}
		if d.incident != "" {
			notDue[d.place()] = true
		}
	}
	return notify.Delivery{}, false, nil
}

func (s *Store) paused(d *delivery, now time.Time) bool {
	searches := d.Ambiguous && d.Kind != notify.Update
	return now.Before(s.pauses[limit{d.Target, d.Kind.Method()}]) || searches && now.Before(s.pauses[limit{d.Target, notify.Search}])
}

// loaded is the delivery with its incident and message as they are now.
func (s *Store) loaded(d *delivery) notify.Delivery {
	found := d.Delivery
	found.Incident = s.incidents[d.incident]
	if m := s.messages[d.place()]; m != nil {
		found.Message = m.ref
	}
	return found
}

// Begin implements notify.Outbox.
func (s *Store) Begin(_ context.Context, term lease.Term, id int64, now time.Time) (begun notify.Delivery, err error) {
	err = s.changeDelivery(term, id, func(d *delivery) {
		if !d.Ambiguous {
			d.FirstTry = now
		}
		d.Attempts++
		d.Ambiguous = true
		begun = s.loaded(d)
	})
	return begun, err
}

// Complete implements notify.Outbox.
func (s *Store) Complete(_ context.Context, term lease.Term, done notify.Delivery, ref incident.MessageRef) error {
	return s.changeDelivery(term, done.ID, func(d *delivery) {
		if done.Kind == notify.Post {
			s.messages[d.place()] = &message{ref: ref}
		}
		s.outbox = slices.DeleteFunc(slices.Clone(s.outbox), func(other *delivery) bool { return other == d })
	})
}

// Retry implements notify.Outbox.
func (s *Store) Retry(_ context.Context, term lease.Term, id int64, r notify.Retrial) error {
	return s.changeDelivery(term, id, func(d *delivery) {
		d.Ambiguous, d.notBefore, d.refused = r.Ambiguous, r.NotBefore, ""
		if r.Refused {
			d.refused = r.Reason
		}
	})
}

// GiveUp implements notify.Outbox.
func (s *Store) GiveUp(_ context.Context, term lease.Term, id int64, _ time.Time, reason, instead string) error {
	return s.changeDelivery(term, id, func(d *delivery) {
		d.failed = reason
		switch d.Kind {
		case notify.Post:
			s.messages[d.place()] = &message{}
		case notify.Update:
			s.messages[d.place()].uneditable = true
		}
		s.outbox = slices.DeleteFunc(slices.Clone(s.outbox), func(other *delivery) bool {
			return other != d && other.place() == d.place() && other.failed == "" && d.incident != "" &&
				(d.Kind == notify.Post || d.Kind == notify.Update && other.Kind == notify.Update)
		})
		if instead != "" {
			s.queue(delivery{incident: d.incident, Delivery: notify.Delivery{
				Kind: notify.Reply, Target: d.Target, Note: notify.Note{Text: instead},
			}})
		}
	})
}

// Pause implements notify.Outbox.
func (s *Store) Pause(_ context.Context, term lease.Term, t incident.Target, m notify.Method, until time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if term != s.term {
		return lease.ErrLost
	}
	if of := (limit{t, m}); s.pauses[of].Before(until) {
		s.pauses[of] = until
	}
	return nil
}

// Notice implements notify.Outbox.
func (s *Store) Notice(_ context.Context, term lease.Term, t incident.Target, n notify.Note) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if term != s.term {
		return lease.ErrLost
	}
	s.queue(delivery{Delivery: notify.Delivery{Kind: notify.Notice, Target: t, Note: n}})
	return nil
}

// Waiting implements notify.Outbox.
func (s *Store) Waiting(context.Context) ([]notify.Waiting, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	byTarget := map[incident.Target]*notify.Waiting{}
	for _, d := range s.outbox {
		if d.failed != "" {
			continue
		}
		w := byTarget[d.Target]
		if w == nil {
			w = &notify.Waiting{Target: d.Target, Oldest: d.Queued}
			byTarget[d.Target] = w
		}
		w.Count++
		w.Refused = cmp.Or(w.Refused, d.refused)
	}
	var all []notify.Waiting
	for _, w := range byTarget {
		all = append(all, *w)
	}
	slices.SortFunc(all, func(a, b notify.Waiting) int { return cmp.Compare(a.Target.String(), b.Target.String()) })
	return all, nil
}

// Undelivered implements notify.Outbox.
func (s *Store) Undelivered(context.Context) ([]notify.Undelivered, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []notify.Undelivered
	for _, d := range s.outbox {
		if d.Kind == notify.Post && s.incidents[d.incident].Open() {
			all = append(all, notify.Undelivered{
				Incident: d.incident, Target: d.Target, Since: d.Queued, Refused: cmp.Or(d.failed, d.refused),
			})
		}
	}
	return all, nil
}

// changeDelivery changes the delivery id, if it is still in the outbox.
func (s *Store) changeDelivery(term lease.Term, id int64, change func(*delivery)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if term != s.term {
		return lease.ErrLost
	}
	for _, d := range s.outbox {
		if d.ID == id && d.failed == "" {
			change(d)
			return nil
		}
	}
	return nil
}
