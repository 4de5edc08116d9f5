// Package inmem is a store of reservations in memory. It serves a first run
// without a database, and tests that need a simple, correct store.
package inmem

import (
	"bytes"
	"cmp"
	"context"
	"log/slog"
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

// Store is a [reservation.Store], an [outbox.Store] and a [jobs.Store]. New
// makes one. A single mutex orders all calls.
type Store struct {
	mu           sync.Mutex // held by every call from its first read to its last write
	slots        map[reservation.SlotID]*reservation.Slot
	reservations map[uuid.UUID]*reservation.Reservation
	updated      map[uuid.UUID]time.Time    // when the reservation last changed
	reminded     map[uuid.UUID]time.Time    // start of the visit that the last reminder was about
	restaurants  map[string]*restaurantPlan // by restaurant id
	records      map[recordKey]idempotencyRecord
	events       []*outboxEntry // not yet delivered, by Seq
	lastSeq      int64
	metrics      observe.Metrics
}

type recordKey struct {
	diner   uuid.UUID
	op, key string
}

type idempotencyRecord struct {
	requestHash []byte
	createdAt   time.Time
	result      reservation.Reservation
}

type restaurantPlan struct {
	schedule    *schedule.Schedule // nil: none yet
	closedDates map[string]bool
	generatedAt time.Time // its slots
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
		restaurants:  map[string]*restaurantPlan{},
		records:      map[recordKey]idempotencyRecord{},
		metrics:      observe.NewMetrics(),
	}
}

// LogOffers makes the store log each offer that it commits. Call it before any
// command.
func (s *Store) LogOffers(l *slog.Logger) { s.metrics = s.metrics.WithLogger(l) }

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
	u := s.unitOfWork(c)
	r, err := c.Apply(u)
	if err != nil {
		return reservation.Outcome{}, err
	}
	set := u.ChangeSet()
	s.write(c, set)
	s.metrics.Executed(ctx, c.Op, set.Transitions)
	if c.Key != "" {
		s.records[recordKey{c.DinerID, c.Op, c.Key}] = idempotencyRecord{c.RequestHash, c.At, r}
	}
	return reservation.Outcome{Reservation: r}, nil
}

// Replay implements [reservation.Store].
func (s *Store) Replay(_ context.Context, op string, meta reservation.CommandMeta) (reservation.Outcome, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.replay(op, meta)
}

// replay returns the stored result of the key, if there is one.
func (s *Store) replay(op string, meta reservation.CommandMeta) (reservation.Outcome, error) {
	record, ok := s.records[recordKey{meta.DinerID, op, meta.Key}]
	switch {
	case ok && !bytes.Equal(record.requestHash, meta.RequestHash):
		return reservation.Outcome{}, reservation.KeyReused()
	case ok:
		return reservation.Outcome{Reservation: record.result, Replayed: true}, nil
	}
	return reservation.Outcome{}, nil
}

// Slots implements [reservation.Store].
func (s *Store) Slots(_ context.Context, restaurants []string, from, to time.Time) ([]reservation.Slot, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []reservation.Slot
	for _, slot := range s.slots {
		if slices.Contains(restaurants, slot.RestaurantID) && !slot.Start.Before(from) && slot.Start.Before(to) {
			listed := *slot
			listed.WaitlistFull = s.waiting(slot.ID) >= reservation.MaxWaitlist
			list = append(list, listed)
		}
	}
	slices.SortFunc(list, func(a, b reservation.Slot) int {
		return cmp.Or(a.Start.Compare(b.Start), cmp.Compare(a.ID, b.ID))
	})
	return list, nil
}

// waiting counts the waitlist of a slot.
func (s *Store) waiting(id reservation.SlotID) (n int) {
	for _, r := range s.reservations {
		if r.SlotID == id && r.Status == reservation.Waiting {
			n++
		}
	}
	return n
}

// Schedule implements [reservation.Store].
func (s *Store) Schedule(_ context.Context, restaurant string) (schedule.Schedule, []string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.restaurants[restaurant]; p != nil && p.schedule != nil {
		return *p.schedule, slices.Sorted(maps.Keys(p.closedDates)), nil
	}
	return schedule.Schedule{}, nil, reservation.ScheduleNotFound()
}

// Zones implements [reservation.Store].
func (s *Store) Zones(_ context.Context, restaurants []string) (map[string]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	zones := map[string]string{}
	for _, restaurant := range restaurants {
		if p := s.restaurants[restaurant]; p != nil && p.schedule != nil {
			zones[restaurant] = p.schedule.TimeZone
		}
	}
	return zones, nil
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

// withPosition returns r with its position in the waitlist.
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

// list returns up to limit reservations that match, from the position after on.
func (s *Store) list(after reservation.Position, limit int, order func(a, b reservation.Reservation) int,
	match func(reservation.Reservation) bool) ([]reservation.Reservation, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []reservation.Reservation
	last := reservation.Reservation{ID: after.ID, Start: after.Start}
	for _, r := range s.reservations {
		if match(*r) && (after == reservation.Position{} || order(last, *r) < 0) {
			list = append(list, s.withPosition(r))
		}
	}
	slices.SortFunc(list, order)
	return list[:min(len(list), limit)], nil
}

func byStart(a, b reservation.Reservation) int {
	return cmp.Or(a.Start.Compare(b.Start), bytes.Compare(a.ID[:], b.ID[:]))
}
