package reservation

import (
	"time"

	"jari.example/internal/fault"
)

// SlotNotFound is the fault for a slot that does not exist.
func SlotNotFound() error {
	return fault.New(fault.NotFound, "slot_not_found", "There is no such time at this restaurant.")
}

// partySizeRefused is the fault for a party that the slot does not seat.
func partySizeRefused(slot *Slot) error {
	return fault.BadField("/party", "This restaurant seats parties of %d to %d.", slot.Party.Min, slot.Party.Max)
}

// SlotClosed is the fault for a slot that takes no booking: the owner closed it, or
// it has begun.
func SlotClosed() error {
	return fault.New(fault.Conflict, "slot_closed", "This time takes no reservations.")
}

// Full is the fault for a slot with fewer covers left than the party needs.
func Full(left int) error {
	return fault.New(fault.Conflict, "slot_full", "There are not enough seats left at this time.").With("available", left)
}

// FullFromCache is Full from the sold-out cache; the API calls that latched.
func FullFromCache(left int) error { return fault.Of(Full(left)).With("latched", true) }

// CoversLeft returns the covers left according to a [Full] fault; ok is false for
// any other error.
func CoversLeft(err error) (left int, ok bool) {
	if fault.ReasonOf(err) != "slot_full" {
		return 0, false
	}
	left, ok = fault.Of(err).Extra["available"].(int)
	return left, ok
}

// notOpenYet is the fault for a slot before its drop. In the last hour it asks the
// client to wait (Retry-After).
func notOpenYet(opens, now time.Time) error {
	f := fault.New(fault.Conflict, "not_open_yet", "This time can be booked from %s on.", opens.Format(time.RFC3339)).
		With("opens_at", opens)
	if wait := opens.Sub(now); wait < time.Hour {
		f = f.After(wait)
	}
	return f
}

// NotFound is the fault for a reservation that does not exist or belongs to
// somebody else. It does not say which of the two.
func NotFound() error {
	return fault.New(fault.NotFound, "reservation_not_found", "You have no such reservation.")
}

// ScheduleNotFound is the fault for a restaurant without a schedule.
func ScheduleNotFound() error {
	return fault.New(fault.NotFound, "schedule_not_found", "This restaurant has no schedule.")
}

// KeyReused is the fault for a known key with another request body.
func KeyReused() error {
	return fault.New(fault.Unprocessable, "idempotency_key_reused", "This Idempotency-Key was used for another request.")
}

// The conflicts that only one command has. Their reasons are part of the API.

func alreadyBooked() error {
	return fault.New(fault.Conflict, "already_booked", "You already have a reservation at this time here.")
}

func overlapping() error {
	return fault.New(fault.Conflict, "overlap", "You have another reservation at that time.")
}

func tooManyReservations() error {
	return fault.New(fault.Conflict, "too_many_reservations", "You have %d reservations already.", MaxActive)
}

func notCancellable() error {
	return fault.New(fault.Conflict, "not_cancellable", "This reservation can no longer be cancelled.")
}

func notWaiting() error {
	return fault.New(fault.Conflict, "not_waiting", "This entry is a booking now: cancel it instead.")
}

func notMovable() error {
	return fault.New(fault.Conflict, "not_movable", "This reservation can no longer be changed.")
}

func versionMismatch() error {
	return fault.New(fault.PreconditionFailed, "version_mismatch",
		"The reservation has changed since you read it. Please read it again.")
}

func partyTooLarge(slot *Slot) error {
	return fault.New(fault.Invalid, "party_too_large", "This time seats %d at most.", slot.Wanted).At("/party")
}

func waitlistFull() error {
	return fault.New(fault.Conflict, "line_full", "%d are waiting for this time already. Try another one.", MaxWaitlist)
}

func seatsAvailable() error {
	return fault.New(fault.Conflict, "seats_available", "There are seats at this time: book them.")
}

func offerExpired() error {
	return fault.New(fault.Conflict, "offer_expired", "This offer has run out.")
}

func notOffered() error {
	return fault.New(fault.Conflict, "not_offered", "There is no offer to accept or decline.")
}

func notNoShow() error {
	return fault.New(fault.Conflict, "not_no_show", "Only a confirmed party that has not come by its time is a no-show.")
}

func notUndoable() error {
	return fault.New(fault.Conflict, "not_undoable", "Only a no-show can be undone, until the end of the visit.")
}

func notSeatable() error {
	return fault.New(fault.Conflict, "not_seatable", "Only a confirmed party can be seated, from an hour before its time.")
}
