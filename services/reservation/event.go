package reservation

import (
	"time"

	"github.com/google/uuid"
)

// Kinds of event. Notification has a mail for each.
const (
	EventConfirmed = "reservation.confirmed" // booked, or an offer accepted
	EventMoved     = "reservation.moved"
	EventCancelled = "reservation.cancelled" // by the diner
	EventClosed    = "reservation.closed"    // by the restaurant
	EventNoShow    = "reservation.no_show"
	EventUndone    = "reservation.no_show_undone" // the owner has taken the no-show back
	EventReminder  = "reservation.reminder"

	EventJoined   = "waitlist.joined"
	EventChanged  = "waitlist.changed" // the party of a waiting entry
	EventOffered  = "waitlist.offered"
	EventDeclined = "waitlist.declined"
	EventExpired  = "waitlist.expired" // the offer ran out, or the waitlist ended
	EventLeft     = "waitlist.left"
)

// Event is something that happened to a reservation, for the diner to know. It is
// committed together with the change itself.
type Event struct {
	Seq         int64 // the store's sequence number; ascending per reservation
	ID          uuid.UUID
	Kind        string
	OccurredAt  time.Time
	Reservation Reservation // after the change
	Previous    *Visit      // before a move or change of party
	Reason      string      // the restaurant's message, for EventClosed
	Traceparent string      // of the request that changed it
	Attempts    int         // deliveries attempted, this one included
}

// Visit is the time and party of a reservation.
type Visit struct {
	Start time.Time `json:"start"`
	Party int       `json:"party"`
}
