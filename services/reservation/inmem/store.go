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
	"jari.example/services/reservation/jobs"
	"jari.example/services/reservation/observe"
	"jari.example/services/reservation/outbox"
	"jari.example/services/reservation/schedule"
)

// Store is a [reservation.Store], its [outbox.Store] and
// [jobs.Store]. Use New.
type Store struct {
	mu           sync.Mutex // held by every call from its first read to its last write
	slots        map[reservation.SlotID]*reservation.Slot
	reservations map[uuid.UUID]*reservation.Reservation
	updated      map[uuid.UUID]time.Time
	reminded     map[uuid.UUID]time.Time // start of the visit
	plans        map[string]*restaurantPlan
	records      map[key]idempotencyRecord
	events       []*outboxEntry
	seq          int64
	metrics      observe.Metrics
}

type key struct {
	diner   uuid.UUID
	op, key string
}

type idempotencyRecord struct {
	hash []byte
	at   time.Time
	reservation.Reservation
}

type restaurantPlan struct {
	schedule  *schedule.Schedule
	closed    map[string]bool
	generated time.Time
}

var (
	_ reservation.Store = (*Store)(nil)
	_ outbox.Store      = (*Store)(nil)
	_ jobs.Store        = (*Store)(nil)
)

// New returns an empty store.
func New() *Store {
	return &Store{
		slots:        map[reservation.SlotID]*reservation.Slot{},
		reservations: map[uuid.UUID]*reservation.Reservation{},
		updated:      map[uuid.UUID]time.Time{},
		reminded:     map[uuid.UUID]time.Time{},
		plans:        map[string]*restaurantPlan{},
		records:      map[key]idempotencyRecord{},
		metrics:      observe.NewMetrics(),
	}
}

// Ping implements [reservation.Store].
func (s *Store) Ping(context.Context) error { return nil }

// Book implements [reservation.Store].
func (s *Store) Book(ctx context.Context, b reservation.Booking) (reservation.Outcome, error) {
	return s.Execute(ctx, reservation.Command{
		CommandMeta: b.CommandMeta, Op: reservation.OpBook, Decide: b.Decide,
		Scope: reservation.Scope{LimitsOf: b.DinerID, Slots: []reservation.SlotID{b.SlotID}},
	})
}

// Execute implements [reservation.Executor].
func (s *Store) Execute(ctx context.Context, c reservation.Command) (reservation.Outcome, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if out, err := s.replay(c.Op, c.CommandMeta); out.Replayed || err != nil {
		return out, err
	}
	d := s.unitOfWork(c)
	r, err := c.Apply(d)
	if err != nil {
		return reservation.Outcome{}, err
	}
	set := d.ChangeSet()
	s.write(c, set)
	s.metrics.Executed(ctx, c.Op, set.Transitions)
	if c.Key != "" {
		s.records[key{c.DinerID, c.Op, c.Key}] = idempotencyRecord{c.RequestHash, c.At, r}
	}
	return reservation.Outcome{Reservation: r}, nil
}

// Replay implements [reservation.Store].
func (s *Store) Replay(_ context.Context, op string, a reservation.CommandMeta) (reservation.Outcome, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.replay(op, a)
}

