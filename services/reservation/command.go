package reservation

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// CommandMeta is what every change carries: who wants it, under which idempotency key,
// and what to tell afterwards. A store that commits the change remembers its
// answer under (DinerID, operation, Key) for at least 24 h.
type CommandMeta struct {
	DinerID     uuid.UUID // of whoever acts, an owner too; Nil for jobs
	Key         string    // "": nothing is remembered
	RequestHash []byte    // of the request's body: another body under the same key is refused
	EventID     uuid.UUID
	Traceparent string // of the request, so that what is told later links to it
	At          time.Time
}

// Operations a key is good for; the same key names something else in another.
const (
	OpBook    = "book"
	OpCancel  = "cancel"
	OpJoin    = "join"
	OpAccept  = "accept"
	OpDecline = "decline"
	OpEnter   = "enter"
	OpSeat    = "seat"
	OpNoShow  = "no_show"
)

// Command is one act on seats other than a plain booking. A store lays out the
// desk that Scope asks for, lets Decide work on it, and commits what it left:
// slots, rows, events and, where there is a Key, the answer. Decide runs again
// on a fresh desk when another transaction was faster.
type Command struct {
	CommandMeta
	Op string // what Key is good for; "" for jobs, whose answers nobody asks for again
	Scope
	Decide func(*UnitOfWork) (Reservation, error)
}

// Scope is what a change must see, and what nobody else may touch meanwhile.
type Scope struct {
	LimitsOf        uuid.UUID // whose limits count; Nil: nobody's
	ReservationID   uuid.UUID // the reservation it is about, with its slot
	Slots           []SlotID  // further slots, each with its line
	Period          Period    // a restaurant's slots, each with its line, its plan and closures
	AllReservations bool      // everybody who is on the slots, not only their lines and offers
}

// Period is a restaurant's slots that start in [From, To).
type Period struct {
	RestaurantID string
	From, To     time.Time
}

// Execute decides c on the desk and returns the answer as it will be stored.
func (c Command) Execute(u *UnitOfWork) (Reservation, error) {
	u.Now, u.traceparent, u.firstEventID, u.from, u.to = c.At, c.Traceparent, c.EventID, c.Period.From, c.Period.To
	u.changedSlots, u.changedReservations = map[*Slot]bool{}, map[*Reservation]bool{}
	r, err := c.Decide(u)
	if err != nil {
		return r, err
	}
	u.offerFreeCovers()
	if now := u.Reservations[r.ID]; now != nil { // settling may have offered it seats
		r = *now
		r.Position = u.waitlistPosition(now)
	}
	return r, nil
}

// Outcome is a committed answer, or the memory of one.
type Outcome struct {
	Reservation
	Replayed bool
}

// Executor commits changes.
type Executor interface {
	// Change runs c, and returns its answer once it is durable. A key that has
	// succeeded gets the same answer again, Replayed, before Decide is asked; with
	// another hash it gets [KeyReused]. Whatever Decide refuses with is returned
	// as it is, and nothing has changed.
	Execute(ctx context.Context, c Command) (Outcome, error)
}

// SlotsFrom is the period of all slots of a restaurant that start at or after
// from.
func SlotsFrom(restaurant string, from time.Time) Period {
	return Period{restaurant, from, time.Date(3000, 1, 1, 0, 0, 0, 0, time.UTC)}
}
