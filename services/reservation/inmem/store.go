// Package inmem keeps reservations in memory: for a first try without any
// database, and as the plain-spoken twin that the PostgreSQL store is tested
// against.
package inmem

import (
	"bytes"
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"jari.example/services/reservation"
)

// Store is a [reservation.Store], its [reservation.Outbox] and
// [reservation.Chores]. Use New.
type Store struct {
	mu       sync.Mutex // held by every call from its first read to its last write
	slots    map[reservation.SlotID]*reservation.Slot
	rows     map[uuid.UUID]*reservation.Reservation
	updated  map[uuid.UUID]time.Time
	reminded map[uuid.UUID]time.Time // start of the visit
	plans    map[string]*plan
	answers  map[key]answer
	events   []*pending
	seq      int64
	tally    reservation.Tally
}

type key struct {
	diner   uuid.UUID
	op, key string
}

type answer struct {
	hash []byte
	at   time.Time
	reservation.Reservation
}

type plan struct {
	schedule *reservation.Schedule
	closed   map[string]bool
	made     time.Time
}

var (
	_ reservation.Store  = (*Store)(nil)
	_ reservation.Outbox = (*Store)(nil)
	_ reservation.Chores = (*Store)(nil)
)

// New returns an empty store.
func New() *Store {
	return &Store{
		slots:    map[reservation.SlotID]*reservation.Slot{},
		rows:     map[uuid.UUID]*reservation.Reservation{},
		updated:  map[uuid.UUID]time.Time{},
		reminded: map[uuid.UUID]time.Time{},
		plans:    map[string]*plan{},
		answers:  map[key]answer{},
		tally:    reservation.NewTally(),
	}
}

// Ping implements [reservation.Store].
func (s *Store) Ping(context.Context) error { return nil }

// Book implements [reservation.Store].
func (s *Store) Book(ctx context.Context, b reservation.Booking) (reservation.Outcome, error) {
	return s.Change(ctx, reservation.Change{
		Act: b.Act, Op: reservation.OpBook, Decide: b.Decide,
		Scope: reservation.Scope{Diner: b.DinerID, Slots: []reservation.SlotID{b.SlotID}},
	})
}

// Change implements [reservation.Changer].
func (s *Store) Change(ctx context.Context, c reservation.Change) (reservation.Outcome, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if out, err := s.remembered(c.Op, c.Act); out.Replayed || err != nil {
		return out, err
	}
	d := s.desk(c)
	r, err := c.Run(d)
	if err != nil {
		return reservation.Outcome{}, err
	}
	s.write(c, d.Written())
	s.tally.Changed(ctx, c, d)
	if c.Key != "" {
		s.answers[key{c.DinerID, c.Op, c.Key}] = answer{c.Hash, c.At, r}
	}
	return reservation.Outcome{Reservation: r}, nil
}

// Remembered implements [reservation.Store].
func (s *Store) Remembered(_ context.Context, op string, a reservation.Act) (reservation.Outcome, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.remembered(op, a)
}

// remembered returns what the key has done before, if anything.
func (s *Store) remembered(op string, a reservation.Act) (out reservation.Outcome, err error) {
	old, ok := s.answers[key{a.DinerID, op, a.Key}]
	switch {
	case ok && !bytes.Equal(old.hash, a.Hash):
		return out, reservation.KeyReused()
	case ok:
		return reservation.Outcome{Reservation: old.Reservation, Replayed: true}, nil
	}
	return out, nil
}

// Slots implements [reservation.Store].
func (s *Store) Slots(_ context.Context, restaurants []string, from, to time.Time) ([]reservation.Slot, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []reservation.Slot
	for _, slot := range s.slots {
		if slices.Contains(restaurants, slot.RestaurantID) && !slot.Start.Before(from) && slot.Start.Before(to) {
			list = append(list, *slot)
		}
	}
	slices.SortFunc(list, func(a, b reservation.Slot) int {
		return cmp.Or(a.Start.Compare(b.Start), cmp.Compare(a.ID, b.ID))
	})
	return list, nil
}

// Schedule implements [reservation.Store].
func (s *Store) Schedule(_ context.Context, restaurant string) (reservation.Schedule, []string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.plans[restaurant]; p != nil && p.schedule != nil {
		return *p.schedule, slices.Sorted(maps.Keys(p.closed)), nil
	}
	return reservation.Schedule{}, nil, reservation.ScheduleNotFound()
}

// Reservation implements [reservation.Store].
func (s *Store) Reservation(_ context.Context, diner, id uuid.UUID) (reservation.Reservation, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.rows[id]; r != nil && r.DinerID == diner {
		return s.placed(r), nil
	}
	return reservation.Reservation{}, reservation.NotFound()
}

