package reservation

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// CommandMeta is what every command carries: who sent it, its idempotency key,
// and what its events need. A store that commits a command keeps its result under
// (DinerID, operation, Key) for at least 24 h: the idempotency record.
type CommandMeta struct {
	DinerID     uuid.UUID // the account that sent it, an owner's too; Nil: a job
	Key         string    // the Idempotency-Key; "": no record is kept
	RequestHash []byte    // of the request's body: another body under the same key is refused
	EventID     uuid.UUID // of the command's first event
	Traceparent string    // of the request, which the events' deliveries continue
	At          time.Time // when the request arrived, UTC, whole microseconds
}

// Operations of the API that need a key. The same key may be used again for
// another operation.
const (
	OpBook       = "book"
	OpCancel     = "cancel"
	OpJoin       = "join"
	OpAccept     = "accept"
	OpDecline    = "decline"
	OpEnter      = "enter"
	OpSeat       = "seat"
	OpNoShow     = "no_show"
	OpUndoNoShow = "undo_no_show"
)

// Command is a request to change seats, other than a plain booking. A store
// loads the unit of work that Scope describes, lets Decide change it, and commits
// the change set and, if there is a Key, the idempotency record. After a conflict
// with another transaction it runs Decide again on a fresh unit of work.
type Command struct {
	CommandMeta
	Op string // one of the operations; "" for jobs, which have no key
	Scope
	Decide func(*UnitOfWork) (Reservation, error)
}

// Scope says what a command must see, and what nobody else may change meanwhile.
type Scope struct {
	LimitsOf        uuid.UUID // the diner whose limits apply; Nil: nobody's
	ReservationID   uuid.UUID // the reservation to change, with its slot
	Slots           []SlotID  // further slots, each with its waitlist and offers
	Period          Period    // a restaurant's slots, each with its waitlist and offers; its schedule and closures
	AllReservations bool      // every active reservation of the slots, not only waitlists and offers
}

// Period is the slots of a restaurant that start in [From, To).
type Period struct {
	RestaurantID string
	From, To     time.Time
}

// SlotsFrom is the period of all slots of a restaurant that start at or after
// from.
func SlotsFrom(restaurant string, from time.Time) Period {
	return Period{restaurant, from, time.Date(3000, 1, 1, 0, 0, 0, 0, time.UTC)}
}

// Apply decides c on u, offers the covers that this frees, and returns the
// result as it will be stored. After an error u must not be committed.
func (c Command) Apply(u *UnitOfWork) (Reservation, error) {
	u.Now, u.traceparent, u.firstEventID, u.from, u.to = c.At, c.Traceparent, c.EventID, c.Period.From, c.Period.To
	u.changedSlots, u.changedReservations = map[*Slot]bool{}, map[*Reservation]bool{}
	r, err := c.Decide(u)
	if err != nil {
		return r, err
	}
	u.offerFreeCovers()
	if now := u.Reservations[r.ID]; now != nil { // it may have been offered covers itself
		r = *now
		r.Position = u.waitlistPosition(now)
	}
	return r, nil
}

// Outcome is the result of a committed command, perhaps of an earlier request
// with the same key.
type Outcome struct {
	Reservation
	Replayed bool
}

// Executor commits commands.
type Executor interface {
	// Execute applies c and returns its result once it is durable. A key that has
	// succeeded before gets the stored result, Replayed, and Decide is not called;
	// with another RequestHash it gets [KeyReused]. An error of Decide is returned
	// as it is, and nothing has changed.
	Execute(ctx context.Context, c Command) (Outcome, error)
}
