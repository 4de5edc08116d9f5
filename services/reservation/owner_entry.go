package reservation

// OwnerEntry is a booking that the owner enters: by phone, or for who stands at the
// door. It may pass the party limits, the drop and the start, never the seats.
type OwnerEntry struct {
	Booking
	RestaurantID string
	Guest        Guest
	WalkIn       bool // seated at once
}

// Decide takes the seats. Codes: not_found slot_not_found; conflict
// slot_closed, slot_full.
func (e OwnerEntry) Decide(u *UnitOfWork) (Reservation, error) {
	slot := u.Slots[e.SlotID]
	switch {
	case slot == nil || slot.RestaurantID != e.RestaurantID:
		return Reservation{}, SlotNotFound()
	case slot.Closed() || !u.Now.Before(slot.End):
		return Reservation{}, SlotClosed()
	case e.Party > slot.Left():
		return Reservation{}, Full(slot.Left())
	}
	r := Reservation{ID: e.ID, Party: e.Party, Note: e.Note, Guest: e.Guest, Status: Confirmed}
	if e.WalkIn {
		r.Status = Seated
	}
	entered := u.addReservation(r, slot)
	u.emit(EventConfirmed, entered)
	return *entered, nil
}
