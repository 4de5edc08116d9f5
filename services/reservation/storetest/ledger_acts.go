package storetest

import (
	"time"

	"github.com/google/uuid"

	"jari.example/services/reservation"
	"jari.example/services/reservation/schedule"
)

// request is one thing somebody wants, once it is clear of what.
type request struct {
	op string
	reservation.CommandMeta
	id     uuid.UUID          // of the reservation it is about, or makes
	slot   reservation.SlotID // 0: none
	party  int                // 0: as it is
	walkIn bool
	mine   bool // the restaurant is whose who acts
	plan   schedule.Schedule
	date   string
	reason string
}

const forbidding = "The kitchen floods." // a closure's reason

// do writes the request down, or says why not.
func (l *ledger) do(q request) (id uuid.UUID, refusal string) {
	l.begin(q.At)
	switch q.op {
	case "book", "join":
		refusal = l.book(q)
	case "enter":
		refusal = l.enter(q)
	case "move":
		refusal = l.move(q)
	case "cancel", "leave", "accept", "decline":
		refusal = l.answer(q)
	case "seat", "no_show":
		refusal = l.arrival(q)
	case "expire":
		l.expire(q.slot)
	case "edit":
		l.plan = &q.plan
		l.arrange(q.At, forever)
		l.made = q.At
	case "make":
		l.arrange(q.At, forever)
		l.made = q.At
	case "close", "reopen":
		l.day(q)
	}
	if refusal == "" {
		l.offer()
	}
	return q.id, refusal
}

var forever = time.Date(3000, 1, 1, 0, 0, 0, 0, time.UTC)

// stands says what stands in the way of a visit, however many seats there are.
func (l *ledger) stands(q request, s *reservation.Slot, party int, but uuid.UUID) string {
	if s == nil {
		return "slot_not_found"
	}
	here, clash, live := false, false, 0
	for _, r := range l.rows {
		if r.DinerID != q.DinerID || r.ID == but || !holds(r.Status) && r.Status != "waiting" || !r.End.After(q.At) {
			continue
		}
		live++
		here = here || r.SlotID == s.ID
		clash = clash || r.SlotID != s.ID && r.Start.Before(s.End) && s.Start.Before(r.End)
	}
	switch {
	case here:
		return "already_booked"
	case !q.At.Before(s.Start) || shut(s, l.held(s)):
		return "slot_closed"
	case q.At.Before(s.OpensAt):
		return "not_open_yet"
	case party < s.Party.Min || party > s.Party.Max:
		return "invalid_field"
	case clash:
		return "overlap"
	case live >= 8:
		return "too_many_reservations"
	}
	return ""
}

func (l *ledger) book(q request) string {
	s := l.slot(q.slot)
	switch refusal := l.stands(q, s, q.party, uuid.Nil); {
	case refusal != "":
		return refusal
	case q.op == "book" && q.party > l.left(s):
		return "slot_full"
	case q.op == "book":
		l.tell("reservation.confirmed", l.write(q, s, "confirmed"), nil, "")
		return ""
	case !q.At.Before(s.CancelUntil):
		return "slot_closed"
	case q.party > s.Wanted:
		return "invalid_field"
	case q.party <= l.left(s):
		return "seats_available"
	}
	r := l.write(q, s, "waiting")
	l.queue = append(l.queue, r.ID)
	l.tell("waitlist.joined", r, nil, "")
	return ""
}

func (l *ledger) write(q request, s *reservation.Slot, status reservation.Status) *reservation.Reservation {
	r := &reservation.Reservation{
		ID: q.id, DinerID: q.DinerID, Party: q.party, Status: status, CreatedAt: q.At,
		SlotID: s.ID, RestaurantID: l.house, Start: s.Start, End: s.End, TimeZone: s.TimeZone, CancelUntil: s.CancelUntil,
	}
	if q.op == "enter" {
		r.DinerID = uuid.Nil
	}
	l.rows = append(l.rows, r)
	l.touch(r)
	return r
}

func (l *ledger) enter(q request) string {
	s := l.slot(q.slot)
	switch {
	case s == nil || !q.mine:
		return "slot_not_found"
	case shut(s, l.held(s)) || !q.At.Before(s.End):
		return "slot_closed"
	case q.party > l.left(s):
		return "slot_full"
	case q.walkIn:
		l.write(q, s, "seated")
	default:
		l.write(q, s, "confirmed")
	}
	return ""
}

// own is the reservation of who asks, nil where it is somebody else's.
func (l *ledger) own(q request) *reservation.Reservation {
	if r := l.row(q.id); r != nil && r.DinerID == q.DinerID && q.DinerID != uuid.Nil {
		return r
	}
	return nil
}

