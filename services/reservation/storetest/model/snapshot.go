package model

import (
	"cmp"
	"fmt"
	"slices"

	"jari.example/services/reservation"
)

// snapshot is everything that a store shows of a restaurant at one time.
type snapshot struct {
	slots        []reservation.Slot        // by start
	reservations []reservation.Reservation // by start and id
}

// snapshot is what the store must show.
func (m *Model) snapshot() (snap snapshot) {
	for _, s := range m.slots {
		shown := *s
		shown.Booked = m.covered(s)
		shown.Capacity = max(s.Wanted, shown.Booked)
		snap.slots = append(snap.slots, shown)
	}
	for _, r := range m.reservations {
		snap.reservations = append(snap.reservations, m.withPosition(r))
	}
	slices.SortFunc(snap.reservations, func(a, b reservation.Reservation) int {
		return cmp.Or(a.Start.Compare(b.Start), slices.Compare(a.ID[:], b.ID[:]))
	})
	return snap
}

// withPosition returns r with its position in the waitlist, which a
// reservation does not know by itself.
func (m *Model) withPosition(r *reservation.Reservation) reservation.Reservation {
	shown := *r
	shown.WaitlistOrder = 0
	shown.Position = 1 + slices.Index(m.waiting(r.SlotID), r) // 0: does not wait
	return shown
}

// compareSnapshots returns the first difference.
func compareSnapshots(got, want snapshot) error {
	if len(got.slots) != len(want.slots) || len(got.reservations) != len(want.reservations) {
		return fmt.Errorf("%d slots and %d reservations, want %d and %d",
			len(got.slots), len(got.reservations), len(want.slots), len(want.reservations))
	}
	for i := range got.slots {
		if got.slots[i] != want.slots[i] {
			return fmt.Errorf("slot\n%+v, want\n%+v", got.slots[i], want.slots[i])
		}
	}
	for i := range got.reservations {
		if !equal(got.reservations[i], want.reservations[i]) {
			return fmt.Errorf("reservation\n%+v, want\n%+v", got.reservations[i], want.reservations[i])
		}
	}
	return nil
}

// equal compares two reservations. Stores number the waitlist in their own
// ways, so WaitlistOrder does not count.
func equal(a, b reservation.Reservation) bool {
	a.WaitlistOrder, b.WaitlistOrder = 0, 0
	return Equal(a, b)
}

// Equal compares two reservations, their notes and guest names revealed.
func Equal(a, b reservation.Reservation) bool {
	if a.Note.Reveal() != b.Note.Reveal() || a.Guest.Name.Reveal() != b.Guest.Name.Reveal() {
		return false
	}
	a.Note, a.Guest = b.Note, b.Guest
	return a == b
}
