package model

import (
	"time"

	"jari.example/services/reservation"
)

// giveUp cancels a reservation, or leaves the waitlist.
func (m *Model) giveUp(q request) string {
	r := m.ofDiner(q)
	if r == nil {
		return ReasonNotFound
	}
	confirmed := r.Status == reservation.Confirmed
	if q.op == Cancel {
		if !cancellable(r.Status) || !q.At.Before(r.Start) || confirmed && !q.At.Before(r.CancelUntil) {
			return ReasonNotCancellable
		}
	} else if !waitsOrIsOffered(r.Status) {
		if holdsCovers(r.Status) {
			return ReasonNotWaiting
		}
		return "" // it has left before
	}
	m.transition(r, reservation.Cancelled)
	if confirmed {
		m.emit(reservation.EventCancelled, r)
	} else {
		m.emit(reservation.EventLeft, r)
	}
	return ""
}

// respond accepts or declines an offer.
func (m *Model) respond(q request) string {
	r := m.ofDiner(q)
	switch {
	case r == nil:
		return ReasonNotFound
	case r.Status == reservation.Expired || r.Status == reservation.Offered && !q.At.Before(r.OfferEndsAt):
		return ReasonOfferExpired
	case r.Status != reservation.Offered:
		return ReasonNotOffered
	case q.op == Accept:
		m.transition(r, reservation.Confirmed)
		m.emit(reservation.EventConfirmed, r)
	default:
		m.transition(r, reservation.Declined)
		m.emit(reservation.EventDeclined, r)
	}
	return ""
}

// recordAttendance seats a party, or notes that it did not come.
func (m *Model) recordAttendance(q request) string {
	r := m.reservation(q.id)
	if r == nil || !q.ownsRestaurant {
		return ReasonNotFound
	}
	confirmed := r.Status == reservation.Confirmed
	switch {
	case q.op == Seat && (!confirmed || q.At.Before(r.Start.Add(-earliestSeating)) || !q.At.Before(r.End)):
		return ReasonNotSeatable
	case q.op == Seat:
		m.transition(r, reservation.Seated)
	case !confirmed || q.At.Before(r.Start):
		return ReasonNotNoShow
	default:
		m.transition(r, reservation.NoShow)
		m.emit(reservation.EventNoShow, r)
	}
	return ""
}

// undoNoShow takes a no-show back while its covers are there.
func (m *Model) undoNoShow(q request) string {
	r := m.reservation(q.id)
	if r == nil || !q.ownsRestaurant {
		return ReasonNotFound
	}
	s := m.slot(r.SlotID)
	covered := m.covered(s)
	switch {
	case r.Status != reservation.NoShow || !q.At.Before(r.End):
		return ReasonNotUndoable
	case covered+r.Party > max(s.Wanted, covered):
		return ReasonSlotFull
	}
	m.transition(r, reservation.Confirmed)
	m.emit(reservation.EventUndone, r)
	return ""
}

// isDue reports whether r's offer has expired, or its waitlist has ended.
func (m *Model) isDue(r *reservation.Reservation, now time.Time) bool {
	return r.Status == reservation.Offered && !now.Before(r.OfferEndsAt) ||
		r.Status == reservation.Waiting && !now.Before(m.slot(r.SlotID).CancelUntil)
}

func (m *Model) expireOffers(slot reservation.SlotID) {
	for _, r := range m.reservations {
		if r.SlotID == slot && m.isDue(r, m.now) {
			m.transition(r, reservation.Expired)
			m.emit(reservation.EventExpired, r)
		}
	}
}
