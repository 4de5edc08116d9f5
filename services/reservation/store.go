package reservation

import (
	"context"
	"time"

	"github.com/google/uuid"

	"jari.example/services/reservation/schedule"
)

// Store holds slots and reservations. A method that changes something is atomic,
// and durable when it returns without error: if the process is killed at any
// instant, the change with its counter, idempotency record and events is there,
// or none of it. Besides the faults that a method names, each may return
// Unavailable or Timeout. The result of a change is unknown then; the same key
// finds it.
type Store interface {
	Executor

	// Book takes the covers or returns [Booking.Refusal]. A key that has booked gets
	// the stored result, Replayed, before any other check; with another RequestHash
	// it gets [KeyReused].
	Book(ctx context.Context, b Booking) (Outcome, error)

	// Replay returns the stored result of a key, Replayed, or the zero Outcome if
	// there is none. With another RequestHash than the stored one it returns
	// [KeyReused].
	Replay(ctx context.Context, op string, meta CommandMeta) (Outcome, error)

	// Slots lists the slots of the restaurants that start in [from, to), open or
	// not, earliest first. It does not wait for writers.
	Slots(ctx context.Context, restaurants []string, from, to time.Time) ([]Slot, error)

	// Schedule returns a restaurant's schedule and the local dates on which it is
	// closed, in order, or [ScheduleNotFound].
	Schedule(ctx context.Context, restaurant string) (plan schedule.Schedule, closed []string, err error)

	// Zones returns the time zones of the restaurants that have a schedule, by
	// restaurant.
	Zones(ctx context.Context, restaurants []string) (map[string]string, error)

	// Reservation returns the diner's own reservation or [NotFound].
	Reservation(ctx context.Context, diner, id uuid.UUID) (Reservation, error)

	// Reservations lists the reservations that q selects.
	Reservations(ctx context.Context, q ReservationQuery) ([]Reservation, error)

	// Day lists the reservations, of any status, on a restaurant's slots of a period,
	// earliest visit first.
	Day(ctx context.Context, q DayQuery) ([]Reservation, error)

	// Ping returns nil if the store is available.
	Ping(ctx context.Context) error
}

// ReservationQuery selects a page of a diner's reservations.
type ReservationQuery struct {
	DinerID  uuid.UUID
	Statuses []Status  // empty: any
	From, To time.Time // of the visit's end, [From, To); zero: unbounded
	Soonest  bool      // order: soonest visit first, else latest first
	After    Position  // of the previous page; zero: the first page
	Limit    int
}

// DayQuery selects a page of a restaurant's reservations.
type DayQuery struct {
	Period
	Status Status // "": any
	After  Position
	Limit  int
}

// Position is the place of a reservation in a list (keyset pagination).
type Position struct {
	Start time.Time
	ID    uuid.UUID
}
