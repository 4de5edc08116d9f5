package model

import (
	"jari.example/services/reservation"
	"jari.example/services/reservation/schedule"
)

// otherRestaurant is what an owner states who does not own the model's.
const otherRestaurant = "another"

// execute sends q to one replica in the way the service does.
func (r *runner) execute(s Store, q request) (reservation.Outcome, error) {
	booking := reservation.Booking{CommandMeta: q.CommandMeta, ID: q.id, SlotID: q.slot, Party: q.party}
	cancellation := reservation.Cancellation{CommandMeta: q.CommandMeta, ID: q.id}
	c := reservation.Command{CommandMeta: q.CommandMeta, Scope: reservation.Scope{ReservationID: q.id}}
	if q.Key != "" {
		c.Op = string(q.op)
	}
	switch q.op {
	case Book:
		return s.Book(r.ctx, booking)
	case Join:
		c.Scope = reservation.Scope{LimitsOf: q.DinerID, Slots: []reservation.SlotID{q.slot}}
		c.Decide = booking.Join
	case Enter:
		e := reservation.OwnerEntry{Booking: booking, RestaurantID: r.model.restaurant, WalkIn: q.walkIn}
		if !q.ownsRestaurant {
			e.RestaurantID = otherRestaurant
		}
		c.Scope = reservation.Scope{Slots: []reservation.SlotID{q.slot}}
		c.Decide = e.Decide
	case Cancel:
		c.Decide = cancellation.Decide
	case Leave:
		c.Decide = cancellation.Leave
	case Accept, Decline:
		c.Decide = reservation.OfferResponse{CommandMeta: q.CommandMeta, ID: q.id, Accept: q.op == Accept}.Decide
	case Seat, NoShow:
		c.Decide = reservation.Attendance{
			CommandMeta: q.CommandMeta, ID: q.id, NoShow: q.op == NoShow, MayTouch: func(string) bool { return q.ownsRestaurant },
		}.Decide
	case Undo:
		c.Decide = reservation.NoShowUndo{
			CommandMeta: q.CommandMeta, ID: q.id, MayTouch: func(string) bool { return q.ownsRestaurant },
		}.Decide
	case Move:
		m := reservation.Move{CommandMeta: q.CommandMeta, ID: q.id}
		c.LimitsOf = q.DinerID
		if q.slot != 0 {
			m.SlotID, c.Slots = &q.slot, []reservation.SlotID{q.slot}
		}
		if q.party != 0 {
			m.Party = &q.party
		}
		c.Decide = m.Decide
	case ExpireOffers:
		c.Scope = reservation.Scope{Slots: []reservation.SlotID{q.slot}}
		c.Decide = reservation.ExpireOffers
	default:
		if err := r.scheduleCommand(&c, q); err != nil {
			return reservation.Outcome{}, err
		}
	}
	return s.Execute(r.ctx, c)
}

// scheduleCommand makes c one of the commands that change slots.
func (r *runner) scheduleCommand(c *reservation.Command, q request) error {
	restaurant := r.model.restaurant
	period := reservation.Period{RestaurantID: restaurant, From: q.At, To: endOfTime}
	var change func(*reservation.UnitOfWork)
	switch q.op {
	case EditSchedule:
		change = func(u *reservation.UnitOfWork) {
			u.SetSchedule(q.schedule, reservation.PlannedSlots(restaurant, q.schedule, u.IsClosed, q.At))
		}
	case GenerateSlots:
		change = func(u *reservation.UnitOfWork) {
			u.ReconcileSlots(reservation.PlannedSlots(restaurant, *u.Schedule, u.IsClosed, q.At))
		}
	case CloseDay, ReopenDay:
		from, to, err := schedule.DayBounds(q.date, r.model.schedule.TimeZone)
		if err != nil {
			return err
		}
		period.From, period.To = from, to
		change = func(u *reservation.UnitOfWork) {
			if q.op == ReopenDay {
				u.ReopenDay(restaurant, q.date)
			} else {
				u.CloseDay(reservation.Closure{Date: q.date, Reason: q.reason})
			}
		}
	}
	c.Scope = reservation.Scope{Period: period, AllReservations: q.op == CloseDay || q.op == ReopenDay}
	c.Decide = func(u *reservation.UnitOfWork) (reservation.Reservation, error) {
		change(u)
		return reservation.Reservation{}, nil
	}
	return nil
}
