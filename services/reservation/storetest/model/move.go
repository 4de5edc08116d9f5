package model

import "jari.example/services/reservation"

// move changes the slot, the party, or both.
func (m *Model) move(q request) string {
	r := m.ofDiner(q)
	if r == nil {
		return ReasonNotFound
	}
	slot, party := r.SlotID, r.Party
	if q.slot != 0 {
		slot = q.slot
	}
	if q.party != 0 {
		party = q.party
	}
	changes := slot != r.SlotID || party != r.Party
	confirmed := r.Status == reservation.Confirmed
	if !cancellable(r.Status) || !q.At.Before(r.Start) || changes && confirmed && !q.At.Before(r.CancelUntil) {
		return ReasonNotMovable
	}
	if !changes {
		return ""
	}
	before, kind := reservation.Visit{Start: r.Start, Party: r.Party}, reservation.EventMoved
	if slot != r.SlotID {
		if refusal := m.moveTo(q, r, m.slot(slot), party); refusal != "" {
			return refusal
		}
		if !confirmed {
			kind = reservation.EventConfirmed
		}
	} else {
		if refusal := m.resizeRefusal(r, party); refusal != "" {
			return refusal
		}
		if !confirmed {
			kind = reservation.EventChanged
		}
		m.markChanged(r)
	}
	r.Party = party
	m.emit(kind, r).Previous = &before
	return ""
}

// moveTo confirms r on another slot.
func (m *Model) moveTo(q request, r *reservation.Reservation, s *reservation.Slot, party int) string {
	if refusal := m.refusalBesidesCapacity(q, s, party, r.ID); refusal != "" {
		return refusal
	}
	if party > m.coversLeft(s) {
		return ReasonSlotFull
	}
	m.transition(r, reservation.Confirmed)
	r.SlotID, r.Start, r.End, r.TimeZone, r.CancelUntil = s.ID, s.Start, s.End, s.TimeZone, s.CancelUntil
	return ""
}

// resizeRefusal is why r cannot be for another party on its own slot.
func (m *Model) resizeRefusal(r *reservation.Reservation, party int) string {
	s, waits := m.slot(r.SlotID), r.Status == reservation.Waiting
	switch {
	case party < s.Party.Min || party > s.Party.Max:
		return ReasonInvalidField
	case waits && party > s.Wanted:
		return ReasonPartyTooLarge
	case !waits && party > r.Party && m.closed(s):
		return ReasonSlotClosed
	case !waits && party-r.Party > m.coversLeft(s):
		return ReasonSlotFull
	}
	return ""
}
