package reservation

import (
	"time"

	"github.com/google/uuid"

	"jari.example/internal/fault"
)

// seatEarly is how long before its start a party may be seated.
const seatEarly = time.Hour

// Entry is a booking that the owner enters: by phone, or for who stands at the
// door. It may pass the party limits, the drop and the start, never the seats.
type Entry struct {
	Booking
	RestaurantID string
	Guest        Guest
	WalkIn       bool // seated at once
}

// Decide takes the seats. Codes: not_found slot_not_found; conflict
// slot_closed, slot_full.
func (e Entry) Decide(d *Desk) (Reservation, error) {
	slot := d.Slots[e.SlotID]
	switch {
	case slot == nil || slot.RestaurantID != e.RestaurantID:
		return Reservation{}, slotNotFound()
	case slot.Closed() || !d.At.Before(slot.End):
		return Reservation{}, SlotClosed()
	case e.Party > slot.Left():
		return Reservation{}, Full(slot.Left())
	}
	r := Reservation{ID: e.ID, Party: e.Party, Note: e.Note, Guest: e.Guest, Status: Confirmed}
	if e.WalkIn {
		r.Status = Seated
	}
	entered := d.add(r, slot)
	d.tell(EventConfirmed, entered)
	return *entered, nil
}

// Arrival says whether a party has come.
type Arrival struct {
	Act
	ID       uuid.UUID
	MayTouch func(restaurant string) bool
	NoShow   bool
}

// Decide seats the party, or gives the covers of who did not come back. Codes:
// not_found; conflict not_seatable, not_no_show.
func (a Arrival) Decide(d *Desk) (Reservation, error) {
	r := d.Rows[a.ID]
	switch {
	case r == nil || !a.MayTouch(r.RestaurantID):
		return Reservation{}, NotFound()
	case a.NoShow && (r.Status != Confirmed || d.At.Before(r.Start)):
		return Reservation{}, fault.New(fault.Conflict, "not_no_show", "Only a confirmed party that has not come by its time is a no-show.")
	case a.NoShow:
		d.become(r, NoShow)
		d.tell(EventNoShow, r)
	case r.Status != Confirmed || d.At.Before(r.Start.Add(-seatEarly)) || !d.At.Before(r.End):
		return Reservation{}, fault.New(fault.Conflict, "not_seatable", "Only a confirmed party can be seated, from an hour before its time.")
	default:
		d.become(r, Seated)
	}
	return *r, nil
}

// Arrange makes the period's slots what the schedule wants: those that are
// missing are made, those that are not wanted close, and nobody who is booked
// loses a seat. The desk's period must reach as far as want.
func (d *Desk) Arrange(want []Slot) {
	have := map[time.Time]*Slot{}
	for _, s := range d.Slots {
		have[s.Start] = s
	}
	for _, w := range want {
		s := have[w.Start]
		if s == nil {
			d.made = append(d.made, &w)
			continue
		}
		delete(have, w.Start)
		now := w
		now.ID, now.Capacity, now.Booked = s.ID, s.Capacity, s.Booked
		if now != *s {
			*s = now
			d.touched[s] = true
		}
	}
	for _, s := range have {
		d.withdraw(s)
	}
}

// withdraw takes a slot to come back from the public.
func (d *Desk) withdraw(s *Slot) {
	if s.Wanted != 0 && s.Start.After(d.At) {
		s.Wanted = 0
		d.touched[s] = true
	}
}

// Keep makes plan the restaurant's, with the slots it wants.
func (d *Desk) Keep(plan Schedule, want []Slot) {
	d.keep, d.arranged = &plan, true
	d.Arrange(want)
}

// Remake makes the slots that the restaurant's plan wants by now. A zone that
// this process does not know wants none, and must not close them.
func (d *Desk) Remake(restaurant string) error {
	if d.Plan == nil {
		return nil
	}
	if _, err := location(d.Plan.TimeZone); err != nil {
		return err
	}
	d.arranged = true
	d.Arrange(d.Plan.Slots(restaurant, d.closed, d.At))
	return nil
}

// Reopen forgets that the period's day is closed and makes the slots that the
// plan wants on it; who was cancelled stays so.
func (d *Desk) Reopen(restaurant, date string) {
	d.closure = &Closure{Date: date, Open: true}
	delete(d.Closed, date)
	if d.Plan == nil {
		return
	}
	var want []Slot
	for _, s := range d.Plan.Slots(restaurant, d.closed, d.At) {
		if !s.Start.Before(d.from) && s.Start.Before(d.to) {
			want = append(want, s)
		}
	}
	d.Arrange(want)
}

// Close takes the period's slots to come back and cancels who is booked, offered
// or waiting there. It returns how many were cancelled.
func (d *Desk) Close(c Closure) (cancelled int) {
	d.closure = &c
	for _, s := range d.Slots {
		d.withdraw(s)
	}
	for _, r := range d.byID() {
		if d.Slots[r.SlotID] != nil && r.Status.Cancellable() && r.Start.After(d.At) {
			d.become(r, Cancelled)
			d.tell(EventClosed, r).Reason = c.Reason
			cancelled++
		}
	}
	return cancelled
}
