package reservation

import (
	"time"

	"github.com/google/uuid"
)

// earliestSeating is how long before its start a party may be seated.
const earliestSeating = time.Hour

// Attendance is the command to record that a party has come, or has not.
type Attendance struct {
	CommandMeta
	ID       uuid.UUID
	MayTouch func(restaurant string) bool // restaurants of the owner who sent it
	NoShow   bool
}

// Decide seats the party, or releases the covers of a party that did not come.
// Codes: not_found; conflict not_seatable, not_no_show.
func (a Attendance) Decide(u *UnitOfWork) (Reservation, error) {
	r := u.Reservations[a.ID]
	switch {
	case r == nil || !a.MayTouch(r.RestaurantID):
		return Reservation{}, NotFound()
	case a.NoShow && (r.Status != Confirmed || u.Now.Before(r.Start)):
		return Reservation{}, notNoShow()
	case a.NoShow:
		u.transition(r, NoShow)
		u.emit(EventNoShow, r)
	case r.Status != Confirmed || u.Now.Before(r.Start.Add(-earliestSeating)) || !u.Now.Before(r.End):
		return Reservation{}, notSeatable()
	default:
		u.transition(r, Seated)
	}
	return *r, nil
}

// NoShowUndo is the command to take a no-show back that was recorded by mistake.
type NoShowUndo struct {
	CommandMeta
	ID       uuid.UUID
	MayTouch func(restaurant string) bool // restaurants of the owner who sent it
}

// Decide confirms the reservation again if its covers are still there. What else
// the diner has by now does not matter: the party is at the restaurant. Codes:
// not_found; conflict not_undoable, slot_full.
func (n NoShowUndo) Decide(u *UnitOfWork) (Reservation, error) {
	r := u.Reservations[n.ID]
	switch {
	case r == nil || !n.MayTouch(r.RestaurantID):
		return Reservation{}, NotFound()
	case r.Status != NoShow || !u.Now.Before(r.End):
		return Reservation{}, notUndoable()
	}
	// Not Left: the slot takes no bookings while its owner wants fewer covers.
	slot := u.Slots[r.SlotID]
	if free := slot.Capacity - slot.Booked; r.Party > free {
		return Reservation{}, Full(free)
	}
	u.transition(r, Confirmed)
	u.emit(EventUndone, r)
	return *r, nil
}
