package reservation

import (
	"context"
	"time"

	"github.com/google/uuid"

	"jari.example/services/reservation/schedule"
)

// Store keeps seats. Each method that changes something is atomic and durable
// when it returns without error: kill the process at any instant and the change
// with its counter, its remembered answer and its events is there, or none of
// it. Besides the faults each method names, every one of them may return
// Unavailable or Timeout, and then the outcome of a change is unknown: the same
// key asks what became of it.
type Store interface {
	Executor

	// Book sells the covers or returns [Booking.Refusal]. A key that has booked
	// gets the same answer again, Replayed, before anything else is asked; with
	// another hash it gets [KeyReused].
	Book(ctx context.Context, b Booking) (Outcome, error)

	// Remembered returns what a key has booked, Replayed, or nothing; with another
	// hash than a's it returns [KeyReused].
	Replay(ctx context.Context, op string, a CommandMeta) (Outcome, error)

	// Slots lists what starts in [from, to) at any of the restaurants, open or
	// not, earliest first. It waits for no writer.
	Slots(ctx context.Context, restaurants []string, from, to time.Time) ([]Slot, error)

	// Schedule returns a restaurant's plan and the dates on which it is closed, in
	// order, or not_found schedule_not_found.
	Schedule(ctx context.Context, restaurant string) (plan schedule.Schedule, closed []string, err error)

	// Reservation returns the diner's own reservation or [NotFound].
	Reservation(ctx context.Context, diner, id uuid.UUID) (Reservation, error)

	// Reservations lists what the query asks for.
	Reservations(ctx context.Context, q ReservationQuery) ([]Reservation, error)

	// Day lists everybody who has a claim on a restaurant's slots of a period,
	// whatever became of it, earliest visit first.
	Day(ctx context.Context, q DayQuery) ([]Reservation, error)

	// Ping reports whether the store can answer.
	Ping(ctx context.Context) error
}

// ReservationQuery asks for a diner's reservations after a position in the list.
type ReservationQuery struct {
	DinerID  uuid.UUID
	Statuses []Status  // empty: any
	From, To time.Time // of the visit's end, [From, To); zero: unbounded
	Soonest  bool      // soonest visit first; else latest first
	After    Position  // zero is the beginning
	Limit    int
}

// DayQuery asks for a restaurant's reservations after a position.
type DayQuery struct {
	Period
	Status Status // "": any
	After  Position
	Limit  int
}

// Position is a place in a list.
type Position struct {
	Start time.Time
	ID    uuid.UUID
}
