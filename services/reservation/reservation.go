// Package reservation owns seats: every write that changes how many covers of
// a slot are taken happens here, and so does the count of what is left.
//
// This package is the domain: types, commands and their rules. It imports neither
// a database driver nor OpenTelemetry. A command is decided on a [UnitOfWork]; a
// [Store] locks and loads that, and commits its [ChangeSet] in one transaction:
// the reservation, the slot's counter, the idempotency record and the events are
// written together or not at all.
//
// Around it: schedule (opening hours to slots), app (use cases), httpapi, outbox
// (relay), jobs (maintenance), observe (metrics and logs); postgres and inmem
// implement the stores. arch_test.go states who may import whom.
package reservation

import (
	"time"

	"github.com/google/uuid"

	"jari.example/internal/secret"
	"jari.example/services/reservation/schedule"
)

// Status is the state of a reservation. Waitlist entries are reservations too: one
// table, one unique index, one rule about who holds covers.
type Status string

// The statuses. Waiting to Seated are active; Offered to Seated hold covers.
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

// Statuses lists every status.
var Statuses = []Status{Waiting, Offered, Confirmed, Seated, Cancelled, NoShow, Declined, Expired}

// Active reports whether s counts towards MaxActive.
func (s Status) Active() bool { return s == Waiting || s.HoldsCovers() }

// HoldsCovers reports whether s takes covers from its slot.
func (s Status) HoldsCovers() bool { return s == Offered || s == Confirmed || s == Seated }

// Cancellable reports whether a reservation in s may still be cancelled.
func (s Status) Cancellable() bool { return s == Waiting || s == Offered || s == Confirmed }

// OfferTTL is how long an offer is valid, unless the slot's cut-off comes first.
const OfferTTL = 10 * time.Minute

// ReminderLead is how long before a visit its diner is reminded.
const ReminderLead = 24 * time.Hour

// Limits of what one diner may have: hoarded seats stay empty.
const (
	MaxActive = 8                 // active reservations at a time
	MaxParty  = schedule.MaxParty // covers in one reservation
	MaxNote   = 500               // characters

	// MaxWaitlist bounds the entries for one slot. Later ones would have no chance,
	// and every command for the slot loads them all.
	MaxWaitlist = 200
)

// Reservation is one claim on one slot: a diner's, or one that the owner has
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
	CancelUntil  time.Time `json:"cancel_until"`           // the cut-off as promised at booking
	OfferEndsAt  time.Time `json:"offer_ends_at,omitzero"` // while Offered
	Position     int       `json:"position,omitempty"`     // while Waiting: on the waitlist, 1 is first; set in results for diners only

	Note          secret.String `json:"-"` // the diner's message
	DinerID       uuid.UUID     `json:"-"` // Nil: the owner entered it
	Guest         Guest         `json:"-"` // set if the owner entered it
	WaitlistOrder int64         `json:"-"` // ascending within a slot
	Version       int           `json:"-"` // 1 at first, incremented by each change
}

// Guest is somebody without an account: a phone booking or a walk-in.
type Guest struct {
	Name  secret.String
	Phone secret.String
}
