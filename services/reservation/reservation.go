// Package reservation owns seats: every write that changes how many covers of
// a slot are taken happens here, and so does the count of what is left.
//
// A booking is right when the store says so. The store decides and writes in
// one transaction: the row, the slot's counter, the remembered answer and the
// event that tells the diner leave together or not at all.
package reservation

import (
	"time"

	"github.com/google/uuid"

	"jari.example/internal/secret"
	"jari.example/services/reservation/schedule"
)

// Status is where a reservation stands. Waitlist entries are reservations too:
// one table, one unique index, one rule about who holds what.
type Status string

// The statuses. Waiting to Seated are live; Offered to Seated hold covers.
const (
	Waiting   Status = "waiting"
	Offered   Status = "offered"
	Confirmed Status = "confirmed"
	Seated    Status = "seated"
	Cancelled Status = "cancelled"
	NoShow    Status = "no_show"
	Declined  Status = "declined"
	Expired   Status = "expired"
)

// Valid reports whether s is one of the statuses.
func (s Status) Valid() bool {
	switch s {
	case Waiting, Offered, Confirmed, Seated, Cancelled, NoShow, Declined, Expired:
		return true
	}
	return false
}

// Active reports whether s counts towards what one diner may have at a time.
func (s Status) Active() bool { return s == Waiting || s.HoldsCovers() }

// HoldsCovers reports whether s takes seats from its slot.
func (s Status) HoldsCovers() bool { return s == Offered || s == Confirmed || s == Seated }

// Cancellable reports whether a diner may still give up what is in s.
func (s Status) Cancellable() bool { return s == Waiting || s == Offered || s == Confirmed }

// OfferTTL is how long an offer stands, unless the slot's cut-off comes first.
const OfferTTL = 10 * time.Minute

// ReminderLead is how long before a visit its diner is reminded.
const ReminderLead = 24 * time.Hour

// What may be asked for: seats that are hoarded stay empty.
const (
	MaxActive   = 8                 // live reservations
	MaxParty    = schedule.MaxParty // covers in one of them
	MaxNote     = 500               // characters
	MaxWaitlist = 200               // who wait for one slot: nobody behind them has a chance, and each change there looks at all of them
)

// Reservation is one claim on one slot, a diner's or one that the owner has
// entered for a guest.
type Reservation struct {
	ID           uuid.UUID `json:"id"`
	SlotID       SlotID    `json:"slot_id"`
	RestaurantID string    `json:"restaurant_id"`
	Start        time.Time `json:"start"`
	End          time.Time `json:"end"`
	TimeZone     string    `json:"time_zone"`
	Party        int       `json:"party"`
	Status       Status    `json:"status"`
	CreatedAt    time.Time `json:"created_at"`
	CancelUntil  time.Time `json:"cancel_until"`           // as promised when it was made
	OfferEndsAt  time.Time `json:"offer_ends_at,omitzero"` // while Offered
	Position     int       `json:"position,omitempty"`     // while Waiting, 1 is next; only answers to diners know it

	Note          secret.String `json:"-"` // the diner's own words
	DinerID       uuid.UUID     `json:"-"` // Nil: the owner entered it
	Guest         Guest         `json:"-"` // whom the owner entered it for
	WaitlistOrder int64         `json:"-"` // order in the waitlist
	Version       int           `json:"-"` // 1, and one more with each change
}

// Guest is somebody without an account: a phone booking or a walk-in.
type Guest struct {
	Name  secret.String
	Phone secret.String
}
