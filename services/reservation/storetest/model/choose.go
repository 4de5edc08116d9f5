package model

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"jari.example/services/reservation"
)

const (
	diners        = 12
	closureReason = "The kitchen is flooded."
)

var (
	owner      = uuid.UUID{3}
	otherDiner = uuid.UUID{2} // who has no reservation
)

// request turns a step into a request. ok is false where the step has nothing
// to act on.
func (r *runner) request(s Step) (q request, ok bool) {
	q = request{op: s.Op, party: s.Party, ownsRestaurant: !s.Unlikely, id: uuid.UUID{7, 14: byte(r.count >> 8), 15: byte(r.count)}}
	q.CommandMeta = reservation.CommandMeta{
		EventID: uuid.New(), At: r.now, Traceparent: r.traceparent, Key: fmt.Sprint("key ", r.count),
	}
	slot := &reservation.Slot{ID: 1 << 50, Start: r.now} // does not exist
	if slots := r.slotsFor(s); len(slots) > 0 && !(s.Unlikely && s.Slot == 5) {
		slot = slots[s.Slot%len(slots)]
	}
	switch s.Op {
	case Book, Join:
		q.DinerID, q.slot, ok = uuid.UUID{1, 15: byte(1 + s.Choice%diners)}, slot.ID, true
		q.op = r.bookOrJoin(s, slot)
	case Enter:
		q.DinerID, q.slot, q.walkIn, ok = owner, slot.ID, s.Choice%2 == 0, true
	case Cancel:
		ok = r.choose(&q, s, reservation.Waiting, reservation.Offered, reservation.Confirmed)
	case Move:
		q.Key, ok = "", r.choose(&q, s, reservation.Waiting, reservation.Offered, reservation.Confirmed)
		if s.Slot%2 == 1 || s.Party == 5 {
			q.slot = slot.ID
		}
		if s.Choice%3 == 0 {
			q.party = 0
		}
	case Accept, Decline:
		ok = r.choose(&q, s, reservation.Offered)
	case Leave:
		q.Key, ok = "", r.choose(&q, s, reservation.Waiting, reservation.Offered)
	case Seat, NoShow:
		ok = r.choose(&q, s, reservation.Confirmed)
		q.DinerID = owner
	case Undo:
		status := reservation.NoShow
		if s.Choice%4 == 0 {
			status = reservation.Cancelled
		}
		ok = r.choose(&q, s, status)
		q.DinerID = owner
	case EditSchedule:
		q.Key, q.schedule, ok = "", s.Schedule, true
	case ResendSchedule:
		q.Key, q.op, q.schedule, ok = "", EditSchedule, *r.model.schedule, true
	case GenerateSlots:
		q.Key, ok = "", true
	case CloseDay, ReopenDay:
		q.Key, q.reason, ok = "", closureReason, true
		q.date = r.dateFor(s, slot)
	}
	q.RequestHash = hash(fmt.Sprint(q.id, q.slot, q.party))
	return q, ok
}

func hash(body string) []byte {
	h := sha256.Sum256([]byte(body))
	return h[:]
}

// bookOrJoin is what most diners do: they book if they can, and wait if they
// cannot. Some try what s says.
func (r *runner) bookOrJoin(s Step, slot *reservation.Slot) Op {
	if s.Unlikely || s.Choice%4 == 0 {
		return s.Op
	}
	switch left := r.model.coversLeft(slot); {
	case s.Party <= left:
		return Book
	case s.Party <= slot.Wanted:
		return Join
	}
	return s.Op
}

// dateFor is the slot's day. Mostly a day is reopened that is closed.
func (r *runner) dateFor(s Step, slot *reservation.Slot) (date string) {
	if s.Op == ReopenDay && len(r.model.closedDates) > 0 && !s.Unlikely {
		for closed := range r.model.closedDates {
			date = max(date, closed)
		}
		return date
	}
	zone, err := time.LoadLocation(r.model.schedule.TimeZone)
	if err != nil {
		panic(err)
	}
	return slot.Start.In(zone).Format(time.DateOnly)
}

// slotsFor lists where s may happen. Slots on which more can happen come first.
func (r *runner) slotsFor(s Step) (open []*reservation.Slot) {
	var last []*reservation.Slot
	for _, slot := range r.model.slots {
		left := r.model.coversLeft(slot)
		switch {
		case s.Unlikely, s.Op == Enter && slot.End.After(r.now):
			open = append(open, slot)
		case !slot.Start.After(r.now):
		case !slot.CancelUntil.After(r.now), s.Op == Join && (s.Party <= left || s.Party > slot.Wanted):
			last = append(last, slot)
		default:
			open = append(open, slot)
		}
	}
	return append(open, last...)
}

// choose makes q about a reservation in one of the statuses, and reports
// whether there is one.
func (r *runner) choose(q *request, s Step, statuses ...reservation.Status) bool {
	chosen := r.reservationFor(s, statuses)
	if chosen == nil {
		return false
	}
	q.id, q.DinerID = chosen.ID, chosen.DinerID
	if s.Unlikely && s.Party == 5 {
		q.DinerID = otherDiner
	}
	return true
}

// reservationFor chooses the reservation that s is about, mostly one on a slot
// with a waitlist. An unlikely step takes any status.
func (r *runner) reservationFor(s Step, statuses []reservation.Status) *reservation.Reservation {
	var list, others []*reservation.Reservation
	for _, candidate := range r.model.reservations {
		switch {
		case !s.Unlikely && !slices.Contains(statuses, candidate.Status):
		case len(r.model.waiting(candidate.SlotID)) > 0:
			list = append(list, candidate)
		default:
			others = append(others, candidate)
		}
	}
	if len(list) == 0 || s.Choice%3 == 0 {
		list = append(list, others...)
	}
	if len(list) == 0 {
		return nil
	}
	if s.Op == Seat || s.Op == NoShow {
		slices.SortStableFunc(list, func(a, b *reservation.Reservation) int { return a.Start.Compare(b.Start) })
		return list[0]
	}
	return list[s.Choice%len(list)]
}
