package notify

import (
	"context"
	"time"

	"jari.example/alerting/incident"
	"jari.example/alerting/lease"
)

// Kind is what a delivery does at its target.
type Kind string

// The kinds of delivery.
const (
	Post   Kind = "post"   // sends the incident's message
	Update Kind = "update" // rewrites that message as the incident is now
	Reply  Kind = "reply"  // adds a note to its thread
	Notice Kind = "notice" // sends a note that belongs to no incident
)

// Method is what a channel limits the rate of.
type Method string

// The methods.
const (
	Send   Method = "send" // Post, Reply and Notice
	Edit   Method = "edit" // Update
	Search Method = "search"
)

// Method is the method that a delivery of kind k calls.
func (k Kind) Method() Method {
	if k == Update {
		return Edit
	}
	return Send
}

// Note is a text that is delivered. A channel that can be searched stores the
// delivery's id with it, so that Find recognises it.
type Note struct {
	Text    string
	Mention string // Slack id of a person whom it notifies; "" for none
	// Digest is what a Notice says in place of Text; nil for Text.
	Digest *Digest
}

// Delivery is one entry of the outbox.
type Delivery struct {
	ID       int64
	Kind     Kind
	Target   incident.Target
	Note     Note                // of a Reply or a Notice
	Incident incident.Incident   // zero for a Notice
	Message  incident.MessageRef // the incident's message at Target; zero until it was posted
	Queued   time.Time
	Attempts int // that began so far
	// Ambiguous: an attempt began and its result is not known, so the message
	// may be in the channel already. FirstTry is when that attempt began.
	Ambiguous bool
	FirstTry  time.Time
}

// Waiting is what waits for one target, for operators.
type Waiting struct {
	Target  incident.Target
	Count   int
	Oldest  time.Time // when the oldest was queued
	Refused string    // why the channel's configuration refuses them; "" when it does not
}

// Undelivered is an incident whose message a target has not taken.
type Undelivered struct {
	Incident string // its id
	Target   incident.Target
	Since    time.Time // when it was queued
	Refused  string    // why it was refused until somebody acts, or for good; "" when it is retried
}

// Outbox holds the deliveries that no channel has confirmed. Those of one incident
// and target are due in order, one at a time; one that failed for good holds no
// other. Writes fail with lease.ErrLost when their term has ended.
type Outbox interface {
	// Next returns the oldest delivery of a medium that is due. It leaves out those
	// of the addresses in busy, and those whose method is paused: with an ambiguous
	// Post, Reply or Notice Search is one of its methods. ok is false when there is
	// none.
	Next(ctx context.Context, medium string, busy []string, now time.Time) (d Delivery, ok bool, err error)
	// Begin marks the delivery ambiguous before the channel is called, and returns
	// it with its incident as it is at that moment. A change of the incident after
	// Begin queues an update of its own.
	Begin(ctx context.Context, term lease.Term, id int64, now time.Time) (Delivery, error)
	// Complete removes the delivery. The ref of a Post is stored with the incident
	// and the target.
	Complete(ctx context.Context, term lease.Term, d Delivery, ref incident.MessageRef) error
	// Retry makes the delivery due again at notBefore. ambiguous is false when the
	// channel has certainly not accepted it. refused: the channel's configuration
	// refuses it, for the reason.
	Retry(ctx context.Context, term lease.Term, id int64, r Retrial) error
	// GiveUp keeps the delivery as one that is never delivered, with the reason, and
	// removes what would follow it in vain: after a Post everything about its
	// incident at its target, after an Update every later one. In its place it
	// queues a Reply with the text instead, unless that is "".
	GiveUp(ctx context.Context, term lease.Term, id int64, now time.Time, reason, instead string) error
	// Pause lets nothing be due at the target by the method until then, deliveries
	// that are queued later neither.
	Pause(ctx context.Context, term lease.Term, t incident.Target, m Method, until time.Time) error
	// Notice queues a note that belongs to no incident.
	Notice(ctx context.Context, term lease.Term, t incident.Target, n Note) error
	// Waiting returns what waits, by target.
	Waiting(ctx context.Context) ([]Waiting, error)
	// Undelivered returns the open incidents whose message waits or has failed.
	Undelivered(ctx context.Context) ([]Undelivered, error)
}

// Retrial is when and why a delivery is tried again.
type Retrial struct {
	NotBefore time.Time
	Reason    string
	Ambiguous bool // the channel may have accepted it
	Refused   bool // the channel's configuration refuses it
}
