package inmem

import (
	"maps"
	"slices"

	"github.com/google/uuid"

	"jari.example/services/reservation"
)

// unitOfWork copies what c's scope asks for, so that a command that is refused
// has changed nothing.
func (s *Store) unitOfWork(c reservation.Command) *reservation.UnitOfWork {
	u := &reservation.UnitOfWork{
		Slots: map[reservation.SlotID]*reservation.Slot{}, Reservations: map[uuid.UUID]*reservation.Reservation{},
		ClosedDates: map[string]bool{},
	}
	slots := slices.Clone(c.Scope.Slots)
	if r := s.reservations[c.ReservationID]; r != nil {
		slots = append(slots, r.SlotID)
		copied := *r
		u.Reservations[r.ID] = &copied
	}
	period := c.Period
	if p := s.restaurants[period.RestaurantID]; p != nil {
		u.Schedule, u.ClosedDates = p.schedule, maps.Clone(p.closedDates)
	}
	for id, slot := range s.slots {
		inPeriod := period.RestaurantID == slot.RestaurantID && !slot.Start.Before(period.From) && slot.Start.Before(period.To)
		if inPeriod || slices.Contains(slots, id) {
			copied := *slot
			u.Slots[id] = &copied
		}
	}
	for id, r := range s.reservations {
		if u.Slots[r.SlotID] != nil && r.Status.Active() {
			copied := *r
			u.Reservations[id] = &copied
		}
		if r.DinerID == c.Scope.LimitsOf && r.DinerID != uuid.Nil && r.Status.Active() && r.End.After(c.At) {
			u.OfDiner = append(u.OfDiner, *r)
		}
	}
	return u
}

// write stores what a command has changed.
func (s *Store) write(c reservation.Command, set reservation.ChangeSet) {
	for _, slot := range set.NewSlots {
		slot.ID = reservation.SlotID(len(s.slots) + 1)
		s.slots[slot.ID] = slot
	}
	for _, slot := range set.ChangedSlots {
		s.slots[slot.ID] = slot
	}
	for _, r := range set.Reservations {
		r.Position = 0 // computed when read
		s.reservations[r.ID], s.updated[r.ID] = r, c.At
	}
	for _, e := range set.Events {
		s.enqueue(e)
	}
	if c.Period.RestaurantID != "" {
		s.writePlan(c, set)
	}
	if set.TimeZone != "" {
		s.changeTimeZone(c.Period.RestaurantID, set.TimeZone)
	}
}

func (s *Store) changeTimeZone(restaurant, name string) {
	for _, slot := range s.slots {
		if slot.RestaurantID == restaurant {
			slot.TimeZone = name
		}
	}
	for _, r := range s.reservations {
		if r.RestaurantID == restaurant {
			r.TimeZone = name
		}
	}
}

func (s *Store) writePlan(c reservation.Command, set reservation.ChangeSet) {
	p := s.restaurants[c.Period.RestaurantID]
	if p == nil {
		p = &restaurantPlan{closedDates: map[string]bool{}}
		s.restaurants[c.Period.RestaurantID] = p
	}
	if set.Schedule != nil {
		p.schedule = set.Schedule
	}
	if set.SlotsGenerated {
		p.generatedAt = c.At
	}
	if set.Closure != nil {
		delete(p.closedDates, set.Closure.Date)
		if !set.Closure.Open {
			p.closedDates[set.Closure.Date] = true
		}
	}
}
