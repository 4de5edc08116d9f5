package reservation

import (
	"context"
	"time"

	"github.com/google/uuid"
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
	Schedule(ctx context.Context, restaurant string) (plan Schedule, closed []string, err error)

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

// MaintenanceStore is what the jobs need of a store. Any number of replicas may do them
// at once.
type MaintenanceStore interface {
	Executor

	// Due lists slots on which an offer has run out, or somebody waits though the
	// cut-off has come.
	SlotsWithExpiry(ctx context.Context, now time.Time, n int) ([]SlotID, error)

	// Unmade lists restaurants whose slots were last made ahead before an instant.
	RestaurantsToGenerate(ctx context.Context, before time.Time, n int) ([]string, error)

	// Remind puts an [EventReminder] into the outbox for up to n confirmed visits
	// that start before an instant, were last changed more than a day ahead, and
	// were not reminded of before. It returns how many. They are of ctx's trace.
	EnqueueReminders(ctx context.Context, now, before time.Time, n int) (int, error)

	// Sweep forgets up to n remembered answers from before an instant.
	DeleteIdempotencyRecords(ctx context.Context, before time.Time, n int) (int, error)

	// Audit recounts every slot that has not ended from its reservations, all at
	// one instant, and returns those whose counter is wrong.
	Audit(ctx context.Context, now time.Time) (Audit, error)
}

// Audit is what a recount found.
type Audit struct {
	Slots      int // recounted
	Mismatches []CounterMismatch
}

// CounterMismatch is a slot whose counter and rows disagree, or whose capacity is not
// what the rules say.
type CounterMismatch struct {
	SlotID                   SlotID
	RestaurantID             string
	Wanted, Capacity, Booked int
	Held                     int // covers held by its reservations
}
