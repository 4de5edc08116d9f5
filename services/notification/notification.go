// Package notification tells diners by mail what became of their reservations.
// An event is accepted once however often it comes, kept until its mail has
// gone out, and told in the language of the diner and the time of the
// restaurant.
package notification

import (
	"time"

	"github.com/google/uuid"

	"jari.example/services/internal/fault"
	"jari.example/telemetry"
)

// Kind is what happened.
type Kind string

// The kinds there are mails for.
const (
	Confirmed Kind = "reservation.confirmed"
	Cancelled Kind = "reservation.cancelled"
)

// Event is something that happened to a reservation. Its ID is what makes two
// deliveries the same event.
type Event struct {
	ID          uuid.UUID `json:"id"`
	Kind        Kind      `json:"kind"`
	OccurredAt  time.Time `json:"occurred_at"`
	DinerID     uuid.UUID `json:"diner_id"`
	Reservation Visit     `json:"reservation"`
	Traceparent string    `json:"traceparent"` // of the request behind it; may be empty
}

// Visit is the reservation as the event left it.
type Visit struct {
	ID           uuid.UUID        `json:"id"`
	RestaurantID string           `json:"restaurant_id"`
	SlotID       string           `json:"slot_id"`
	Start        time.Time        `json:"start"`
	TimeZone     string           `json:"time_zone"`
	Party        int              `json:"party"`
	Note         telemetry.Secret `json:"note,omitzero"` // the diner's own words
}

// Validate returns fault.Invalid pointing at the first field that is wrong.
func (e Event) Validate() error {
	for _, c := range []struct {
		ok      bool
		pointer string
		detail  string
	}{
		{e.ID != uuid.Nil, "/id", "An event needs an id."},
		{e.Kind == Confirmed || e.Kind == Cancelled, "/kind", "There is no mail for this kind of event."},
		{!e.OccurredAt.IsZero(), "/occurred_at", "An event has happened at some time."},
		{e.DinerID != uuid.Nil, "/diner_id", "Somebody must be told."},
		{e.Reservation.ID != uuid.Nil, "/reservation/id", "A reservation needs an id."},
		{within(e.Reservation.RestaurantID, 64), "/reservation/restaurant_id", "A restaurant's id has 1 to 64 characters."},
		{within(e.Reservation.SlotID, 64), "/reservation/slot_id", "A slot's id has 1 to 64 characters."},
		{!e.Reservation.Start.IsZero(), "/reservation/start", "A visit starts at some time."},
		{knownZone(e.Reservation.TimeZone), "/reservation/time_zone", "The time zone must be an IANA name such as Asia/Seoul."},
		{e.Reservation.Party > 0, "/reservation/party", "Somebody must come."},
		{len(e.Reservation.Note.Reveal()) <= 4000, "/reservation/note", "The note is too long."},
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
