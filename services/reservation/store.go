package reservation

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// Store keeps seats. Each method that changes something is atomic and durable
// when it returns without error: kill the process at any instant and the change
// with its counter, its remembered answer and its event is there, or none of
// it. Besides the faults each method names, every one of them may return
// Unavailable or Timeout, and then the outcome of a change is unknown: the same
// key asks what became of it.
type Store interface {
	// PutSchedule keeps the plan and makes exactly the starts after now bookable:
	// slots that are missing are made, those that exist get the plan's capacity
	// (never less than is booked), and all others take no booking any more.
	PutSchedule(ctx context.Context, restaurant string, plan Schedule, starts []time.Time, now time.Time) error

	// Free lists the slots of a window with room for its party, earliest first.
	Free(ctx context.Context, w Window) ([]Slot, error)

	// Book sells the covers or returns [Booking.Refusal]. A key that has booked
	// gets the same answer again, Replayed, before anything else is asked; with
	// another hash it gets [KeyReused]. The diner's limits (Overlaps, Live) may
	// be passed by requests of one diner that run at the same instant.
	Book(ctx context.Context, b Booking) (Outcome, error)

	// Cancel gives the covers back or returns [Cancellation.Refusal]; keys as in Book.
	Cancel(ctx context.Context, c Cancellation) (Outcome, error)

	// Reservation returns the diner's own reservation or [NotFound].
	Reservation(ctx context.Context, diner, id uuid.UUID) (Reservation, error)

	// Reservations lists what the query asks for, latest visit first.
	Reservations(ctx context.Context, q Query) ([]Reservation, error)

	// Ping reports whether the store can answer.
	Ping(ctx context.Context) error
}

// Window asks for free slots of one restaurant that start in [From, To).
type Window struct {
	RestaurantID string
	From, To     time.Time
	Party        int
}

// Query asks for a diner's reservations of one status ("" is any) after a
// position in the list.
type Query struct {
	DinerID uuid.UUID
	Status  Status
	After   Position // zero is the beginning
	Limit   int
}

// Position is a place in a diner's list.
type Position struct {
	Start time.Time
	ID    uuid.UUID
}
