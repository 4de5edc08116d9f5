package reservation

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"jari.example/services/reservation/schedule"
)

// UnitOfWork is where a change is decided: the slots a store has locked, and the rows
// that matter. Whatever Decide does, Settle comes after it, so every path that
// frees covers offers them to who waits; no path can forget to.
//
// Once settled, no entry that waits fits into what is left of its slot, as long
// as the slot is open and its cut-off to come.
type UnitOfWork struct {
	Now          time.Time
	Slots        map[SlotID]*Slot
	Reservations map[uuid.UUID]*Reservation // Scope.Row, and at least who waits or is offered on Slots
	OfDiner      []Reservation              // what Scope.Diner has live and not ended
	Schedule     *schedule.Schedule         // Period's, nil if there is none
	ClosedDates  map[string]bool            // Period's closed dates

	newSlots            []*Slot // without an id until they are stored
	changedSlots        map[*Slot]bool
	changedReservations map[*Reservation]bool
	events              []Event
	transitions         []Transition
	traceparent         string
	firstEventID        uuid.UUID
	from, to            time.Time // of Period
	newSchedule         *schedule.Schedule
	slotsGenerated      bool
	closure             *Closure
}

// Closure is a day on which a restaurant is closed, or open again.
type Closure struct {
	Date   string // 2026-12-24, in the restaurant's zone
	Reason string // the restaurant's words to those who had booked
	Open   bool
}

// ofDiner returns the diner's own reservation, nil if it is not theirs.
func (u *UnitOfWork) ofDiner(id, diner uuid.UUID) *Reservation {
	if r := u.Reservations[id]; r != nil && r.DinerID == diner && diner != uuid.Nil {
		return r
	}
	return nil
}

// holdingsExcept is what the diner has besides the row except.
func (u *UnitOfWork) holdingsExcept(slot *Slot, except uuid.UUID) (has Holdings) {
	for _, r := range u.OfDiner {
		switch {
		case r.ID == except:
			continue
		case slot == nil:
		case r.SlotID == slot.ID:
			has.OnSlot = true
		case r.Start.Before(slot.End) && r.End.After(slot.Start):
			has.Overlaps = true
		}
		has.Active++
	}
	return has
}

// addReservation puts a new claim on its slot.
func (u *UnitOfWork) addReservation(r Reservation, slot *Slot) *Reservation {
	r.SlotID, r.RestaurantID, r.TimeZone = slot.ID, slot.RestaurantID, slot.TimeZone
	r.Start, r.End, r.CancelUntil = slot.Start, slot.End, slot.CancelUntil
	r.CreatedAt = u.Now
	if r.Status.HoldsCovers() {
		u.takeCovers(slot, r.Party)
	}
	u.Reservations[r.ID] = &r
	u.markChanged(&r)
	return &r
}

// transition changes r's status and moves its covers with it.
func (u *UnitOfWork) transition(r *Reservation, s Status) {
	slot := u.Slots[r.SlotID]
	switch before, after := r.Status.HoldsCovers(), s.HoldsCovers(); {
	case before && !after:
		u.releaseCovers(slot, r.Party)
	case after && !before:
		u.takeCovers(slot, r.Party)
	}
	r.Status, r.OfferEndsAt = s, time.Time{}
	u.markChanged(r)
}

func (u *UnitOfWork) markChanged(r *Reservation) {
	if !u.changedReservations[r] {
		u.changedReservations[r] = true
		r.Version++
	}
}

// takeCovers panics rather than sell what is not there: that would be our own fault,
// and the transaction ends with nothing done.
func (u *UnitOfWork) takeCovers(slot *Slot, party int) {
	if slot.Booked+party > slot.Capacity {
		panic(fmt.Sprintf("slot %d: %d covers taken of %d left", slot.ID, party, slot.Capacity-slot.Booked))
	}
	slot.Booked += party
	u.changedSlots[slot] = true
}

func (u *UnitOfWork) releaseCovers(slot *Slot, party int) {
	slot.Booked -= party
	slot.Capacity = max(slot.Wanted, slot.Booked)
	u.changedSlots[slot] = true
}

// emit puts what happened to r into the outbox. Who has no account is told by
// the restaurant itself.
func (u *UnitOfWork) emit(kind string, r *Reservation) *Event {
	u.transitions = append(u.transitions, Transition{kind, r.Party})
	if r.DinerID == uuid.Nil {
		return &Event{}
	}
	id := u.firstEventID // the request's own event comes first
	if len(u.events) > 0 {
		id = uuid.New()
	}
	u.events = append(u.events, Event{
		ID: id, Kind: kind, OccurredAt: u.Now, Reservation: *r, Traceparent: u.traceparent,
	})
	e := &u.events[len(u.events)-1]
	e.Reservation.Position = u.waitlistPosition(r)
	return e
}

// sortedByID lists the rows in the order in which they are written.
func (u *UnitOfWork) sortedByID() []*Reservation {
	rows := make([]*Reservation, 0, len(u.Reservations))
	for _, r := range u.Reservations {
		rows = append(rows, r)
	}
	slices.SortFunc(rows, func(a, b *Reservation) int { return slices.Compare(a.ID[:], b.ID[:]) })
	return rows
}

// ChangeSet is what a store must write.
type ChangeSet struct {
	Transitions    []Transition       // for metrics
	NewSlots       []*Slot            // to be inserted
	ChangedSlots   []*Slot            // to be updated, by id
	Reservations   []*Reservation     // to be inserted (Version 1) or updated, by id
	Events         []Event            // in order
	Schedule       *schedule.Schedule // to be kept, if not nil
	Closure        *Closure           // to be kept or, if it says Open, forgotten
	SlotsGenerated bool               // the period's slots follow its plan as of At
}

// ChangeSet is what the change has left on the desk.
func (u *UnitOfWork) ChangeSet() ChangeSet {
	w := ChangeSet{Transitions: u.transitions, NewSlots: u.newSlots, Events: u.events, Schedule: u.newSchedule, Closure: u.closure, SlotsGenerated: u.slotsGenerated}
	for s := range u.changedSlots {
		w.ChangedSlots = append(w.ChangedSlots, s)
	}
	for r := range u.changedReservations {
		w.Reservations = append(w.Reservations, r)
	}
	slices.SortFunc(w.ChangedSlots, func(a, b *Slot) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortFunc(w.Reservations, func(a, b *Reservation) int { return slices.Compare(a.ID[:], b.ID[:]) })
	return w
}

// Transition is what a change has made true.
type Transition struct {
	Kind   string
	Covers int
}
