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

// Timeline implements incident.Store.
func (s *Store) Timeline(_ context.Context, id string) ([]incident.Entry, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.timelines[id]), nil
}

// Open implements incident.Store.
func (s *Store) Open(_ context.Context, term lease.Term, c incident.Change) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.mayWrite(term, c.Incident); err != nil {
		return err
	}
	s.incidents[c.ID] = c.Incident
	s.record(c.ID, c.Entries, c.Targets)
	return nil
}

// Update implements incident.Store.
func (s *Store) Update(_ context.Context, term lease.Term, c incident.Change) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.mayWrite(term, c.Incident); err != nil {
		return err
	}
	i, before := c.Incident, s.incidents[c.ID]
	if !before.ResolvedAt.Equal(c.ResolvedBefore) {
		return incident.ErrChanged
	}
	i.Rule, i.OpenedAt, i.Response, i.Chart = before.Rule, before.OpenedAt, before.Response.After(c.Entries), before.Chart
	s.write(i)
	s.record(c.ID, c.Entries, c.Targets)
	return nil
}

// Respond implements incident.Store.
func (s *Store) Respond(_ context.Context, id string, respond incident.Respond) (incident.Incident, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i, ok := s.incidents[id]
	if !ok {
		return i, incident.ErrNotFound
	}
	before := i
	i.Response.Notified = slices.Clone(i.Response.Notified)
	entries, targets, err := respond(&i)
	if err != nil || len(entries) == 0 {
		return before, err
	}
	before.Response, before.ResolvedAt, before.Facts.Silenced = i.Response, i.ResolvedAt, i.Facts.Silenced
	s.write(before)
	s.record(id, entries, targets)
	return before, nil
}

// write stores i. With its end the silences of it end, so that they do not hold when
// it reopens.
func (s *Store) write(i incident.Incident) {
	s.incidents[i.ID] = i
	for n := range s.silences {
		if one := &s.silences[n]; one.Incident == i.ID && one.Until.IsZero() {
			one.Until = i.ResolvedAt
		}
	}
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

// record adds the entries to the timeline and queues the deliveries of a change.
func (s *Store) record(id string, entries []incident.Entry, targets []incident.Target) {
	s.timelines[id] = append(s.timelines[id], entries...)
	all := s.targetsOf(id)
	for _, t := range all {
		s.queueUpdate(place{id, t})
	}
	for _, t := range targets {
		if m := s.messages[place{id, t}]; m == nil && !slices.Contains(all, t) {
			s.queue(delivery{Delivery: notify.Delivery{Kind: notify.Post, Target: t}, incident: id})
			all = append(all, t)
		}
	}
	for _, t := range all {
		for _, e := range entries {
			if e.Text != "" {
				n := notify.Note{Text: e.Text, Mention: e.Mention}
				s.queue(delivery{Delivery: notify.Delivery{Kind: notify.Reply, Target: t, Note: n}, incident: id})
			}
		}
	}
}

// queueUpdate queues an update of a message, unless one is queued that has not begun or the
// message cannot be edited.
func (s *Store) queueUpdate(at place) {
	queued := slices.ContainsFunc(s.outbox, func(d *delivery) bool {
		return d.place() == at && d.failed == "" && d.Attempts == 0 && (d.Kind == notify.Update || d.Kind == notify.Post)
	})
	if m := s.messages[at]; !queued && (m == nil || !m.uneditable) {
		s.queue(delivery{Delivery: notify.Delivery{Kind: notify.Update, Target: at.target}, incident: at.incident})
	}
}

// targetsOf are the targets that have a message of the incident, or will have one;
// not those that have refused it for good.
func (s *Store) targetsOf(id string) (all []incident.Target) {
	for p, m := range s.messages {
		if p.incident == id && !m.ref.IsZero() {
			all = append(all, p.target)
		}
	}
	for _, d := range s.outbox {
		if d.incident == id && d.Kind == notify.Post && d.failed == "" && !slices.Contains(all, d.Target) {
			all = append(all, d.Target)
		}
	}
	slices.SortFunc(all, func(a, b incident.Target) int { return cmp.Compare(a.String(), b.String()) })
	return all
}

func (s *Store) queue(d delivery) {
	s.lastID++
	d.ID, d.Queued = s.lastID, time.Now().UTC()
	s.outbox = append(s.outbox, &d)
}

// Silence implements incident.Store.
func (s *Store) Silence(_ context.Context, added incident.Silence) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.silences = append(s.silences, added)
	return nil
}

// EndSilence implements incident.Store.
func (s *Store) EndSilence(_ context.Context, id string, at time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for n := range s.silences {
		if one := &s.silences[n]; one.ID == id && (one.Until.IsZero() || at.Before(one.Until)) {
			one.Until = at
		}
	}
	return nil
}

// Silences implements incident.Store.
func (s *Store) Silences(_ context.Context, at time.Time) ([]incident.Silence, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []incident.Silence
	for _, one := range s.silences {
		if one.Until.IsZero() || at.Before(one.Until) {
			all = append(all, one)
		}
	}
	return all, nil
}

// NotUseful implements incident.Store.
func (s *Store) NotUseful(context.Context) (map[string]int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	counts := map[string]int{}
	for _, i := range s.incidents {
		if n := len(i.Response.NotUseful); n > 0 {
			counts[i.Rule] += n
		}
	}
	return counts, nil
}
