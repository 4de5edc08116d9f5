package reservation

import (
	"time"

	"github.com/google/uuid"

	"jari.example/internal/fault"
)

// earliestSeating is how long before its start a party may be seated.
const earliestSeating = time.Hour

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
func (e OwnerEntry) Decide(d *UnitOfWork) (Reservation, error) {
	slot := d.Slots[e.SlotID]
	switch {
	case slot == nil || slot.RestaurantID != e.RestaurantID:
		return Reservation{}, SlotNotFound()
	case slot.Closed() || !d.Now.Before(slot.End):
		return Reservation{}, SlotClosed()
	case e.Party > slot.Left():
		return Reservation{}, Full(slot.Left())
	}
	r := Reservation{ID: e.ID, Party: e.Party, Note: e.Note, Guest: e.Guest, Status: Confirmed}
	if e.WalkIn {
		r.Status = Seated
	}
	entered := d.addReservation(r, slot)
	d.emit(EventConfirmed, entered)
	return *entered, nil
}

// Attendance says whether a party has come.
type Attendance struct {
	CommandMeta
	ID       uuid.UUID
	MayTouch func(restaurant string) bool
	NoShow   bool
}

// Decide seats the party, or gives the covers of who did not come back. Codes:
// not_found; conflict not_seatable, not_no_show.
func (a Attendance) Decide(d *UnitOfWork) (Reservation, error) {
	r := d.Reservations[a.ID]
	switch {
	case r == nil || !a.MayTouch(r.RestaurantID):
		return Reservation{}, NotFound()
	case a.NoShow && (r.Status != Confirmed || d.Now.Before(r.Start)):
		return Reservation{}, fault.New(fault.Conflict, "not_no_show", "Only a confirmed party that has not come by its time is a no-show.")
	case a.NoShow:
		d.transition(r, NoShow)
		d.emit(EventNoShow, r)
	case r.Status != Confirmed || d.Now.Before(r.Start.Add(-earliestSeating)) || !d.Now.Before(r.End):
		return Reservation{}, fault.New(fault.Conflict, "not_seatable", "Only a confirmed party can be seated, from an hour before its time.")
	default:
		d.transition(r, Seated)
	}
	return *r, nil
}

// ReconcileSlots makes the period's slots what the schedule wants: those that are
// missing are made, those that are not wanted close, and nobody who is booked
// loses a seat. The desk's period must reach as far as want.
func (d *UnitOfWork) ReconcileSlots(want []Slot) {
	have := map[time.Time]*Slot{}
	for _, s := range d.Slots {
		have[s.Start] = s
	}
	for _, w := range want {
		s := have[w.Start]
		if s == nil {
			d.newSlots = append(d.newSlots, &w)
			continue
		}
		delete(have, w.Start)
		now := w
		now.ID, now.Capacity, now.Booked = s.ID, s.Capacity, s.Booked
		if now != *s {
			*s = now
			d.changedSlots[s] = true
		}
	}
	for _, s := range have {
		d.closeSlot(s)
	}
}

// closeSlot takes a slot to come back from the public.
func (d *UnitOfWork) closeSlot(s *Slot) {
	if s.Wanted != 0 && s.Start.After(d.Now) {
		s.Wanted = 0
		d.changedSlots[s] = true
	}
}

// SetSchedule makes plan the restaurant's, with the slots it wants.
func (d *UnitOfWork) SetSchedule(plan Schedule, want []Slot) {
	d.newSchedule, d.slotsGenerated = &plan, true
	d.ReconcileSlots(want)
}

// RegenerateSlots makes the slots that the restaurant's plan wants by now. A zone that
// this process does not know wants none, and must not close them.
func (d *UnitOfWork) RegenerateSlots(restaurant string) error {
	if d.Schedule == nil {
		return nil
	}
	if _, err := location(d.Schedule.TimeZone); err != nil {
		return err
	}
	d.slotsGenerated = true
	d.ReconcileSlots(d.Schedule.Slots(restaurant, d.isClosed, d.Now))
	return nil
}

// ReopenDay forgets that the period's day is closed and makes the slots that the
// plan wants on it; who was cancelled stays so.
func (d *UnitOfWork) ReopenDay(restaurant, date string) {
	d.closure = &Closure{Date: date, Open: true}
	delete(d.ClosedDates, date)
	if d.Schedule == nil {
		return
	}
	var want []Slot
	for _, s := range d.Schedule.Slots(restaurant, d.isClosed, d.Now) {
		if !s.Start.Before(d.from) && s.Start.Before(d.to) {
			want = append(want, s)
		}
	}
	d.ReconcileSlots(want)
}

// CloseDay takes the period's slots to come back and cancels who is booked, offered
// or waiting there. It returns how many were cancelled.
func (d *UnitOfWork) CloseDay(c Closure) (cancelled int) {
	d.closure = &c
	for _, s := range d.Slots {
		d.closeSlot(s)
	}
	for _, r := range d.sortedByID() {
		if d.Slots[r.SlotID] != nil && r.Status.Cancellable() && r.Start.After(d.Now) {
			d.transition(r, Cancelled)
			d.emit(EventClosed, r).Reason = c.Reason
			cancelled++
		}
	}
	return cancelled
}
