// Package notify delivers incidents to people, at least once and, where the
// channel can be searched, exactly once. What must be delivered waits in an
// Outbox; a Relay hands it to a Notifier, which knows one kind of channel, such
// as Slack.
package notify

import (
	"context"
	"errors"
	"fmt"
	"time"

	"jari.example/alerting/incident"
)

// Notifier sends deliveries to the targets of one medium. The Relay paces its calls,
// retries them and records their results; a Notifier makes one attempt and returns.
//
// An attempt that did not succeed returns an *Error. Any other error is taken
// as Ambiguous, which is safe: the Relay then searches before it repeats.
type Notifier interface {
	// Post sends the message of d.Incident, or the note of a Notice, to d.Target and
	// returns where it is.
	Post(ctx context.Context, d Delivery) (incident.MessageRef, error)
	// Update rewrites the message d.Message as d.Incident is now. It must be
	// harmless to repeat.
	Update(ctx context.Context, d Delivery) error
	// Reply adds d.Note to the thread of the message d.Message. A medium without
	// threads may send a message of its own.
	Reply(ctx context.Context, d Delivery) error
	// Find looks for the message or the note that an ambiguous attempt at d
	// may have left at the target since d.FirstTry. A medium that cannot be
	// searched returns found == false: then an ambiguous attempt is repeated
	// and may arrive twice.
	Find(ctx context.Context, d Delivery) (ref incident.MessageRef, found bool, err error)
}

// Outcome is what is known about an attempt that did not succeed.
type Outcome int

// The outcomes.
const (
	// Refused: certainly not delivered. The Relay tries again with a backoff,
	// because the cause may pass.
	Refused Outcome = iota + 1
	// RateLimited: the target accepts nothing by the same method until
	// Error.RetryAfter has passed. It is not quite certain that this attempt was not
	// accepted, so the Relay searches before it repeats.
	RateLimited
	// Ambiguous: possibly delivered, such as after a lost response.
	Ambiguous
	// Misconfigured: certainly not delivered, and refused until an operator corrects
	// the configuration, such as a token or a channel. The Relay tries again with
	// a longer backoff.
	Misconfigured
	// Never: this delivery is refused for good, such as an edit of a message that is
	// too old. The Relay gives it up and goes on with the next one.
	Never
	// Gone: the message it refers to was deleted. The delivery has no purpose any
	// more and is removed from the outbox.
	Gone
)

// Error is an attempt that did not succeed.
type Error struct {
	Outcome    Outcome
	RetryAfter time.Duration // with RateLimited
	Method     Method        // with RateLimited: what is limited; "" is that of the delivery
	Type       string        // a short constant for the error.type of a span: "rate_limited", "503"
	Err        error
}

func (e *Error) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// classify returns err as an *Error.
func classify(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return &Error{Outcome: Ambiguous, Type: "connection", Err: err}
}

// searchError is a Find that failed. The attempt it was looking for stays
// ambiguous.
type searchError struct{ err error }

func (e searchError) Error() string {
	return fmt.Sprintf("search for the result of an earlier attempt: %v", e.err)
}

func (e searchError) Unwrap() error { return e.err }
