package reservation

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// Kinds of event.
const (
	EventConfirmed = "reservation.confirmed"
	EventCancelled = "reservation.cancelled"
)

// Event is what happened to a reservation and must be told. It was committed
// together with the change itself.
type Event struct {
	Seq         int64 // the store's handle
	ID          uuid.UUID
	Kind        string
	OccurredAt  time.Time
	Reservation Reservation // as the change left it
	Traceparent string      // of the request that changed it
	Attempts    int         // deliveries begun, this one included
}

// Outbox holds the events that are still to be told. Any number of relays may
// lease from it at once.
type Outbox interface {
	// Lease hands out up to n events that are due at now and withholds them from
	// everybody else until then. Of one reservation's events only the oldest that
	// is left is ever handed out.
	Lease(ctx context.Context, n int, now, until time.Time) ([]Event, error)
	// Delivered forgets the event.
	Delivered(ctx context.Context, seq int64) error
	// Postpone makes the event due at due instead of when its lease ends.
	Postpone(ctx context.Context, seq int64, due time.Time) error
}