// replay returns what the key has done before, if anything.
func (s *Store) replay(op string, a reservation.CommandMeta) (out reservation.Outcome, err error) {
	old, ok := s.records[key{a.DinerID, op, a.Key}]
	switch {
	case ok && !bytes.Equal(old.hash, a.RequestHash):
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
func (s *Store) Schedule(_ context.Context, restaurant string) (schedule.Schedule, []string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.plans[restaurant]; p != nil && p.schedule != nil {
		return *p.schedule, slices.Sorted(maps.Keys(p.closed)), nil
	}
	return schedule.Schedule{}, nil, reservation.ScheduleNotFound()
}

// Reservation implements [reservation.Store].
func (s *Store) Reservation(_ context.Context, diner, id uuid.UUID) (reservation.Reservation, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.reservations[id]; r != nil && r.DinerID == diner {
		return s.withPosition(r), nil
	}
	return reservation.Reservation{}, reservation.NotFound()
}

// withPosition is r with its position in line.
func (s *Store) withPosition(r *reservation.Reservation) reservation.Reservation {
	found := *r
	if r.Status == reservation.Waiting {
		found.Position = 1
		for _, o := range s.reservations {
			if o.SlotID == r.SlotID && o.Status == reservation.Waiting && o.WaitlistOrder < r.WaitlistOrder {
				found.Position++
			}
		}
	}
	return found
}

// Reservations implements [reservation.Store].
func (s *Store) Reservations(_ context.Context, q reservation.ReservationQuery) ([]reservation.Reservation, error) {
	order := func(a, b reservation.Reservation) int {
		if q.Soonest {
			return byStart(a, b)
		}
		return byStart(b, a)
	}
	return s.list(q.After, q.Limit, order, func(r reservation.Reservation) bool {
		return r.DinerID == q.DinerID && (len(q.Statuses) == 0 || slices.Contains(q.Statuses, r.Status)) &&
			(q.From.IsZero() || !r.End.Before(q.From)) && (q.To.IsZero() || r.End.Before(q.To))
	})
}

// Day implements [reservation.Store].
func (s *Store) Day(_ context.Context, q reservation.DayQuery) ([]reservation.Reservation, error) {
	return s.list(q.After, q.Limit, byStart, func(r reservation.Reservation) bool {
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
	for _, r := range s.reservations {
		if wanted(*r) && (after == reservation.Position{} || order(last, *r) < 0) {
			list = append(list, s.withPosition(r))
		}
	}
	slices.SortFunc(list, order)
	return list[:min(len(list), limit)], nil
}

func byStart(a, b reservation.Reservation) int {
	return cmp.Or(a.Start.Compare(b.Start), bytes.Compare(a.ID[:], b.ID[:]))
}

// unitOfWork lays out copies of what c asks for.
func (s *Store) unitOfWork(c reservation.Command) *reservation.UnitOfWork {
	d := &reservation.UnitOfWork{
		Slots: map[reservation.SlotID]*reservation.Slot{}, Reservations: map[uuid.UUID]*reservation.Reservation{},
		ClosedDates: map[string]bool{},
	}
	want := slices.Clone(c.Scope.Slots)
	if r := s.reservations[c.ReservationID]; r != nil {
		want = append(want, r.SlotID)
		row := *r
		d.Reservations[r.ID] = &row
	}
	p := c.Period
	if kept := s.plans[p.RestaurantID]; kept != nil {
		d.Schedule, d.ClosedDates = kept.schedule, maps.Clone(kept.closed)
	}
	for id, slot := range s.slots {
		inside := p.RestaurantID == slot.RestaurantID && !slot.Start.Before(p.From) && slot.Start.Before(p.To)
		if inside || slices.Contains(want, id) {
			copied := *slot
			d.Slots[id] = &copied
		}
	}
	for id, r := range s.reservations {
		if d.Slots[r.SlotID] != nil && r.Status.Active() {
			row := *r
			d.Reservations[id] = &row
		}
		if r.DinerID == c.Scope.LimitsOf && r.DinerID != uuid.Nil && r.Status.Active() && r.End.After(c.At) {
			d.OfDiner = append(d.OfDiner, *r)
		}
	}
	return d
}

// write keeps what a change left.
func (s *Store) write(c reservation.Command, w reservation.ChangeSet) {
	for _, slot := range w.NewSlots {
		slot.ID = reservation.SlotID(len(s.slots) + 1)
		s.slots[slot.ID] = slot
	}
	for _, slot := range w.ChangedSlots {
		s.slots[slot.ID] = slot
	}
	for _, r := range w.Reservations {
		r.Position = 0
		s.reservations[r.ID], s.updated[r.ID] = r, c.At
	}
	for _, e := range w.Events {
		s.enqueue(e)
	}
	if restaurant := c.Period.RestaurantID; restaurant != "" {
		p := s.plans[restaurant]
		if p == nil {
			p = &restaurantPlan{closed: map[string]bool{}}
			s.plans[restaurant] = p
		}
		if w.Schedule != nil {
			p.schedule = w.Schedule
		}
		if w.SlotsGenerated {
			p.generated = c.At
		}
		if w.Closure != nil {
			if delete(p.closed, w.Closure.Date); !w.Closure.Open {
				p.closed[w.Closure.Date] = true
			}
		}
	}
}

func (s *Store) enqueue(e reservation.Event) {
	s.seq++
	e.Seq = s.seq
	s.events = append(s.events, &outboxEntry{Event: e, due: e.OccurredAt})
}
