package reservation

import (
	"crypto/sha256"
	"fmt"
	"time"

	"github.com/google/uuid"

	"jari.example/internal/fault"
	"jari.example/internal/secret"
)

// CommandMeta is what every change carries: who wants it, under which idempotency key,
// and what to tell afterwards. A store that commits the change remembers its
// answer under (DinerID, operation, Key) for at least 24 h.
type CommandMeta struct {
	DinerID     uuid.UUID // of whoever acts, an owner too; Nil for jobs
	Key         string    // "": nothing is remembered
	RequestHash []byte    // of the request's body: another body under the same key is refused
	EventID     uuid.UUID
	Traceparent string // of the request, so that what is told later links to it
	At          time.Time
}

// Booking asks a store for Party covers of one slot.
type Booking struct {
	CommandMeta
	ID     uuid.UUID // of the reservation, if there will be one
	SlotID SlotID
	Party  int
	Note   secret.String
}

// Decide sells the covers. The PostgreSQL store decides bookings in SQL, many at
// once, and must come to the same answers.
func (b Booking) Decide(d *UnitOfWork) (Reservation, error) {
	slot := d.Slots[b.SlotID]
	if err := b.Refusal(slot, d.holdingsExcept(slot, uuid.Nil)); err != nil {
		return Reservation{}, err
	}
	r := d.addReservation(Reservation{ID: b.ID, DinerID: b.DinerID, Party: b.Party, Note: b.Note, Status: Confirmed}, slot)
	d.emit(EventConfirmed, r)
	return *r, nil
}

// Cancellation asks a store to give the covers of one reservation back.
type Cancellation struct {
	CommandMeta
	ID       uuid.UUID
	MayTouch func(restaurant string) bool // whose entries the one who asks may cancel; nil: nobody's
}

// Outcome is a committed answer, or the memory of one.
type Outcome struct {
	Reservation
	Replayed bool
}

// Operations a key is good for; the same key names something else in another.
const (
	OpBook    = "book"
	OpCancel  = "cancel"
	OpJoin    = "join"
	OpAccept  = "accept"
	OpDecline = "decline"
	OpEnter   = "enter"
	OpSeat    = "seat"
	OpNoShow  = "no_show"
)

// Holdings is what a diner has already, as far as one slot is concerned. Visits
// that have ended do not count.
type Holdings struct {
	OnSlot   bool // live on this very slot
	Overlaps bool // live on another slot while this one lasts
	Active   int
}

// Refusal says why b cannot be had, or nil if it can. Every store refuses by
// it, so that they agree on the words and on which reason comes first; slot is
// nil if it does not exist.
func (b Booking) Refusal(slot *Slot, has Holdings) error {
	if err := b.refusalBesidesCapacity(slot, has); err != nil {
		return err
	}
	if b.Party > slot.Left() {
		return Full(slot.Left())
	}
	return nil
}

// refusalBesidesCapacity is what stands in b's way however many seats there are.
func (b Booking) refusalBesidesCapacity(slot *Slot, has Holdings) error {
	switch {
	case slot == nil:
		return SlotNotFound()
	case has.OnSlot:
		return fault.New(fault.Conflict, "already_booked", "You already have a reservation at this time here.")
	case !slot.Start.After(b.At) || slot.Closed():
		return SlotClosed()
	case slot.OpensAt.After(b.At):
		return notOpenYet(slot.OpensAt, b.At)
	case b.Party < slot.Party.Min || b.Party > slot.Party.Max:
		return partySizeRefused(slot)
	case has.Overlaps:
		return fault.New(fault.Conflict, "overlap", "You have another reservation at that time.")
	case has.Active >= MaxActive:
		return fault.New(fault.Conflict, "too_many_reservations", "You have %d reservations already.", MaxActive)
	}
	return nil
}

func SlotNotFound() error {
	return fault.New(fault.NotFound, "slot_not_found", "There is no such time at this restaurant.")
}

func partySizeRefused(slot *Slot) error {
	return fault.BadField("/party", "This restaurant seats parties of %d to %d.", slot.Party.Min, slot.Party.Max)
}

// SlotClosed is the answer where the owner has taken the seats back, or time has.
func SlotClosed() error {
	return fault.New(fault.Conflict, "slot_closed", "This time takes no reservations.")
}

// Full is the answer where fewer covers are left than the party needs.
func Full(left int) error {
	return fault.New(fault.Conflict, "slot_full", "There are not enough seats left at this time.").With("available", left)
}

// FullFromCache is Full as it was a moment ago.
func FullFromCache(left int) error { return fault.Of(Full(left)).With("latched", true) }

// CoversLeft is how many covers a [Full] refusal says are left; ok is false for
// any other error.
func CoversLeft(err error) (left int, ok bool) {
	if fault.ReasonOf(err) != "slot_full" {
		return 0, false
	}
	left, ok = fault.Of(err).Extra["available"].(int)
	return left, ok
}

// notOpenYet tells who comes within the last hour when to come back.
func notOpenYet(opens, now time.Time) error {
	f := fault.New(fault.Conflict, "not_open_yet", "This time can be booked from %s on.", opens.Format(time.RFC3339)).
		With("opens_at", opens)
	if wait := opens.Sub(now); wait < time.Hour {
		f = f.After(wait)
	}
	return f
}

// Refusal says why the reservation, nil if the diner has none of that id,
// cannot be cancelled, or nil if it can.
func (c Cancellation) Refusal(r *Reservation) error {
	switch {
	case r == nil:
		return NotFound()
	case !r.Status.Cancellable() || !r.Start.After(c.At) || r.Status == Confirmed && r.DinerID != noDiner && !c.At.Before(r.CancelUntil):
		return fault.New(fault.Conflict, "not_cancellable", "This reservation can no longer be cancelled.")
	}
	return nil
}

// NotFound is the answer for a reservation that does not exist or is somebody
// else's: which of the two is nobody's business.
func NotFound() error {
	return fault.New(fault.NotFound, "reservation_not_found", "You have no such reservation.")
}

// ScheduleNotFound is the answer where the owner has stated no schedule.
func ScheduleNotFound() error {
	return fault.New(fault.NotFound, "schedule_not_found", "This restaurant has no schedule.")
}

// KeyReused is the answer to a known key with another body.
func KeyReused() error {
	return fault.New(fault.Unprocessable, "idempotency_key_reused", "This Idempotency-Key was used for another request.")
}

// requestHash condenses the parts of a request that make it the same request.
func requestHash(parts ...any) []byte {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q", parts))
	return sum[:]
}
