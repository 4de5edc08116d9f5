package slack

import (
	"context"
	"time"

	"jari.example/alerting/incident"
	"jari.example/alerting/lease"
)

// Kind is what is to be told.
type Kind string

// The kinds of delivery.
const (
	Post   Kind = "post"   // the incident's message
	Update Kind = "update" // the same message, as things stand now
	Reply  Kind = "reply"  // a line of history in its thread
)

// Delivery is one call that Slack still owes us.
type Delivery struct {
	ID       int64
	Kind     Kind
	Note     string // of a Reply
	Incident incident.Incident
	Attempts int
	// Ambiguous says that an attempt began whose end is not known: it may
	// stand in the channel already. FirstTry is when that may have begun.
	Ambiguous bool
	FirstTry  time.Time
}

// Outbox queues deliveries. Those of one incident come in order, one at a
// time. Writes fail with lease.ErrLost when their term is over.
type Outbox interface {
	// Next is a delivery that is due, oldest first.
	Next(ctx context.Context, now time.Time) (Delivery, bool, error)
	// Begin marks the delivery ambiguous; it comes before the call.
	Begin(ctx context.Context, term lease.Term, id int64, now time.Time) error
	// Done ends it. A Post's place is remembered with the incident.
	Done(ctx context.Context, term lease.Term, d Delivery, channel, ts string) error
	// Again has it repeated after until. ambiguous false means that Slack has
	// certainly refused it.
	Again(ctx context.Context, term lease.Term, id int64, ambiguous bool, until time.Time, reason string) error
	// Hold delays everything until then, as Slack's Retry-After asks.
	Hold(ctx context.Context, term lease.Term, until time.Time) error
}
