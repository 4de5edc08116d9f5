package notify

import (
	"context"
	"time"

	"jari.example/alerting/incident"
	"jari.example/alerting/lease"
)

// Kind is what a delivery does in the channel.
type Kind string

// The kinds of delivery.
const (
	Post   Kind = "post"   // sends the incident's message
	Update Kind = "update" // rewrites that message as the incident is now
	Reply  Kind = "reply"  // adds a note to its thread
)

// Delivery is one entry of the outbox.
type Delivery struct {
	ID       int64
	Kind     Kind
	Note     string // of a Reply
	Incident incident.Incident
	Attempts int // that began so far
	// Ambiguous: an attempt began and its result is not known, so the message
	// may be in the channel already. FirstTry is when that attempt began.
	Ambiguous bool
	FirstTry  time.Time
}

// Outbox holds the deliveries that the channel has not confirmed. Those of one
// incident are due in order, one at a time. Writes fail with lease.ErrLost when
// their term has ended.
type Outbox interface {
	// Next returns the oldest delivery that is due. ok is false when there is
	// none.
	Next(ctx context.Context, now time.Time) (d Delivery, ok bool, err error)
	// Begin marks the delivery ambiguous before the channel is called, and
	// returns its incident as it is at that moment. A change of the incident
	// after Begin queues an update of its own.
	Begin(ctx context.Context, term lease.Term, id int64, now time.Time) (incident.Incident, error)
	// Complete removes the delivery. The ref of a Post is stored with the
	// incident.
	Complete(ctx context.Context, term lease.Term, d Delivery, ref incident.MessageRef) error
	// Retry makes the delivery due again at notBefore. ambiguous is false when
	// the channel has certainly not accepted it.
	Retry(ctx context.Context, term lease.Term, id int64, ambiguous bool, notBefore time.Time, reason string) error
	// DelayAll makes no delivery due before notBefore.
	DelayAll(ctx context.Context, term lease.Term, notBefore time.Time) error
}