func (l *ledger) move(q request) string {
	r := l.own(q)
	if r == nil {
		return "reservation_not_found"
	}
	slot, party := r.SlotID, r.Party
	if q.slot != 0 {
		slot = q.slot
	}
	if q.party != 0 {
		party = q.party
	}
	asks := slot != r.SlotID || party != r.Party
	booked := r.Status == "confirmed"
	if !booked && r.Status != "waiting" && r.Status != "offered" || !q.At.Before(r.Start) || asks && booked && !q.At.Before(r.CancelUntil) {
		return "not_movable"
	}
	before, kind := reservation.Visit{Start: r.Start, Party: r.Party}, "reservation.moved"
	s := l.slot(slot)
	switch {
	case !asks:
		return ""
	case slot != r.SlotID:
		if refusal := l.stands(q, s, party, r.ID); refusal != "" {
			return refusal
		}
		if party > l.left(s) {
			return "slot_full"
		}
		if !booked {
			kind = "reservation.confirmed"
		}
		l.become(r, "confirmed")
		r.SlotID, r.Start, r.End, r.TimeZone, r.CancelUntil = s.ID, s.Start, s.End, s.TimeZone, s.CancelUntil
	case party < s.Party.Min || party > s.Party.Max, r.Status == "waiting" && party > s.Wanted:
		return "invalid_field"
	case r.Status != "waiting" && party > r.Party && shut(s, l.held(s)):
		return "slot_closed"
	case r.Status != "waiting" && party-r.Party > l.left(s):
		return "slot_full"
	default:
		if !booked {
			kind = "waitlist.changed"
		}
		l.touch(r)
	}
	r.Party = party
	l.tell(kind, r, &before, "")
	return ""
}

// answer is what a diner says of their own reservation.
func (l *ledger) answer(q request) string {
	r := l.own(q)
	if r == nil {
		return "reservation_not_found"
	}
	inLine := r.Status == "waiting" || r.Status == "offered"
	now, kind := reservation.Status("cancelled"), "waitlist.left"
	switch q.op {
	case "cancel":
		if !inLine && r.Status != "confirmed" || !q.At.Before(r.Start) || r.Status == "confirmed" && !q.At.Before(r.CancelUntil) {
			return "not_cancellable"
		}
		if !inLine {
			kind = "reservation.cancelled"
		}
	case "leave":
		if !inLine && holds(r.Status) {
			return "not_waiting"
		}
		if !inLine {
			return "" // left already
		}
	default:
		if r.Status == "expired" || r.Status == "offered" && !q.At.Before(r.OfferEndsAt) {
			return "offer_expired"
		}
		if r.Status != "offered" {
			return "not_offered"
		}
		now, kind = "confirmed", "reservation.confirmed"
		if q.op == "decline" {
			now, kind = "declined", "waitlist.declined"
		}
	}
	l.become(r, now)
	l.tell(kind, r, nil, "")
	return ""
}

func (l *ledger) arrival(q request) string {
	r := l.row(q.id)
	switch {
	case r == nil || !q.mine:
		return "reservation_not_found"
	case q.op == "seat" && (r.Status != "confirmed" || q.At.Before(r.Start.Add(-time.Hour)) || !q.At.Before(r.End)):
		return "not_seatable"
	case q.op == "seat":
		l.become(r, "seated")
	case r.Status != "confirmed" || q.At.Before(r.Start):
		return "not_no_show"
	default:
		l.become(r, "no_show")
		l.tell("reservation.no_show", r, nil, "")
	}
	return ""
}

// overdue says whether r's offer has run out, or the line it stands in.
func (l *ledger) overdue(r *reservation.Reservation, now time.Time) bool {
	return r.Status == "offered" && !now.Before(r.OfferEndsAt) || r.Status == "waiting" && !now.Before(l.slot(r.SlotID).CancelUntil)
}

func (l *ledger) expire(slot reservation.SlotID) {
	for _, r := range l.rows {
		if r.SlotID == slot && l.overdue(r, l.now) {
			l.become(r, "expired")
			l.tell("waitlist.expired", r, nil, "")
		}
	}
}

func (l *ledger) day(q request) {
	from, to, err := schedule.DayBounds(q.date, l.plan.TimeZone)
	if err != nil {
		panic(err)
	}
	if q.op == "reopen" {
		delete(l.closed, q.date)
		l.arrange(from, to)
		return
	}
	l.closed[q.date] = true
	for _, s := range l.slots {
		if s.Start.After(q.At) && !s.Start.Before(from) && s.Start.Before(to) {
			s.Wanted = 0
		}
	}
	for _, r := range l.rows {
		open := r.Status == "waiting" || r.Status == "offered" || r.Status == "confirmed"
		if open && r.Start.After(q.At) && !r.Start.Before(from) && r.Start.Before(to) {
			l.become(r, "cancelled")
			l.tell("reservation.closed", r, nil, q.reason)
		}
	}
}
