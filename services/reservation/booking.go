package reservation

import (
	"github.com/google/uuid"

	"jari.example/internal/fault"
	"jari.example/internal/secret"
)

// Booking asks a store for Party covers of one slot.
type Booking struct {
	CommandMeta
	ID     uuid.UUID // of the reservation, if there will be one
	SlotID SlotID
	Party  int
	Note   secret.String
}

// Decide sells the covers. The PostgreSQL store decides bookings in SQL, many at
// once, and must come to the same answers.
func (b Booking) Decide(u *UnitOfWork) (Reservation, error) {
	slot := u.Slots[b.SlotID]
	if err := b.Refusal(slot, u.holdingsExcept(slot, uuid.Nil)); err != nil {
		return Reservation{}, err
	}
	r := u.addReservation(Reservation{ID: b.ID, DinerID: b.DinerID, Party: b.Party, Note: b.Note, Status: Confirmed}, slot)
	u.emit(EventConfirmed, r)
	return *r, nil
}

// Holdings is what a diner has already, as far as one slot is concerned. Visits
// that have ended do not count.
type Holdings struct {
	OnSlot   bool // live on this very slot
	Overlaps bool // live on another slot while this one lasts
	Active   int
}

// Refusal says why b cannot be had, or nil if it can. Every store refuses by
// it, so that they agree on the words and on which reason comes first; slot is
// nil if it does not exist.
func (b Booking) Refusal(slot *Slot, has Holdings) error {
	if err := b.refusalBesidesCapacity(slot, has); err != nil {
		return err
	}
	if b.Party > slot.Left() {
		return Full(slot.Left())
	}
	return nil
}

// refusalBesidesCapacity is what stands in b's way however many seats there are.
func (b Booking) refusalBesidesCapacity(slot *Slot, has Holdings) error {
	switch {
	case slot == nil:
		return SlotNotFound()
	case has.OnSlot:
		return fault.New(fault.Conflict, "already_booked", "You already have a reservation at this time here.")
	case !slot.Start.After(b.At) || slot.Closed():
		return SlotClosed()
	case slot.OpensAt.After(b.At):
		return notOpenYet(slot.OpensAt, b.At)
	case b.Party < slot.Party.Min || b.Party > slot.Party.Max:
		return partySizeRefused(slot)
	case has.Overlaps:
		return fault.New(fault.Conflict, "overlap", "You have another reservation at that time.")
	case has.Active >= MaxActive:
		return fault.New(fault.Conflict, "too_many_reservations", "You have %d reservations already.", MaxActive)
	}
	return nil
}
