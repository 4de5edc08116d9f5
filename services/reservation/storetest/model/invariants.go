package model

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"jari.example/services/reservation"
)

// checkInvariants checks what must hold in every state and across every
// change, without asking the model what has happened.
func (r *runner) checkInvariants(before, now snapshot) error {
	for _, s := range now.slots {
		if err := r.checkSlot(s, now.reservations); err != nil {
			return fmt.Errorf("slot %d: %w", s.ID, err)
		}
	}
	return r.checkOffers(before, now)
}

// checkSlot: the counter is the sum of the slot's reservations and never more
// than its capacity, waitlist positions have no gap, and nobody waits for
// covers that are free.
func (r *runner) checkSlot(s reservation.Slot, reservations []reservation.Reservation) error {
	covered := 0
	var waitlist []reservation.Reservation
	for _, o := range reservations {
		if o.SlotID != s.ID {
			continue
		}
		if holdsCovers(o.Status) {
			covered += o.Party
		}
		if o.Status == reservation.Waiting {
			waitlist = append(waitlist, o)
		}
	}
	slices.SortFunc(waitlist, func(a, b reservation.Reservation) int { return cmp.Compare(a.Position, b.Position) })
	switch {
	case s.Booked < 0 || s.Booked > s.Capacity || s.Capacity != max(s.Wanted, s.Booked):
		return fmt.Errorf("%d booked of %d, %d wanted", s.Booked, s.Capacity, s.Wanted)
	case covered != s.Booked:
		return fmt.Errorf("the counter is %d, its reservations hold %d", s.Booked, covered)
	}
	offers := s.Wanted > 0 && s.Booked <= s.Wanted && r.now.Before(s.CancelUntil) && r.now.Before(s.Start)
	for i, o := range waitlist {
		if o.Position != i+1 {
			return fmt.Errorf("waitlist position %d, want %d", o.Position, i+1)
		}
		if offers && o.Party <= s.Wanted-s.Booked {
			return fmt.Errorf("a party of %d waits beside %d free covers", o.Party, s.Wanted-s.Booked)
		}
	}
	return nil
}

// checkOffers: a change adds at most one version, offers last for the right
// time, and an offer passes over nobody who was earlier in the same waitlist,
// still waits, and has no more people.
func (r *runner) checkOffers(before, now snapshot) error {
	was := map[uuid.UUID]reservation.Reservation{}
	for _, o := range before.reservations {
		was[o.ID] = o
	}
	for _, offered := range now.reservations {
		old := was[offered.ID]
		if offered.Version < old.Version || offered.Version > old.Version+1 {
			return fmt.Errorf("%s goes from version %d to %d", offered.ID, old.Version, offered.Version)
		}
		if offered.Status != reservation.Offered || old.Status != reservation.Waiting {
			continue
		}
		if end := r.now.Add(offerTTL); offered.OfferEndsAt.After(end) || !offered.OfferEndsAt.After(r.now) {
			return fmt.Errorf("an offer made at %v ends at %v", r.now, offered.OfferEndsAt)
		}
		for _, o := range now.reservations {
			sameSlot := o.SlotID == offered.SlotID && was[o.ID].SlotID == offered.SlotID
			earlier := was[o.ID].Position > 0 && was[o.ID].Position < old.Position
			if sameSlot && earlier && o.Status == reservation.Waiting && o.Party <= offered.Party {
				return fmt.Errorf("a party of %d was passed over: a party of %d behind it was offered covers", o.Party, offered.Party)
			}
		}
	}
	return nil
}
