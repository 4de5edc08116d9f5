package reservation

import (
	"slices"
	"time"

	"jari.example/services/reservation/schedule"
)

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
func (d *UnitOfWork) SetSchedule(plan schedule.Schedule, want []Slot) {
	d.newSchedule, d.slotsGenerated = &plan, true
	d.ReconcileSlots(want)
}

// RegenerateSlots makes the slots that the restaurant's plan wants by now. A zone that
// this process does not know wants none, and must not close them.
func (d *UnitOfWork) RegenerateSlots(restaurant string) error {
	if d.Schedule == nil {
		return nil
	}
	if _, err := schedule.Location(d.Schedule.TimeZone); err != nil {
		return err
	}
	d.slotsGenerated = true
	d.ReconcileSlots(PlannedSlots(restaurant, *d.Schedule, d.IsClosed, d.Now))
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
	for _, s := range PlannedSlots(restaurant, *d.Schedule, d.IsClosed, d.Now) {
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

// IsClosed reports whether the restaurant is closed on a local date, YYYY-MM-DD.
func (d *UnitOfWork) IsClosed(date string) bool { return d.ClosedDates[date] }

// OverbookedSlot is a slot that holds more covers than its owner wants.
type OverbookedSlot struct {
	SlotID SlotID    `json:"slot_id"`
	Start  time.Time `json:"start"`
	Booked int       `json:"booked"`
}

// OverbookedSlots lists slots with more guests than the owner wants, earliest first.
func (d *UnitOfWork) OverbookedSlots() []OverbookedSlot {
	list := []OverbookedSlot{}
	for _, s := range d.Slots {
		if s.Booked > s.Wanted {
			list = append(list, OverbookedSlot{s.ID, s.Start, s.Booked})
		}
	}
	slices.SortFunc(list, func(a, b OverbookedSlot) int { return a.Start.Compare(b.Start) })
	return list
}

// PlannedSlots returns the slots that plan asks for at a restaurant, earliest
// first: nothing is booked in them, and they have no id yet. closed reports the
// local dates (YYYY-MM-DD) on which the restaurant is closed; nil: none.
func PlannedSlots(restaurant string, plan schedule.Schedule, closed func(date string) bool, now time.Time) []Slot {
	planned := plan.Slots(closed, now)
	slots := make([]Slot, len(planned))
	for i, p := range planned {
		slots[i] = Slot{
			RestaurantID: restaurant, Start: p.Start, End: p.End, TimeZone: p.TimeZone, Party: p.Party,
			Wanted: p.Covers, Capacity: p.Covers, OpensAt: p.OpensAt, CancelUntil: p.CancelUntil,
		}
	}
	return slots
}
