// Package inmem keeps reservations in memory: for a first try without any
// database, and as the plain-spoken twin that the PostgreSQL store is tested
// against.
package inmem

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"jari.example/services/reservation"
)

// Store is a [reservation.Store] and a [reservation.Outbox]. Use New.
type Store struct {
	mu      sync.Mutex // held by every call from its first read to its last write
	slots   map[reservation.SlotID]*reservation.Slot
	rows    map[uuid.UUID]*reservation.Reservation
	answers map[key]answer
	events  []*pending
	seq     int64
}

type key struct {
	diner   uuid.UUID
	op, key string
}

type answer struct {
	hash []byte
	reservation.Reservation
}

var (
	_ reservation.Store  = (*Store)(nil)
	_ reservation.Outbox = (*Store)(nil)
)

// New returns an empty store.
func New() *Store {
	return &Store{
		slots:   map[reservation.SlotID]*reservation.Slot{},
		rows:    map[uuid.UUID]*reservation.Reservation{},
		answers: map[key]answer{},
	}
}

// Ping implements [reservation.Store].
func (s *Store) Ping(context.Context) error { return nil }

// PutSchedule implements [reservation.Store].
func (s *Store) PutSchedule(_ context.Context, restaurant string, plan reservation.Schedule, starts []time.Time, now time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	have := map[time.Time]*reservation.Slot{}
	for _, slot := range s.slots {
		if slot.RestaurantID == restaurant && slot.Start.After(now) {
			have[slot.Start] = slot
			slot.Wanted, slot.Capacity = 0, slot.Booked // unless the plan wants it, below
		}
	}
	for _, start := range starts {
		slot := have[start]
		if slot == nil {
			slot = &reservation.Slot{
				ID: reservation.SlotID(len(s.slots) + 1), RestaurantID: restaurant,
				Start: start, End: start.Add(reservation.Dining),
			}
			s.slots[slot.ID] = slot
		}
		slot.TimeZone, slot.Party = plan.TimeZone, plan.Party
		slot.Wanted, slot.Capacity = plan.Covers, max(plan.Covers, slot.Booked)
	}
	return nil
}

// Free implements [reservation.Store].
func (s *Store) Free(_ context.Context, w reservation.Window) ([]reservation.Slot, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var free []reservation.Slot
	for _, slot := range s.slots {
		if slot.RestaurantID == w.RestaurantID && !slot.Start.Before(w.From) && slot.Start.Before(w.To) &&
			slot.Left() >= w.Party && slot.Party.Min <= w.Party && w.Party <= slot.Party.Max {
			free = append(free, *slot)
		}
	}
	slices.SortFunc(free, func(a, b reservation.Slot) int { return a.Start.Compare(b.Start) })
	return free, nil
}

// Book implements [reservation.Store].
func (s *Store) Book(_ context.Context, b reservation.Booking) (reservation.Outcome, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if out, err := s.remembered("book", b.Act); out.Replayed || err != nil {
		return out, err
	}
	slot := s.slots[b.SlotID]
	if err := b.Refusal(slot, s.holdings(b.DinerID, slot)); err != nil {
		return reservation.Outcome{}, err
	}
	slot.Booked += b.Party
	r := reservation.Reservation{
		ID: b.ID, SlotID: slot.ID, DinerID: b.DinerID, RestaurantID: slot.RestaurantID,
		Start: slot.Start, End: slot.End, TimeZone: slot.TimeZone,
		Party: b.Party, Note: b.Note, Status: reservation.Confirmed, CreatedAt: b.At,
	}
	s.rows[r.ID] = &r
	return s.commit("book", b.Act, reservation.EventConfirmed, r), nil
}

// Cancel implements [reservation.Store].
func (s *Store) Cancel(_ context.Context, c reservation.Cancellation) (reservation.Outcome, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if out, err := s.remembered("cancel", c.Act); out.Replayed || err != nil {
		return out, err
	}
	r := s.rows[c.ID]
	if r != nil && r.DinerID != c.DinerID {
		r = nil
	}
	if err := c.Refusal(r); err != nil {
		return reservation.Outcome{}, err
	}
	if r.Status.HoldsCovers() {
		slot := s.slots[r.SlotID]
		slot.Booked -= r.Party
		slot.Capacity = max(slot.Wanted, slot.Booked)
	}
	r.Status = reservation.Cancelled
	return s.commit("cancel", c.Act, reservation.EventCancelled, *r), nil
}

// Reservation implements [reservation.Store].
func (s *Store) Reservation(_ context.Context, diner, id uuid.UUID) (reservation.Reservation, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.rows[id]; r != nil && r.DinerID == diner {
		return *r, nil
	}
	return reservation.Reservation{}, reservation.NotFound()
}

// Reservations implements [reservation.Store].
func (s *Store) Reservations(_ context.Context, q reservation.Query) ([]reservation.Reservation, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []reservation.Reservation
	for _, r := range s.rows {
		first := q.After == reservation.Position{}
		if r.DinerID == q.DinerID && (q.Status == "" || r.Status == q.Status) &&
			(first || place(r.Start, r.ID, q.After.Start, q.After.ID) < 0) {
			list = append(list, *r)
		}
	}
	slices.SortFunc(list, func(a, b reservation.Reservation) int { return place(b.Start, b.ID, a.Start, a.ID) })
	return list[:min(len(list), q.Limit)], nil
}

func place(aStart time.Time, a uuid.UUID, bStart time.Time, b uuid.UUID) int {
	return cmp.Or(aStart.Compare(bStart), bytes.Compare(a[:], b[:]))
}

// holdings is what the diner has, seen from slot.
func (s *Store) holdings(diner uuid.UUID, slot *reservation.Slot) (has reservation.Holdings) {
	for _, r := range s.rows {
		if r.DinerID != diner || !r.Status.Live() {
			continue
		}
		has.Live++
		switch {
		case slot == nil:
		case r.SlotID == slot.ID:
			has.OnSlot = true
		case r.Start.Before(slot.End) && r.End.After(slot.Start):
			has.Overlaps = true
		}
	}
	return has
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

// commit remembers the answer and puts the event into the outbox.
func (s *Store) commit(op string, a reservation.Act, kind string, r reservation.Reservation) reservation.Outcome {
	s.answers[key{a.DinerID, op, a.Key}] = answer{a.Hash, r}
	s.seq++
	s.events = append(s.events, &pending{due: a.At, Event: reservation.Event{
		Seq: s.seq, ID: a.EventID, Kind: kind, OccurredAt: a.At, Reservation: r, Traceparent: a.Traceparent,
	}})
	return reservation.Outcome{Reservation: r}
}
