package reservation

import (
	"github.com/google/uuid"

	"jari.example/internal/secret"
)

// Move is the command to change the time, party or note of a reservation. What is
// nil stays as it is.
type Move struct {
	CommandMeta
	ID      uuid.UUID
	SlotID  *SlotID
	Party   *int
	Note    *secret.String
	Version int // that the diner has seen (If-Match); 0: any
}

// Decide changes everything that was asked for, or nothing. A waiting entry that
// changes its party keeps its place on the waitlist. A waiting or offered entry
// that changes its time is booked there, or stays as it is. Codes: not_found;
// precondition_failed version_mismatch; conflict not_movable and those of a
// booking.
func (m Move) Decide(u *UnitOfWork) (Reservation, error) {
	r := u.ownedBy(m.ID, m.DinerID)
	if r == nil {
		return Reservation{}, NotFound()
	}
	if m.Version != 0 && m.Version != r.Version {
		return Reservation{}, versionMismatch()
	}
	slot, party := r.SlotID, r.Party
	if m.SlotID != nil {
		slot = *m.SlotID
	}
	if m.Party != nil {
		party = *m.Party
	}
	moves := slot != r.SlotID || party != r.Party
	if !r.Status.Cancellable() || !r.Start.After(m.At) || moves && r.Status == Confirmed && !m.At.Before(r.CancelUntil) {
		return Reservation{}, notMovable()
	}
	before := Visit{r.Start, r.Party}
	var kind string
	switch {
	case slot != r.SlotID:
		to := u.Slots[slot]
		if to != nil && to.RestaurantID != r.RestaurantID {
			to = nil
		}
		b := Booking{CommandMeta: m.CommandMeta, SlotID: slot, Party: party}
		if err := b.Refusal(to, u.holdings(to, r.ID)); err != nil {
			return Reservation{}, err
		}
		kind = EventMoved
		if r.Status != Confirmed {
			kind = EventConfirmed
		}
		u.transition(r, Cancelled) // releases the covers it holds, if any
		u.takeCovers(to, party)
		r.Status, r.WaitlistOrder, r.Party = Confirmed, 0, party
		r.SlotID, r.TimeZone, r.Start, r.End, r.CancelUntil = to.ID, to.TimeZone, to.Start, to.End, to.CancelUntil
	case party != r.Party:
		if err := u.resize(r, party); err != nil {
			return Reservation{}, err
		}
		kind = EventMoved
		if r.Status != Confirmed {
			kind = EventChanged
		}
	}
	if m.Note != nil && m.Note.Reveal() != r.Note.Reveal() {
		r.Note = *m.Note
		u.markChanged(r)
	}
	if kind != "" {
		e := u.emit(kind, r)
		e.Previous = &before
	}
	return *r, nil
}

// resize changes the party of a reservation that stays on its slot.
func (u *UnitOfWork) resize(r *Reservation, party int) error {
	slot, more := u.Slots[r.SlotID], party-r.Party
	switch {
	case party < slot.Party.Min || party > slot.Party.Max:
		return partySizeRefused(slot)
	case r.Status == Waiting && party > slot.Wanted:
		return partyTooLarge(slot)
	case r.Status != Waiting && more > 0 && slot.Closed():
		return SlotClosed()
	case r.Status != Waiting && more > slot.Left():
		return Full(slot.Left())
	case r.Status == Waiting:
	case more > 0:
		u.takeCovers(slot, more)
	default:
		u.releaseCovers(slot, -more)
	}
	r.Party = party
	u.markChanged(r)
	return nil
}
