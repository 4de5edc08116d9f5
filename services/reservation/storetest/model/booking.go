package model

import (
	"github.com/google/uuid"

	"jari.example/services/reservation"
)

// refusalBesidesCapacity is why the diner cannot visit the slot, however many
// covers are left. The reservation except does not count.
func (m *Model) refusalBesidesCapacity(q request, s *reservation.Slot, party int, except uuid.UUID) string {
	if s == nil {
		return ReasonSlotNotFound
	}
	onSlot, overlaps, active := false, false, 0
	for _, r := range m.reservations {
		isActive := holdsCovers(r.Status) || r.Status == reservation.Waiting
		if r.DinerID != q.DinerID || r.ID == except || !isActive || !r.End.After(q.At) {
			continue
		}
		active++
		onSlot = onSlot || r.SlotID == s.ID
		overlaps = overlaps || r.SlotID != s.ID && r.Start.Before(s.End) && s.Start.Before(r.End)
	}
	switch {
	case onSlot:
		return ReasonAlreadyBooked
	case !q.At.Before(s.Start) || m.closed(s):
		return ReasonSlotClosed
	case q.At.Before(s.OpensAt):
		return ReasonNotOpenYet
	case party < s.Party.Min || party > s.Party.Max:
		return ReasonInvalidField
	case overlaps:
		return ReasonOverlap
	case active >= maxActive:
		return ReasonTooManyReservations
	}
	return ""
}

func (m *Model) bookOrJoin(q request) string {
	s := m.slot(q.slot)
	switch refusal := m.refusalBesidesCapacity(q, s, q.party, uuid.Nil); {
	case refusal != "":
		return refusal
	case q.op == Book && q.party > m.coversLeft(s):
		return ReasonSlotFull
	case q.op == Book:
		m.emit(reservation.EventConfirmed, m.addReservation(q, s, reservation.Confirmed))
		return ""
	case !q.At.Before(s.CancelUntil):
		return ReasonSlotClosed
	case q.party > s.Wanted:
		return ReasonPartyTooLarge
	case q.party <= m.coversLeft(s):
		return ReasonSeatsAvailable
	}
	r := m.addReservation(q, s, reservation.Waiting)
	m.waitlist = append(m.waitlist, r.ID)
	m.emit(reservation.EventJoined, r)
	return ""
}

func (m *Model) addReservation(q request, s *reservation.Slot, status reservation.Status) *reservation.Reservation {
	r := &reservation.Reservation{
		ID: q.id, DinerID: q.DinerID, Party: q.party, Status: status, CreatedAt: q.At,
		SlotID: s.ID, RestaurantID: m.restaurant, Start: s.Start, End: s.End, TimeZone: s.TimeZone, CancelUntil: s.CancelUntil,
	}
	if q.op == Enter {
		r.DinerID = uuid.Nil
	}
	m.reservations = append(m.reservations, r)
	m.markChanged(r)
	return r
}

// enter is the owner's entry for a guest.
func (m *Model) enter(q request) string {
	s := m.slot(q.slot)
	switch {
	case s == nil || !q.ownsRestaurant:
		return ReasonSlotNotFound
	case m.closed(s) || !q.At.Before(s.End):
		return ReasonSlotClosed
	case q.party > m.coversLeft(s):
		return ReasonSlotFull
	case q.walkIn:
		m.addReservation(q, s, reservation.Seated)
	default:
		m.addReservation(q, s, reservation.Confirmed)
	}
	return ""
}
