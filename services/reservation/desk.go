package reservation

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
)

// Change is one act on seats other than a plain booking. A store lays out the
// desk that Scope asks for, lets Decide work on it, and commits what it left:
// slots, rows, events and, where there is a Key, the answer. Decide runs again
// on a fresh desk when another transaction was faster.
type Change struct {
	Act
	Op string // what Key is good for; "" for jobs, whose answers nobody asks for again
	Scope
	Decide func(*Desk) (Reservation, error)
}

// Scope is what a change must see, and what nobody else may touch meanwhile.
type Scope struct {
	Diner  uuid.UUID // whose limits count; Nil: nobody's
	Row    uuid.UUID // the reservation it is about, with its slot
	Slots  []SlotID  // further slots, each with its line
	Period Period    // a restaurant's slots, each with its line, its plan and closures
	All    bool      // everybody who is on the slots, not only their lines and offers
}

// Period is a restaurant's slots that start in [From, To).
type Period struct {
	RestaurantID string
	From, To     time.Time
}

// Desk is where a change is decided: the slots a store has locked, and the rows
// that matter. Whatever Decide does, Settle comes after it, so every path that
// frees covers offers them to who waits; no path can forget to.
//
// Once settled, no entry that waits fits into what is left of its slot, as long
// as the slot is open and its cut-off to come.
type Desk struct {
	At     time.Time
	Slots  map[SlotID]*Slot
	Rows   map[uuid.UUID]*Reservation // Scope.Row, and at least who waits or is offered on Slots
	Mine   []Reservation              // what Scope.Diner has live and not ended
	Plan   *Schedule                  // Period's, nil if there is none
	Closed map[string]bool            // Period's closed dates

	made     []*Slot // without an id until they are stored
	touched  map[*Slot]bool
	changed  map[*Reservation]bool
	told     []Event
	happened []fact
	trace    string
	event    uuid.UUID
	from, to time.Time // of Period
	keep     *Schedule
	arranged bool
	closure  *Closure
}

// Closure is a day on which a restaurant is closed, or open again.
type Closure struct {
	Date   string // 2026-12-24, in the restaurant's zone
	Reason string // the restaurant's words to those who had booked
	Open   bool
}

// Run decides c on the desk and returns the answer as it will be stored.
func (c Change) Run(d *Desk) (Reservation, error) {
	d.At, d.trace, d.event, d.from, d.to = c.At, c.Traceparent, c.EventID, c.Period.From, c.Period.To
	d.touched, d.changed = map[*Slot]bool{}, map[*Reservation]bool{}
	r, err := c.Decide(d)
	if err != nil {
		return r, err
	}
	d.settle()
	if now := d.Rows[r.ID]; now != nil { // settling may have offered it seats
		r = *now
		r.Position = d.position(now)
	}
	return r, nil
}

// Written is what a store must write.
type Written struct {
	Made     []*Slot        // to be inserted
	Slots    []*Slot        // to be updated, by id
	Rows     []*Reservation // to be inserted (Version 1) or updated, by id
	Events   []Event        // in order
	Plan     *Schedule      // to be kept, if not nil
	Closure  *Closure       // to be kept or, if it says Open, forgotten
	Arranged bool           // the period's slots follow its plan as of At
}

// Written is what the change has left on the desk.
func (d *Desk) Written() Written {
	w := Written{Made: d.made, Events: d.told, Plan: d.keep, Closure: d.closure, Arranged: d.arranged}
	for s := range d.touched {
		w.Slots = append(w.Slots, s)
	}
	for r := range d.changed {
		w.Rows = append(w.Rows, r)
	}
	slices.SortFunc(w.Slots, func(a, b *Slot) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortFunc(w.Rows, func(a, b *Reservation) int { return slices.Compare(a.ID[:], b.ID[:]) })
	return w
}

// row returns the diner's own reservation, nil if it is not theirs.
func (d *Desk) row(id, diner uuid.UUID) *Reservation {
	if r := d.Rows[id]; r != nil && r.DinerID == diner && diner != uuid.Nil {
		return r
	}
	return nil
}

// holdings is what the diner has besides the row except.
func (d *Desk) holdings(slot *Slot, except uuid.UUID) (has Holdings) {
	for _, r := range d.Mine {
		switch {
		case r.ID == except:
			continue
		case slot == nil:
		case r.SlotID == slot.ID:
			has.OnSlot = true
		case r.Start.Before(slot.End) && r.End.After(slot.Start):
			has.Overlaps = true
		}
		has.Live++
	}
	return has
}

// add puts a new claim on its slot.
func (d *Desk) add(r Reservation, slot *Slot) *Reservation {
	r.SlotID, r.RestaurantID, r.TimeZone = slot.ID, slot.RestaurantID, slot.TimeZone
	r.Start, r.End, r.CancelUntil = slot.Start, slot.End, slot.CancelUntil
	r.CreatedAt = d.At
	if r.Status.HoldsCovers() {
		d.take(slot, r.Party)
	}
	d.Rows[r.ID] = &r
	d.touch(&r)
	return &r
}

// become changes r's status and moves its covers with it.
func (d *Desk) become(r *Reservation, s Status) {
	slot := d.Slots[r.SlotID]
	switch before, after := r.Status.HoldsCovers(), s.HoldsCovers(); {
	case before && !after:
		d.release(slot, r.Party)
	case after && !before:
		d.take(slot, r.Party)
	}
	r.Status, r.OfferEndsAt = s, time.Time{}
	d.touch(r)
}

func (d *Desk) touch(r *Reservation) {
	if !d.changed[r] {
		d.changed[r] = true
		r.Version++
	}
}

// take panics rather than sell what is not there: that would be our own fault,
// and the transaction ends with nothing done.
func (d *Desk) take(slot *Slot, party int) {
	if slot.Booked+party > slot.Capacity {
		panic(fmt.Sprintf("slot %d: %d covers taken of %d left", slot.ID, party, slot.Capacity-slot.Booked))
	}
	slot.Booked += party
	d.touched[slot] = true
}

func (d *Desk) release(slot *Slot, party int) {
	slot.Booked -= party
	slot.Capacity = max(slot.Wanted, slot.Booked)
	d.touched[slot] = true
}

// tell puts what happened to r into the outbox. Who has no account is told by
// the restaurant itself.
func (d *Desk) tell(kind string, r *Reservation) *Event {
	d.happened = append(d.happened, fact{kind, r.Party})
	if r.DinerID == uuid.Nil {
		return &Event{}
	}
	id := d.event // the request's own event comes first
	if len(d.told) > 0 {
		id = uuid.New()
	}
	d.told = append(d.told, Event{
		ID: id, Kind: kind, OccurredAt: d.At, Reservation: *r, Traceparent: d.trace,
	})
	e := &d.told[len(d.told)-1]
	e.Reservation.Position = d.position(r)
	return e
}

// Changer commits changes.
type Changer interface {
	// Change runs c, and returns its answer once it is durable. A key that has
	// succeeded gets the same answer again, Replayed, before Decide is asked; with
	// another hash it gets [KeyReused]. Whatever Decide refuses with is returned
	// as it is, and nothing has changed.
	Change(ctx context.Context, c Change) (Outcome, error)
}
