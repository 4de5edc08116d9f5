package reservation

import (
	"github.com/google/uuid"
)

// Cancellation is the command to give up a reservation, an offer or a place on a
// waitlist.
type Cancellation struct {
	CommandMeta
	ID       uuid.UUID
	MayTouch func(restaurant string) bool // restaurants whose owner entries the sender may cancel; nil: none
}

// Refusal says why r cannot be cancelled, or nil if it can. r is nil if the diner
// has no reservation of that id.
func (c Cancellation) Refusal(r *Reservation) error {
	switch {
	case r == nil:
		return NotFound()
	case !r.Status.Cancellable() || !r.Start.After(c.At) || r.Status == Confirmed && r.DinerID != uuid.Nil && !c.At.Before(r.CancelUntil):
		return notCancellable()
	}
	return nil
}

// Decide cancels the reservation. Codes: not_found; conflict not_cancellable.
func (c Cancellation) Decide(u *UnitOfWork) (Reservation, error) {
	r := u.ownedBy(c.ID, c.DinerID)
	entry := u.Reservations[c.ID]
	if entry != nil && entry.DinerID == uuid.Nil && c.MayTouch != nil && c.MayTouch(entry.RestaurantID) {
		r = entry
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

// Leave takes a waiting or offered entry off its waitlist. An entry that has ended
// already stays as it is. Codes: not_found; conflict not_waiting.
func (c Cancellation) Leave(u *UnitOfWork) (Reservation, error) {
	r := u.ownedBy(c.ID, c.DinerID)
	switch {
	case r == nil:
		return Reservation{}, NotFound()
	case r.Status == Waiting || r.Status == Offered:
		u.transition(r, Cancelled)
		u.emit(EventLeft, r)
	case r.Status.Active():
		return Reservation{}, notWaiting()
	}
	return *r, nil
}
