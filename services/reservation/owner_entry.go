package reservation

// OwnerEntry is the command to book for a guest without an account: by phone or
// as a walk-in. The party limits, the drop and the start do not bind it; the
// capacity does.
type OwnerEntry struct {
	Booking
	RestaurantID string
	Guest        Guest
	WalkIn       bool // seated at once
}

// Decide takes the covers. Codes: not_found slot_not_found; conflict
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
