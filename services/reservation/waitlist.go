package reservation

import (
	"cmp"
	"slices"

	"github.com/google/uuid"

	"jari.example/internal/fault"
)

// offerFreeCovers brings each slot's capacity in line with what the owner wants, and
// offers what is left to the first who fit. An offer ends with the time in
// which it could still be cancelled, so after the cut-off there are none.
func (u *UnitOfWork) offerFreeCovers() {
	lines := u.waitlists()
	for _, slot := range u.Slots {
		if capacity := max(slot.Wanted, slot.Booked); capacity != slot.Capacity {
			slot.Capacity = capacity
			u.changedSlots[slot] = true
		}
		if !slot.acceptsOffers(u.Now) {
			continue
		}
		for _, r := range lines[slot.ID] {
			if r.Party <= slot.Left() {
				u.transition(r, Offered)
				r.OfferEndsAt = earlier(u.Now.Add(OfferTTL), slot.CancelUntil)
				u.emit(EventOffered, r)
			}
		}
	}
}

// waitlists are who waits for each slot, first come first. The desk that settles a
// slot has everybody on it who waits there.
func (u *UnitOfWork) waitlists() map[SlotID][]*Reservation {
	lines := map[SlotID][]*Reservation{}
	for _, r := range u.Reservations {
		if r.Status == Waiting {
			lines[r.SlotID] = append(lines[r.SlotID], r)
		}
	}
	for _, line := range lines {
		slices.SortFunc(line, func(a, b *Reservation) int { return cmp.Compare(a.WaitlistOrder, b.WaitlistOrder) })
	}
	return lines
}

// waitlistPosition is 1 for who is next, 0 for who does not wait.
func (u *UnitOfWork) waitlistPosition(r *Reservation) (place int) {
	if r.Status != Waiting {
		return 0
	}
	for _, o := range u.Reservations {
		if o.SlotID == r.SlotID && o.Status == Waiting && o.WaitlistOrder <= r.WaitlistOrder {
			place++
		}
	}
	return place
}

// Join puts a party into the line of a slot that has no room for it. Its fault
// is one of a booking's, or conflict seats_available, line_full.
func (b Booking) Join(u *UnitOfWork) (Reservation, error) {
	slot := u.Slots[b.SlotID]
	if err := b.joinRefusal(slot, u.holdingsExcept(slot, uuid.Nil)); err != nil {
		return Reservation{}, err
	}
	r := Reservation{ID: b.ID, DinerID: b.DinerID, Party: b.Party, Note: b.Note, Status: Waiting, WaitlistOrder: 1}
	line := u.waitlists()[slot.ID]
	if len(line) >= MaxWaitlist {
		return Reservation{}, fault.New(fault.Conflict, "line_full", "%d are waiting for this time already. Try another one.", MaxWaitlist)
	}
	if len(line) > 0 {
		r.WaitlistOrder = line[len(line)-1].WaitlistOrder + 1
	}
	joined := u.addReservation(r, slot)
	u.emit(EventJoined, joined)
	return *joined, nil
}

func (b Booking) joinRefusal(slot *Slot, has Holdings) error {
	if err := b.refusalBesidesCapacity(slot, has); err != nil {
		return err
	}
	switch {
	case !slot.acceptsOffers(b.At):
		return SlotClosed()
	case b.Party > slot.Wanted:
		return fault.BadField("/party", "This time seats %d at most.", slot.Wanted)
	case b.Party <= slot.Left():
		return fault.New(fault.Conflict, "seats_available", "There are seats at this time: book them.")
	}
	return nil
}

// ExpireOffers ends the offers that have run out, and the lines of slots whose cut-off
// has come: nothing will be offered there any more.
func ExpireOffers(u *UnitOfWork) (Reservation, error) {
	for _, r := range u.sortedByID() {
		slot := u.Slots[r.SlotID]
		if r.Status == Offered && !u.Now.Before(r.OfferEndsAt) || r.Status == Waiting && slot != nil && !u.Now.Before(slot.CancelUntil) {
			u.transition(r, Expired)
			u.emit(EventExpired, r)
		}
	}
	return Reservation{}, nil
}
