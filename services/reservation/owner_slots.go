package reservation

import (
	"slices"
	"time"

	"jari.example/internal/zone"
	"jari.example/services/reservation/schedule"
)

// ReconcileSlots changes the period's slots to those the schedule wants: missing
// slots are created, others are closed, and nobody who is booked loses a seat. The
// period must cover all of want.
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

// closeSlot closes a slot that has not begun.
func (u *UnitOfWork) closeSlot(s *Slot) {
	if s.Wanted != 0 && s.Start.After(u.Now) {
		s.Wanted = 0
		u.changedSlots[s] = true
	}
}

// SetSchedule stores plan as the restaurant's schedule, with the slots it wants. Its
// time zone becomes that of everything at the restaurant.
func (u *UnitOfWork) SetSchedule(plan schedule.Schedule, want []Slot) {
	if u.Schedule != nil && u.Schedule.TimeZone != plan.TimeZone {
		u.changeTimeZone(plan.TimeZone)
	}
	u.newSchedule, u.slotsGenerated = &plan, true
	u.ReconcileSlots(want)
}

// changeTimeZone shows everything at the restaurant in another zone, also visits of
// the past. Their instants stay, so nothing that a diner agreed to has changed: no
// new version, and no event.
func (u *UnitOfWork) changeTimeZone(name string) {
	u.newTimeZone = name
	for _, s := range u.Slots {
		s.TimeZone = name
	}
	for _, r := range u.Reservations {
		r.TimeZone = name
	}
}

// RegenerateSlots creates the slots that the restaurant's schedule wants by now.
// It fails for a time zone that this process does not know: to want no slot then
// would close them all.
func (u *UnitOfWork) RegenerateSlots(restaurant string) error {
	if u.Schedule == nil {
		return nil
	}
	if _, err := zone.Load(u.Schedule.TimeZone); err != nil {
		return err
	}
	u.slotsGenerated = true
	u.ReconcileSlots(PlannedSlots(restaurant, *u.Schedule, u.IsClosed, u.Now))
	return nil
}

// ReopenDay deletes the closure of the period's day and creates the slots that the
// schedule wants on it. Cancelled reservations stay cancelled.
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

// CloseDay closes the period's slots and cancels every reservation, offer and
// waitlist entry on them. It returns how many it cancelled.
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

// ShrunkSlot is a slot that holds more covers than its owner wants now.
type ShrunkSlot struct {
	SlotID SlotID    `json:"slot_id"`
	Start  time.Time `json:"start"`
	Booked int       `json:"booked"`
}

// ShrunkSlots lists the slots that hold more covers than the owner wants, earliest
// first.
func (u *UnitOfWork) ShrunkSlots() []ShrunkSlot {
	list := []ShrunkSlot{}
	for _, s := range u.Slots {
		if s.Booked > s.Wanted {
			list = append(list, ShrunkSlot{s.ID, s.Start, s.Booked})
		}
	}
	slices.SortFunc(list, func(a, b ShrunkSlot) int { return a.Start.Compare(b.Start) })
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
