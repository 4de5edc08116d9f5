package reservation

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"jari.example/services/reservation/schedule"
)

// UnitOfWork is what a command is decided on: the slots that a store has locked,
// the reservations that matter, and what the command has changed in them (the
// pattern of that name in Fowler, Patterns of Enterprise Application
// Architecture).
//
// After Decide, Apply offers free covers to the waitlists. So every command that
// frees covers offers them, and none can forget to. Invariant after Apply: no
// waitlist entry fits into the covers left of its slot, as long as the slot is
// open and before its cut-off.
type UnitOfWork struct {
	Now          time.Time
	Slots        map[SlotID]*Slot
	Reservations map[uuid.UUID]*Reservation // Scope.ReservationID, and at least the waitlists and offers of Slots
	OfDiner      []Reservation              // active reservations of Scope.LimitsOf that have not ended
	Schedule     *schedule.Schedule         // the restaurant's; nil if it has none
	ClosedDates  map[string]bool            // local dates, YYYY-MM-DD

	newSlots            []*Slot // the store gives them ids
	changedSlots        map[*Slot]bool
	changedReservations map[*Reservation]bool
	events              []Event
	transitions         []Transition
	freeSince           map[SlotID]time.Time // of slots with covers that were free before Now
	traceparent         string
	firstEventID        uuid.UUID
	from, to            time.Time // of Period
	newSchedule         *schedule.Schedule
	newTimeZone         string // "": unchanged
	slotsGenerated      bool
	closure             *Closure
}

// Closure is a day on which a restaurant is closed, or open again.
type Closure struct {
	Date   string // YYYY-MM-DD, in the restaurant's time zone
	Reason string // the restaurant's message to its guests
	Open   bool   // true: the day is open again
}

// ownedBy returns the reservation if it is the diner's own, else nil.
func (u *UnitOfWork) ownedBy(id, diner uuid.UUID) *Reservation {
	if r := u.Reservations[id]; r != nil && r.DinerID == diner && diner != uuid.Nil {
		return r
	}
	return nil
}

// holdings is what the diner already has, without the reservation except.
func (u *UnitOfWork) holdings(slot *Slot, except uuid.UUID) (held Holdings) {
	for _, r := range u.OfDiner {
		switch {
		case r.ID == except:
			continue
		case slot == nil:
		case r.SlotID == slot.ID:
			held.OnSlot = true
		case r.Start.Before(slot.End) && r.End.After(slot.Start):
			held.Overlaps = true
		}
		held.Active++
	}
	return held
}

// addReservation adds a new reservation to slot.
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

// transition changes r's status, and takes or releases its covers.
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

// takeCovers panics rather than overbook: only a bug can lead there, and the
// transaction is rolled back.
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

// emit adds an event about r to the change set. A guest without an account gets
// no mail, so there is no event either: the returned one goes nowhere.
func (u *UnitOfWork) emit(kind string, r *Reservation) *Event {
	u.transitions = append(u.transitions, Transition{Kind: kind, Covers: r.Party})
	if r.DinerID == uuid.Nil {
		return &Event{}
	}
	id := u.firstEventID // that of the command's own event
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

// sortedByID lists the reservations in the order in which rows are locked.
func (u *UnitOfWork) sortedByID() []*Reservation {
	rows := make([]*Reservation, 0, len(u.Reservations))
	for _, r := range u.Reservations {
		rows = append(rows, r)
	}
	slices.SortFunc(rows, func(a, b *Reservation) int { return slices.Compare(a.ID[:], b.ID[:]) })
	return rows
}

// ChangeSet is what a store must write for one command, in one transaction.
type ChangeSet struct {
	Transitions    []Transition       // for metrics and logs
	NewSlots       []*Slot            // to be inserted
	ChangedSlots   []*Slot            // to be updated, by id
	Reservations   []*Reservation     // to be inserted (Version 1) or updated, by id
	Events         []Event            // in the order in which they happened
	Schedule       *schedule.Schedule // to be stored, if not nil
	TimeZone       string             // if not "", of every slot and reservation of the period's restaurant from now on
	Closure        *Closure           // to be stored or, if Open, deleted
	SlotsGenerated bool               // the period's slots follow the schedule as of the command's time
}

// ChangeSet returns what the command has changed.
func (u *UnitOfWork) ChangeSet() ChangeSet {
	set := ChangeSet{
		Transitions: u.transitions, NewSlots: u.newSlots, Events: u.events,
		Schedule: u.newSchedule, TimeZone: u.newTimeZone, Closure: u.closure, SlotsGenerated: u.slotsGenerated,
	}
	for s := range u.changedSlots {
		set.ChangedSlots = append(set.ChangedSlots, s)
	}
	for r := range u.changedReservations {
		set.Reservations = append(set.Reservations, r)
	}
	slices.SortFunc(set.ChangedSlots, func(a, b *Slot) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortFunc(set.Reservations, func(a, b *Reservation) int { return slices.Compare(a.ID[:], b.ID[:]) })
	return set
}

// Transition is one thing that happened to a reservation, for metrics and logs.
// Unlike an [Event] there is one for guests without an account, too.
type Transition struct {
	Kind   string // of the event
	Covers int    // the party
	Offer  Offer  // of EventOffered
}

// Offer says which covers were offered to whom.
type Offer struct {
	ReservationID uuid.UUID
	SlotID        SlotID
	Delay         time.Duration // since the first of the slot's free covers became free
}
