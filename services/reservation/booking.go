package reservation

import (
	"github.com/google/uuid"

	"jari.example/internal/secret"
)

// Booking is the command to take Party covers of one slot.
type Booking struct {
	CommandMeta
	ID     uuid.UUID // of the reservation that it makes
	SlotID SlotID
	Party  int
	Note   secret.String
}

// Decide takes the covers. The PostgreSQL store decides bookings in SQL, many at
// once, and must decide the same.
func (b Booking) Decide(u *UnitOfWork) (Reservation, error) {
	slot := u.Slots[b.SlotID]
	if err := b.Refusal(slot, u.holdings(slot, uuid.Nil)); err != nil {
		return Reservation{}, err
	}
	r := u.addReservation(Reservation{ID: b.ID, DinerID: b.DinerID, Party: b.Party, Note: b.Note, Status: Confirmed}, slot)
	u.emit(EventConfirmed, r)
	return *r, nil
}

// Holdings is what a diner already has, seen from one slot. Only active
// reservations that have not ended count.
type Holdings struct {
	OnSlot   bool // one of them is for this slot
	Overlaps bool // one for another slot overlaps this slot in time
	Active   int  // how many there are
}

// Refusal says why b cannot be made, or nil if it can. slot is nil if it does not
// exist. Every store uses it, so that all return the same reason first. The same
// rule stands in other places on purpose; CONTRIBUTING.md lists them.
func (b Booking) Refusal(slot *Slot, held Holdings) error {
	if err := b.refusalBesidesCapacity(slot, held); err != nil {
		return err
	}
	if b.Party > slot.Left() {
		return Full(slot.Left())
	}
	return nil
}

// refusalBesidesCapacity is Refusal for a slot with unlimited covers.
func (b Booking) refusalBesidesCapacity(slot *Slot, held Holdings) error {
	switch {
	case slot == nil:
		return SlotNotFound()
	case held.OnSlot:
		return alreadyBooked()
	case !slot.Start.After(b.At) || slot.Closed():
		return SlotClosed()
	case slot.OpensAt.After(b.At):
		return notOpenYet(slot.OpensAt, b.At)
	case b.Party < slot.Party.Min || b.Party > slot.Party.Max:
		return partySizeRefused(slot)
	case held.Overlaps:
		return overlapping()
	case held.Active >= MaxActive:
		return tooManyReservations()
	}
	return nil
}
