package reservation

import (
	"strconv"
	"time"

	"jari.example/services/reservation/schedule"
)

// SlotID identifies a slot; in the API it is an opaque string. Zero is no slot.
type SlotID int64

// ParseSlotID returns zero for a string that is no slot id, so that an id that was
// never issued is not found rather than malformed.
func ParseSlotID(s string) SlotID {
	id, err := strconv.ParseInt(s, 10, 64)
	if err != nil || id < 0 || strconv.FormatInt(id, 10) != s {
		return 0
	}
	return SlotID(id)
}

func (id SlotID) String() string { return strconv.FormatInt(int64(id), 10) }

// MarshalText makes the id a string in JSON: JavaScript would round a number.
func (id SlotID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText is the inverse of MarshalText.
func (id *SlotID) UnmarshalText(text []byte) error {
	*id = ParseSlotID(string(text))
	return nil
}

// Slot is a restaurant's seating at one start time.
//
// Invariants: 0 ≤ Booked ≤ Capacity, and Capacity = max(Wanted, Booked). So no
// guest loses a seat when the owner wants fewer covers; while Wanted and Capacity
// differ the slot takes no booking.
type Slot struct {
	ID           SlotID
	RestaurantID string
	Start, End   time.Time
	TimeZone     string
	Party        schedule.PartySize
	Wanted       int       // covers the owner wants to give
	Capacity     int       // covers the slot has
	Booked       int       // covers taken
	OpensAt      time.Time // when it can first be booked; zero: at once
	CancelUntil  time.Time // the cut-off: diners may not cancel or move later, and offers end
	WaitlistFull bool      // MaxWaitlist are waiting; only as listed by [Store.Slots]
}

// Left returns the covers that can be booked now.
func (s Slot) Left() int {
	if s.Closed() {
		return 0
	}
	return s.Capacity - s.Booked
}

// Closed reports whether the slot takes no booking because the owner closed it or
// wants fewer covers than it has.
func (s Slot) Closed() bool { return s.Wanted == 0 || s.Wanted != s.Capacity }

// acceptsOffers reports whether the slot's covers may be offered at a time.
func (s Slot) acceptsOffers(at time.Time) bool {
	return !s.Closed() && at.Before(s.CancelUntil) && at.Before(s.Start)
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
