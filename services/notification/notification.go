// Package notification tells diners by mail what became of their reservations.
// An event is accepted once however often it comes, kept until its mail has
// gone out, and told in the language of the diner and the time of the
// restaurant.
package notification

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"jari.example/internal/fault"
	"jari.example/internal/secret"
)

// Kind is what happened.
type Kind string

// The kinds, for each of which there is a letter.
const (
	Confirmed Kind = "reservation.confirmed" // booked, or an offer accepted
	Moved     Kind = "reservation.moved"
	Cancelled Kind = "reservation.cancelled" // by the diner
	Closed    Kind = "reservation.closed"    // by the restaurant
	NoShow    Kind = "reservation.no_show"
	Reminder  Kind = "reservation.reminder"

	Joined   Kind = "waitlist.joined"
	Changed  Kind = "waitlist.changed" // the party of an entry
	Offered  Kind = "waitlist.offered"
	Declined Kind = "waitlist.declined"
	Expired  Kind = "waitlist.expired" // the offer ran out, or the line closed
	Left     Kind = "waitlist.left"
)

// Kinds is every kind.
var Kinds = []Kind{Confirmed, Moved, Cancelled, Closed, NoShow, Reminder, Joined, Changed, Offered, Declined, Expired, Left}

// Event is something that happened to a reservation. Its ID is what makes two
// deliveries the same event.
type Event struct {
	ID          uuid.UUID     `json:"id"`
	Kind        Kind          `json:"kind"`
	OccurredAt  time.Time     `json:"occurred_at"`
	DinerID     uuid.UUID     `json:"diner_id"`
	Words       secret.String `json:"reason,omitzero"`   // the restaurant's, where it closed
	Previous    Before        `json:"previous,omitzero"` // what was moved or changed
	Reservation Visit         `json:"reservation"`
	Traceparent string        `json:"traceparent"` // of the request behind it; may be empty
}

// Before is what a reservation was before the event.
type Before struct {
	Start time.Time `json:"start"`
	Party int       `json:"party"`
}

// Visit is the reservation as the event left it.
type Visit struct {
	ID           uuid.UUID     `json:"id"`
	RestaurantID string        `json:"restaurant_id"`
	SlotID       string        `json:"slot_id"`
	Start        time.Time     `json:"start"`
	End          time.Time     `json:"end"`
	TimeZone     string        `json:"time_zone"`
	Party        int           `json:"party"`
	Note         secret.String `json:"note,omitzero"` // the diner's own words
	Status       string        `json:"status"`
	Version      int           `json:"version"` // 1, and one more with each change
	CancelUntil  time.Time     `json:"cancel_until,omitzero"`
	OfferEndsAt  time.Time     `json:"offer_ends_at,omitzero"` // while it is offered
	Position     int           `json:"position,omitempty"`     // while it waits, 1 is next
}

// Validate returns fault.Invalid pointing at the first field that is wrong. What
// a letter can do without is not demanded: one that says less is better than
// none.
func (e Event) Validate() error {
	for _, c := range []struct {
		ok      bool
		pointer string
		detail  string
	}{
		{e.ID != uuid.Nil, "/id", "An event needs an id."},
		{slices.Contains(Kinds, e.Kind), "/kind", "There is no mail for this kind of event."},
		{!e.OccurredAt.IsZero(), "/occurred_at", "An event has happened at some time."},
		{e.DinerID != uuid.Nil, "/diner_id", "Somebody must be told."},
		{len(e.Words.Reveal()) <= 4000, "/reason", "The restaurant's reason is too long."},
		{e.Previous == Before{} || !e.Previous.Start.IsZero() && e.Previous.Party > 0, "/previous", "What was before had a start and a party."},
		{e.Reservation.ID != uuid.Nil, "/reservation/id", "A reservation needs an id."},
		{within(e.Reservation.RestaurantID, 64), "/reservation/restaurant_id", "A restaurant's id has 1 to 64 characters."},
		{within(e.Reservation.SlotID, 64), "/reservation/slot_id", "A slot's id has 1 to 64 characters."},
		{!e.Reservation.Start.IsZero(), "/reservation/start", "A visit starts at some time."},
		{e.Reservation.End.IsZero() || e.Reservation.End.After(e.Reservation.Start), "/reservation/end", "A visit ends after it starts."},
		{knownZone(e.Reservation.TimeZone), "/reservation/time_zone", "The time zone must be an IANA name such as Asia/Seoul."},
		{e.Reservation.Party > 0, "/reservation/party", "Somebody must come."},
		{len(e.Reservation.Note.Reveal()) <= 4000, "/reservation/note", "The note is too long."},
		{len(e.Reservation.Status) <= 64, "/reservation/status", "A status has 64 characters at most."},
		{e.Reservation.Version >= 0, "/reservation/version", "Versions start at 1."},
		{e.Reservation.Position >= 0, "/reservation/position", "The first position is 1."},
		{e.Kind != Offered || !e.Reservation.OfferEndsAt.IsZero(), "/reservation/offer_ends_at", "An offer ends at some time."},
		{len(e.Traceparent) <= 200, "/traceparent", "A traceparent has 55 characters."},
	} {
		if !c.ok {
			return fault.BadField(c.pointer, "%s", c.detail)
		}
	}
	return nil
}

func within(s string, most int) bool { return s != "" && len(s) <= most }

func knownZone(name string) bool {
	_, err := time.LoadLocation(name)
	return err == nil && name != "" && name != "Local"
}
