package reservation

import (
	"crypto/sha256"
	"fmt"
	"time"

	"github.com/google/uuid"

	"jari.example/services/internal/fault"
	"jari.example/telemetry"
)

// Act is what every change by a diner carries: who wants it, under which
// idempotency key, and what to tell afterwards. A store that commits the change
// remembers its answer under (DinerID, operation, Key) for at least 24 h.
type Act struct {
	DinerID     uuid.UUID
	Key         string
	Hash        []byte // of the request's body: another body under the same key is refused
	EventID     uuid.UUID
	Traceparent string // of the request, so that what is told later links to it
	At          time.Time
}

// Booking asks a store for Party covers of one slot.
type Booking struct {
	Act
	ID     uuid.UUID // of the reservation, if there will be one
	SlotID SlotID
	Party  int
	Note   telemetry.Secret
}

// Cancellation asks a store to give the covers of one reservation back.
type Cancellation struct {
	Act
	ID uuid.UUID
}

// Outcome is a committed answer, or the memory of one.
type Outcome struct {
	Reservation
	Replayed bool
}

// Holdings is what a diner has already, as far as one slot is concerned.
type Holdings struct {
	OnSlot   bool // live on this very slot
	Overlaps bool // live on another slot while this one lasts
	Live     int
}

// Refusal says why b cannot be had, or nil if it can. Every store refuses by
// it, so that they agree on the words and on which reason comes first; slot is
// nil if it does not exist.
func (b Booking) Refusal(slot *Slot, has Holdings) error {
	switch {
	case slot == nil:
		return fault.New(fault.NotFound, "slot_not_found", "There is no such time at this restaurant.")
	case has.OnSlot:
		return fault.New(fault.Conflict, "already_booked", "You already have a reservation at this time here.")
	case !slot.Start.After(b.At) || slot.Closed():
		return fault.New(fault.Conflict, "slot_closed", "This time takes no reservations.")
	case b.Party < slot.Party.Min || b.Party > slot.Party.Max:
		return fault.BadField("/party", "This restaurant seats parties of %d to %d.", slot.Party.Min, slot.Party.Max)
	case has.Overlaps:
		return fault.New(fault.Conflict, "overlap", "You have another reservation at that time.")
	case has.Live >= MaxLive:
		return fault.New(fault.Conflict, "too_many_reservations", "You have %d reservations already.", MaxLive)
	case b.Party > slot.Left():
		return fault.New(fault.Conflict, "slot_full", "There are not enough seats left at this time.")
	}
	return nil
}

// Refusal says why the reservation, nil if the diner has none of that id,
// cannot be cancelled, or nil if it can.
func (c Cancellation) Refusal(r *Reservation) error {
	switch {
	case r == nil:
		return NotFound()
	case !r.Status.Cancellable() || !r.Start.After(c.At):
		return fault.New(fault.Conflict, "not_cancellable", "This reservation can no longer be cancelled.")
	}
	return nil
}

// NotFound is the answer for a reservation that does not exist or is somebody
// else's: which of the two is nobody's business.
func NotFound() error {
	return fault.New(fault.NotFound, "reservation_not_found", "You have no such reservation.")
}

// KeyReused is the answer to a known key with another body.
func KeyReused() error {
	return fault.New(fault.Unprocessable, "idempotency_key_reused", "This Idempotency-Key was used for another request.")
}

// hash condenses the parts of a request that make it the same request.
func hash(parts ...any) []byte {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q", parts))
	return sum[:]
}
