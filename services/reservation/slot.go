package reservation

import (
	"strconv"
	"time"

	"jari.example/services/reservation/schedule"
)

// SlotID names a slot; outside it is an opaque string. Zero names none.
type SlotID int64

// ParseSlotID returns the zero id for a string that names no slot, so that an
// id nobody gave out is unknown and not malformed.
func ParseSlotID(s string) SlotID {
	id, err := strconv.ParseInt(s, 10, 64)
	if err != nil || id < 0 || strconv.FormatInt(id, 10) != s {
		return 0
	}
	return SlotID(id)
}

func (id SlotID) String() string { return strconv.FormatInt(int64(id), 10) }

// MarshalText keeps the id a string in JSON: JavaScript would round it.
func (id SlotID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (id *SlotID) UnmarshalText(text []byte) error {
	*id = ParseSlotID(string(text))
	return nil
}

// Slot is a restaurant's seating at one instant. 0 ≤ Booked ≤ Capacity always;
// Capacity = max(Wanted, Booked), so an owner who shrinks a slot drops nobody,
// and while the two differ the slot takes no booking.
type Slot struct {
	ID           SlotID
	RestaurantID string
	Start, End   time.Time
	TimeZone     string
	Party        schedule.PartySize
	Wanted       int
	Capacity     int
	Booked       int
	OpensAt      time.Time // when it can first be booked; zero: it can
	CancelUntil  time.Time // when diners may no longer cancel or move, and offers end
}

// Left is how many covers can be booked now.
func (s Slot) Left() int {
	if s.Closed() {
		return 0
	}
	return s.Capacity - s.Booked
}

// Closed reports whether the owner has taken the slot, or part of it, back.
func (s Slot) Closed() bool { return s.Wanted == 0 || s.Wanted != s.Capacity }

// acceptsOffers reports whether covers of the slot may be offered at an instant.
func (s Slot) acceptsOffers(at time.Time) bool {
	return !s.Closed() && at.Before(s.CancelUntil) && at.Before(s.Start)
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
