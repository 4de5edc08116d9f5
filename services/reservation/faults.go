package reservation

import (
	"time"

	"jari.example/internal/fault"
)

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
