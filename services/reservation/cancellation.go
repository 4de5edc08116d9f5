package reservation

import (
	"github.com/google/uuid"

	"jari.example/internal/fault"
)

// Cancellation asks a store to give the covers of one reservation back.
type Cancellation struct {
	CommandMeta
	ID       uuid.UUID
	MayTouch func(restaurant string) bool // whose entries the one who asks may cancel; nil: nobody's
}

// Refusal says why the reservation, nil if the diner has none of that id,
// cannot be cancelled, or nil if it can.
func (c Cancellation) Refusal(r *Reservation) error {
	switch {
	case r == nil:
		return NotFound()
	case !r.Status.Cancellable() || !r.Start.After(c.At) || r.Status == Confirmed && r.DinerID != uuid.Nil && !c.At.Before(r.CancelUntil):
		return fault.New(fault.Conflict, "not_cancellable", "This reservation can no longer be cancelled.")
	}
	return nil
}

// Decide gives the covers back, or the place in line. Codes: not_found;
// conflict not_cancellable.
func (c Cancellation) Decide(u *UnitOfWork) (Reservation, error) {
	r := u.ofDiner(c.ID, c.DinerID)
	if entered := u.Reservations[c.ID]; entered != nil && entered.DinerID == uuid.Nil && c.MayTouch != nil && c.MayTouch(entered.RestaurantID) {
		r = entered
	}
	if err := c.Refusal(r); err != nil {
		return Reservation{}, err
	}
	kind := EventCancelled
	if r.Status != Confirmed {
		kind = EventLeft
	}
	u.transition(r, Cancelled)
	u.emit(kind, r)
	return *r, nil
}

// Leave takes who waits, or has an offer, out of the line. Who is out already
// stays out. Codes: not_found; conflict not_waiting.
func (c Cancellation) Leave(u *UnitOfWork) (Reservation, error) {
	r := u.ofDiner(c.ID, c.DinerID)
	switch {
	case r == nil:
		return Reservation{}, NotFound()
	case r.Status == Waiting || r.Status == Offered:
		u.transition(r, Cancelled)
		u.emit(EventLeft, r)
	case r.Status.Active():
		return Reservation{}, fault.New(fault.Conflict, "not_waiting", "This is a booking by now: cancel it instead.")
	}
	return *r, nil
}
