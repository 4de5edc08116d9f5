// Package notification sends diners mails about changes to their reservations.
// An event that is delivered several times is accepted once and stored until its
// mail is sent. A mail is in the diner's language and the restaurant's time
// zone.
package notification

import (
	"math"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"jari.example/internal/fault"
	"jari.example/internal/secret"
)

// Kind is the type of an event.
type Kind string

// The kinds. Each has a mail template.
const (
	Confirmed Kind = "reservation.confirmed" // booked, or an offer accepted
	Moved     Kind = "reservation.moved"
	Cancelled Kind = "reservation.cancelled" // by the diner
	Closed    Kind = "reservation.closed"    // by the restaurant
	NoShow    Kind = "reservation.no_show"
	Undone    Kind = "reservation.no_show_undone" // the restaurant has taken the no-show back
	Reminder  Kind = "reservation.reminder"

	Joined   Kind = "waitlist.joined"
	Changed  Kind = "waitlist.changed" // the party of an entry
	Offered  Kind = "waitlist.offered"
	Declined Kind = "waitlist.declined"
	Expired  Kind = "waitlist.expired" // the offer expired, or the waitlist closed
	Left     Kind = "waitlist.left"
)

// Kinds lists every kind.
var Kinds = []Kind{
	Confirmed, Moved, Cancelled, Closed, NoShow, Undone, Reminder, Joined, Changed, Offered, Declined, Expired, Left,
}

// noShowDelay is how long the mail about a no-show waits: it is one tap on the
// restaurant's side, and a mistake is noticed soon.
const noShowDelay = 5 * time.Minute

// Event is something that happened to a reservation. Two deliveries with the same
// ID are the same event.
type Event struct {
	ID            uuid.UUID        `json:"id"`
	Kind          Kind             `json:"kind"`
	OccurredAt    time.Time        `json:"occurred_at"`
	DinerID       uuid.UUID        `json:"diner_id"`
	ClosureReason secret.String    `json:"reason,omitzero"`   // the restaurant's text, for Closed
	Previous      PreviousState    `json:"previous,omitzero"` // for Moved and Changed
	Reservation   ReservationState `json:"reservation"`
	Traceparent   string           `json:"traceparent"` // of the request that caused it; may be empty
}

// PreviousState is the reservation before the event.
type PreviousState struct {
	Start time.Time `json:"start"`
	Party int       `json:"party"`
}

// ReservationState is the reservation after the event.
type ReservationState struct {
	ID           uuid.UUID     `json:"id"`
	RestaurantID string        `json:"restaurant_id"`
	SlotID       string        `json:"slot_id"`
	Start        time.Time     `json:"start"`
	End          time.Time     `json:"end"`
	TimeZone     string        `json:"time_zone"`
	Party        int           `json:"party"`
	Note         secret.String `json:"note,omitzero"` // written by the diner
	Status       string        `json:"status"`
	Version      int           `json:"version"` // 1, incremented by each change
	CancelUntil  time.Time     `json:"cancel_until,omitzero"`
	OfferEndsAt  time.Time     `json:"offer_ends_at,omitzero"` // while the status is offered
	Position     int           `json:"position,omitempty"`     // in the waitlist, 1 is next
}

// Due is when the event's mail is sent at the earliest, if the event is accepted at
// a time. A delay counts from then, and not from when it occurred: after an outage
// the event that takes it back comes right behind it.
func (e Event) Due(accepted time.Time) time.Time {
	if e.Kind == NoShow {
		return accepted.Add(noShowDelay)
	}
	return accepted
}

// Urgent reports whether the event's mail is sent before those that are not: an offer
// ends after ten minutes, and its mail is how the diner learns of it.
func (e Event) Urgent() bool { return e.Kind == Offered }

// Validate returns fault.Invalid with a pointer to the first invalid field. It
// does not require what a mail can leave out: a mail with less is better than no
// mail.
func (e Event) Validate() error {
	for _, c := range []struct {
		ok      bool
		pointer string
		detail  string
	}{
		{e.ID != uuid.Nil, "/id", "An event needs an id."},
		{slices.Contains(Kinds, e.Kind), "/kind", "There is no mail for this kind of event."},
		{!e.OccurredAt.IsZero(), "/occurred_at", "occurred_at is missing."},
		{e.DinerID != uuid.Nil, "/diner_id", "diner_id is missing."},
		{storable(e.ClosureReason.Reveal(), 4000), "/reason", "The restaurant's reason is too long, or has a NUL."},
		{e.Previous == PreviousState{} || !e.Previous.Start.IsZero() && fits(e.Previous.Party, 1),
			"/previous", "The previous state needs a start and a party."},
		{e.Reservation.ID != uuid.Nil, "/reservation/id", "A reservation needs an id."},
		{within(e.Reservation.RestaurantID, 64), "/reservation/restaurant_id", "A restaurant's id has 1 to 64 characters."},
		{within(e.Reservation.SlotID, 64), "/reservation/slot_id", "A slot's id has 1 to 64 characters."},
		{!e.Reservation.Start.IsZero(), "/reservation/start", "start is missing."},
		{e.Reservation.End.IsZero() || e.Reservation.End.After(e.Reservation.Start),
			"/reservation/end", "The end must be after the start."},
		// A name that no mail can show is repaired then: see newTemplateData.
		{within(e.Reservation.TimeZone, 64), "/reservation/time_zone", "A time zone has 1 to 64 characters."},
		{fits(e.Reservation.Party, 1), "/reservation/party", "The party must be at least 1."},
		{storable(e.Reservation.Note.Reveal(), 4000), "/reservation/note", "The note is too long, or has a NUL."},
		{storable(e.Reservation.Status, 64), "/reservation/status", "A status has at most 64 characters."},
		{fits(e.Reservation.Version, 0), "/reservation/version", "Versions start at 1."},
		{fits(e.Reservation.Position, 0), "/reservation/position", "The first position is 1."},
		{e.Kind != Offered || !e.Reservation.OfferEndsAt.IsZero(), "/reservation/offer_ends_at", "An offer needs offer_ends_at."},
		{storable(e.Traceparent, 200), "/traceparent", "A traceparent has 55 characters."},
	} {
		if !c.ok {
			return fault.BadField(c.pointer, "%s", c.detail)
		}
	}
	return nil
}

func within(s string, limit int) bool { return s != "" && storable(s, limit) }

// storable reports whether s has at most limit bytes, and no NUL, which PostgreSQL's
// text type cannot hold.
func storable(s string, limit int) bool { return len(s) <= limit && !strings.Contains(s, "\x00") }

// fits reports whether PostgreSQL's int can hold n, and it is at least least.
func fits(n, least int) bool { return n >= least && n <= math.MaxInt32 }
