package reservation

import (
	"slices"
	"time"

	"jari.example/services/reservation/schedule"
)

// ReconcileSlots makes the period's slots what the schedule wants: those that are
// missing are made, those that are not wanted close, and nobody who is booked
// loses a seat. The desk's period must reach as far as want.
func (u *UnitOfWork) ReconcileSlots(want []Slot) {
	have := map[time.Time]*Slot{}
	for _, s := range u.Slots {
		have[s.Start] = s
	}
	for _, w := range want {
		s := have[w.Start]
		if s == nil {
			u.newSlots = append(u.newSlots, &w)
			continue
		}
		delete(have, w.Start)
		now := w
		now.ID, now.Capacity, now.Booked = s.ID, s.Capacity, s.Booked
		if now != *s {
			*s = now
			u.changedSlots[s] = true
		}
	}
	for _, s := range have {
		u.closeSlot(s)
	}
}

// closeSlot takes a slot to come back from the public.
func (u *UnitOfWork) closeSlot(s *Slot) {
	if s.Wanted != 0 && s.Start.After(u.Now) {
		s.Wanted = 0
		u.changedSlots[s] = true
	}
}

// SetSchedule makes plan the restaurant's, with the slots it wants.
func (u *UnitOfWork) SetSchedule(plan schedule.Schedule, want []Slot) {
	u.newSchedule, u.slotsGenerated = &plan, true
	u.ReconcileSlots(want)
}

// RegenerateSlots makes the slots that the restaurant's plan wants by now. A zone that
// this process does not know wants none, and must not close them.
func (u *UnitOfWork) RegenerateSlots(restaurant string) error {
	if u.Schedule == nil {
		return nil
	}
	if _, err := schedule.Location(u.Schedule.TimeZone); err != nil {
		return err
	}
	u.slotsGenerated = true
	u.ReconcileSlots(PlannedSlots(restaurant, *u.Schedule, u.IsClosed, u.Now))
	return nil
}

// ReopenDay forgets that the period's day is closed and makes the slots that the
// plan wants on it; who was cancelled stays so.
func (u *UnitOfWork) ReopenDay(restaurant, date string) {
	u.closure = &Closure{Date: date, Open: true}
	delete(u.ClosedDates, date)
	if u.Schedule == nil {
		return
	}
	var want []Slot
	for _, s := range PlannedSlots(restaurant, *u.Schedule, u.IsClosed, u.Now) {
		if !s.Start.Before(u.from) && s.Start.Before(u.to) {
			want = append(want, s)
		}
	}
	u.ReconcileSlots(want)
}

// CloseDay takes the period's slots to come back and cancels who is booked, offered
// or waiting there. It returns how many were cancelled.
func (u *UnitOfWork) CloseDay(c Closure) (cancelled int) {
	u.closure = &c
	for _, s := range u.Slots {
		u.closeSlot(s)
	}
	for _, r := range u.sortedByID() {
		if u.Slots[r.SlotID] != nil && r.Status.Cancellable() && r.Start.After(u.Now) {
			u.transition(r, Cancelled)
			u.emit(EventClosed, r).Reason = c.Reason
			cancelled++
		}
	}
	return cancelled
}

// IsClosed reports whether the restaurant is closed on a local date, YYYY-MM-DD.
func (u *UnitOfWork) IsClosed(date string) bool { return u.ClosedDates[date] }

// OverbookedSlot is a slot that holds more covers than its owner wants.
type OverbookedSlot struct {
	SlotID SlotID    `json:"slot_id"`
	Start  time.Time `json:"start"`
	Booked int       `json:"booked"`
}

// OverbookedSlots lists slots with more guests than the owner wants, earliest first.
func (u *UnitOfWork) OverbookedSlots() []OverbookedSlot {
	list := []OverbookedSlot{}
	for _, s := range u.Slots {
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
