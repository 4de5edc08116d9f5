package reservation

import (
	"time"

	"github.com/google/uuid"
)

// Kinds of event.
const (
	EventConfirmed = "reservation.confirmed" // booked, or an offer accepted
	EventMoved     = "reservation.moved"
	EventCancelled = "reservation.cancelled" // by the diner
	EventClosed    = "reservation.closed"    // by the restaurant
	EventNoShow    = "reservation.no_show"
	EventReminder  = "reservation.reminder"

	EventJoined   = "waitlist.joined"
	EventChanged  = "waitlist.changed" // the party of an entry that waits
	EventOffered  = "waitlist.offered"
	EventDeclined = "waitlist.declined"
	EventExpired  = "waitlist.expired" // the offer ran out, or the line closed
	EventLeft     = "waitlist.left"
)

// Event is what happened to a reservation and must be told. It was committed
// together with the change itself.
type Event struct {
	Seq         int64 // the store's handle
	ID          uuid.UUID
	Kind        string
	OccurredAt  time.Time
	Reservation Reservation // as the change left it
	Previous    *Visit      // what was moved or changed
	Reason      string      // the restaurant's words, where it closed
	Traceparent string      // of the request that changed it
	Attempts    int         // deliveries begun, this one included
}

// Visit is when a party of how many comes.
type Visit struct {
	Start time.Time `json:"start"`
	Party int       `json:"party"`
}