// placed is r with its position in line.
func (s *Store) placed(r *reservation.Reservation) reservation.Reservation {
	found := *r
	if r.Status == reservation.Waiting {
		found.Position = 1
		for _, o := range s.rows {
			if o.SlotID == r.SlotID && o.Status == reservation.Waiting && o.Line < r.Line {
				found.Position++
			}
		}
	}
	return found
}

// Reservations implements [reservation.Store].
func (s *Store) Reservations(_ context.Context, q reservation.Query) ([]reservation.Reservation, error) {
	order := func(a, b reservation.Reservation) int {
		if q.Soonest {
			return place(a, b)
		}
		return place(b, a)
	}
	return s.list(q.After, q.Limit, order, func(r reservation.Reservation) bool {
		return r.DinerID == q.DinerID && (len(q.Statuses) == 0 || slices.Contains(q.Statuses, r.Status)) &&
			(q.From.IsZero() || !r.End.Before(q.From)) && (q.To.IsZero() || r.End.Before(q.To))
	})
}

// Day implements [reservation.Store].
func (s *Store) Day(_ context.Context, q reservation.DayQuery) ([]reservation.Reservation, error) {
	return s.list(q.After, q.Limit, place, func(r reservation.Reservation) bool {
		return r.RestaurantID == q.RestaurantID && !r.Start.Before(q.From) && r.Start.Before(q.To) &&
			(q.Status == "" || r.Status == q.Status)
	})
}

func (s *Store) list(after reservation.Position, limit int, order func(a, b reservation.Reservation) int,
	wanted func(reservation.Reservation) bool) ([]reservation.Reservation, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []reservation.Reservation
	last := reservation.Reservation{ID: after.ID, Start: after.Start}
	for _, r := range s.rows {
		if wanted(*r) && (after == reservation.Position{} || order(last, *r) < 0) {
			list = append(list, s.placed(r))
		}
	}
	slices.SortFunc(list, order)
	return list[:min(len(list), limit)], nil
}

func place(a, b reservation.Reservation) int {
	return cmp.Or(a.Start.Compare(b.Start), bytes.Compare(a.ID[:], b.ID[:]))
}

// desk lays out copies of what c asks for.
func (s *Store) desk(c reservation.Change) *reservation.Desk {
	d := &reservation.Desk{
		Slots: map[reservation.SlotID]*reservation.Slot{}, Rows: map[uuid.UUID]*reservation.Reservation{},
		Closed: map[string]bool{},
	}
	want := slices.Clone(c.Scope.Slots)
	if r := s.rows[c.Row]; r != nil {
		want = append(want, r.SlotID)
		row := *r
		d.Rows[r.ID] = &row
	}
	p := c.Period
	if kept := s.plans[p.RestaurantID]; kept != nil {
		d.Plan, d.Closed = kept.schedule, maps.Clone(kept.closed)
	}
	for id, slot := range s.slots {
		inside := p.RestaurantID == slot.RestaurantID && !slot.Start.Before(p.From) && slot.Start.Before(p.To)
		if inside || slices.Contains(want, id) {
			copied := *slot
			d.Slots[id] = &copied
		}
	}
	for id, r := range s.rows {
		if d.Slots[r.SlotID] != nil && r.Status.Live() {
			row := *r
			d.Rows[id] = &row
		}
		if r.DinerID == c.Scope.Diner && r.DinerID != uuid.Nil && r.Status.Live() && r.End.After(c.At) {
			d.Mine = append(d.Mine, *r)
		}
	}
	return d
}

// write keeps what a change left.
func (s *Store) write(c reservation.Change, w reservation.Written) {
	for _, slot := range w.Made {
		slot.ID = reservation.SlotID(len(s.slots) + 1)
		s.slots[slot.ID] = slot
	}
	for _, slot := range w.Slots {
		s.slots[slot.ID] = slot
	}
	for _, r := range w.Rows {
		r.Position = 0
		s.rows[r.ID], s.updated[r.ID] = r, c.At
	}
	for _, e := range w.Events {
		s.tell(e)
	}
	if restaurant := c.Period.RestaurantID; restaurant != "" {
		p := s.plans[restaurant]
		if p == nil {
			p = &plan{closed: map[string]bool{}}
			s.plans[restaurant] = p
		}
		if w.Plan != nil {
			p.schedule = w.Plan
		}
		if w.Arranged {
			p.made = c.At
		}
		if w.Closure != nil {
			if delete(p.closed, w.Closure.Date); !w.Closure.Open {
				p.closed[w.Closure.Date] = true
			}
		}
	}
}

func (s *Store) tell(e reservation.Event) {
	s.seq++
	e.Seq = s.seq
	s.events = append(s.events, &pending{Event: e, due: e.OccurredAt})
}
