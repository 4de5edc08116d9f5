// Package model is a reference model of one restaurant's reservations, and a
// runner that plays random scenarios on a store and on the model and compares
// the two after every step.
//
// The model is the oracle, so it uses the domain's types and constants but
// states every rule about reservations again, in its own way. It keeps no
// counter that could be wrong: booked covers are the sum of the reservations,
// and the waitlist is the order in which diners joined. Only the slots that a
// schedule plans come from the domain; package schedule has its own oracle.
package model

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"jari.example/services/reservation"
	"jari.example/services/reservation/schedule"
)

// Limits, stated again.
const (
	offerTTL        = 10 * time.Minute
	maxActive       = 8 // reservations of one diner that are active and have not ended
	earliestSeating = time.Hour
)

// endOfTime is after every slot.
var endOfTime = time.Date(3000, 1, 1, 0, 0, 0, 0, time.UTC)

// Model holds one restaurant.
type Model struct {
	restaurant   string
	schedule     *schedule.Schedule
	closedDates  map[string]bool
	slots        []*reservation.Slot        // by start; Capacity and Booked are computed in snapshot
	reservations []*reservation.Reservation // in the order in which they were made
	waitlist     []uuid.UUID                // of every slot together, first come first

	// Of the present request:
	now     time.Time
	changed map[uuid.UUID]bool // one new version, however many changes
	events  []reservation.Event
}

func newModel(restaurant string) *Model {
	return &Model{restaurant: restaurant, closedDates: map[string]bool{}}
}

// begin starts a request.
func (m *Model) begin(now time.Time) {
	m.now, m.changed, m.events = now, map[uuid.UUID]bool{}, nil
}

func (m *Model) slot(id reservation.SlotID) *reservation.Slot {
	for _, s := range m.slots {
		if s.ID == id && id != 0 {
			return s
		}
	}
	return nil
}

func (m *Model) reservation(id uuid.UUID) *reservation.Reservation {
	for _, r := range m.reservations {
		if r.ID == id {
			return r
		}
	}
	return nil
}

// ofDiner returns the reservation of the diner who sent q, nil if it is not theirs.
func (m *Model) ofDiner(q request) *reservation.Reservation {
	if r := m.reservation(q.id); r != nil && r.DinerID == q.DinerID && q.DinerID != uuid.Nil {
		return r
	}
	return nil
}

// holdsCovers, cancellable and the other rules below are not the domain's own,
// on purpose: see the package comment.
func holdsCovers(s reservation.Status) bool {
	return s == reservation.Offered || s == reservation.Confirmed || s == reservation.Seated
}

// cancellable reports whether a diner may give up a reservation in status s.
func cancellable(s reservation.Status) bool {
	return waitsOrIsOffered(s) || s == reservation.Confirmed
}

func waitsOrIsOffered(s reservation.Status) bool {
	return s == reservation.Waiting || s == reservation.Offered
}

// covered returns how many covers the slot's reservations hold.
func (m *Model) covered(s *reservation.Slot) (covers int) {
	for _, r := range m.reservations {
		if r.SlotID == s.ID && holdsCovers(r.Status) {
			covers += r.Party
		}
	}
	return covers
}

// closed reports whether the owner wants fewer covers than are booked, or none.
func (m *Model) closed(s *reservation.Slot) bool { return s.Wanted == 0 || m.covered(s) > s.Wanted }

func (m *Model) coversLeft(s *reservation.Slot) int {
	if m.closed(s) {
		return 0
	}
	return s.Wanted - m.covered(s)
}

// waiting returns the waitlist of one slot, first come first.
func (m *Model) waiting(id reservation.SlotID) (list []*reservation.Reservation) {
	for _, waiting := range m.waitlist {
		if r := m.reservation(waiting); r.SlotID == id {
			list = append(list, r)
		}
	}
	return list
}

func (m *Model) markChanged(r *reservation.Reservation) {
	if !m.changed[r.ID] {
		m.changed[r.ID] = true
		r.Version++
	}
}

// transition changes r's status and takes it off the waitlist.
func (m *Model) transition(r *reservation.Reservation, s reservation.Status) {
	m.markChanged(r)
	m.waitlist = slices.DeleteFunc(m.waitlist, func(id uuid.UUID) bool { return id == r.ID })
	r.Status, r.OfferEndsAt = s, time.Time{}
}

// emit notes an event. Guests without an account get none.
func (m *Model) emit(kind string, r *reservation.Reservation) *reservation.Event {
	if r.DinerID == uuid.Nil {
		return &reservation.Event{}
	}
	m.events = append(m.events, reservation.Event{Kind: kind, Reservation: m.withPosition(r), OccurredAt: m.now})
	return &m.events[len(m.events)-1]
}

// offerFreeCovers offers what is left of each slot to the first who fit.
func (m *Model) offerFreeCovers() {
	for _, s := range m.slots {
		for _, r := range m.waiting(s.ID) {
			if !m.now.Before(s.CancelUntil) || !m.now.Before(s.Start) || r.Party > m.coversLeft(s) {
				continue
			}
			m.transition(r, reservation.Offered)
			r.OfferEndsAt = s.CancelUntil
			if end := m.now.Add(offerTTL); end.Before(r.OfferEndsAt) {
				r.OfferEndsAt = end
			}
			m.emit(reservation.EventOffered, r)
		}
	}
}
