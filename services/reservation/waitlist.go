package reservation

import (
	"cmp"
	"slices"
	"time"

	"github.com/google/uuid"
)

// offerFreeCovers brings each slot's capacity in line with the one the owner
// wants, and offers the covers left to the first entries of its waitlist that
// fit. An offer ends at the cut-off at the latest, so there are none after it.
func (u *UnitOfWork) offerFreeCovers() {
	waitlists := u.waitlists()
	for _, slot := range u.Slots {
		if capacity := max(slot.Wanted, slot.Booked); capacity != slot.Capacity {
			slot.Capacity = capacity
			u.changedSlots[slot] = true
		}
		if !slot.acceptsOffers(u.Now) {
			continue
		}
		for _, r := range waitlists[slot.ID] {
			if r.Party <= slot.Left() {
				u.transition(r, Offered)
				r.OfferEndsAt = earlier(u.Now.Add(OfferTTL), slot.CancelUntil)
				u.emit(EventOffered, r)
				u.transitions[len(u.transitions)-1].Offer = Offer{r.ID, slot.ID, u.Now.Sub(u.freeCoversSince(slot.ID))}
			}
		}
	}
}

// becameFree notes that covers of the slot were free before Now: since the end of
// an offer that nobody accepted.
func (u *UnitOfWork) becameFree(slot SlotID, at time.Time) {
	if u.freeSince == nil {
		u.freeSince = map[SlotID]time.Time{}
	}
	u.freeSince[slot] = earlier(at, u.freeCoversSince(slot))
}

// freeCoversSince is when the first of the slot's free covers became free.
func (u *UnitOfWork) freeCoversSince(slot SlotID) time.Time {
	if since, ok := u.freeSince[slot]; ok {
		return since
	}
	return u.Now
}

// waitlists returns each slot's waitlist, oldest entry first. A unit of work holds
// the complete waitlist of each of its slots.
func (u *UnitOfWork) waitlists() map[SlotID][]*Reservation {
	waitlists := map[SlotID][]*Reservation{}
	for _, r := range u.Reservations {
		if r.Status == Waiting {
			waitlists[r.SlotID] = append(waitlists[r.SlotID], r)
		}
	}
	for _, entries := range waitlists {
		slices.SortFunc(entries, func(a, b *Reservation) int { return cmp.Compare(a.WaitlistOrder, b.WaitlistOrder) })
	}
	return waitlists
}

// waitlistPosition is 1 for the first entry, 0 for a reservation that does not
// wait.
func (u *UnitOfWork) waitlistPosition(r *Reservation) (position int) {
	if r.Status != Waiting {
		return 0
	}
	for _, o := range u.Reservations {
		if o.SlotID == r.SlotID && o.Status == Waiting && o.WaitlistOrder <= r.WaitlistOrder {
			position++
		}
	}
	return position
}

// Join adds a party to the waitlist of a slot that has no covers for it. Codes:
// those of a booking; conflict seats_available, line_full.
func (b Booking) Join(u *UnitOfWork) (Reservation, error) {
	slot := u.Slots[b.SlotID]
	waitlist := u.waitlists()[b.SlotID]
	if err := b.joinRefusal(slot, u.holdings(slot, uuid.Nil), len(waitlist) >= MaxWaitlist); err != nil {
		return Reservation{}, err
	}
	r := Reservation{ID: b.ID, DinerID: b.DinerID, Party: b.Party, Note: b.Note, Status: Waiting, WaitlistOrder: 1}
	if len(waitlist) > 0 {
		r.WaitlistOrder = waitlist[len(waitlist)-1].WaitlistOrder + 1
	}
	joined := u.addReservation(r, slot)
	u.emit(EventJoined, joined)
	return *joined, nil
}

// joinRefusal says why b cannot join the waitlist, or nil if it can. full reports
// that the waitlist takes no more.
func (b Booking) joinRefusal(slot *Slot, held Holdings, full bool) error {
	if err := b.refusalBesidesCapacity(slot, held); err != nil {
		return err
	}
	switch {
	case !slot.acceptsOffers(b.At):
		return SlotClosed()
	case b.Party > slot.Wanted:
		return partyTooLarge(slot)
	case b.Party <= slot.Left():
		return seatsAvailable()
	case full:
		return waitlistFull()
	}
	return nil
}

// ExpireOffers ends the offers that have run out, and the waitlists of slots that
// have reached their cut-off: nothing will be offered there any more.
func ExpireOffers(u *UnitOfWork) (Reservation, error) {
	for _, r := range u.sortedByID() {
		slot := u.Slots[r.SlotID]
		if r.Status == Offered && !u.Now.Before(r.OfferEndsAt) || r.Status == Waiting && slot != nil && !u.Now.Before(slot.CancelUntil) {
			if r.Status == Offered {
				u.becameFree(r.SlotID, r.OfferEndsAt)
			}
			u.transition(r, Expired)
			u.emit(EventExpired, r)
		}
	}
	return Reservation{}, nil
}
