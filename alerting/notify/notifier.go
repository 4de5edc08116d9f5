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

// Notifier sends incidents to one channel. The Relay paces its calls, retries
// them and records their results; a Notifier makes one attempt and returns.
//
// An attempt that did not succeed returns an *Error. Any other error is taken
// as Ambiguous, which is safe: the Relay then searches before it repeats.
type Notifier interface {
	// Post sends the incident's message and returns where it is.
	Post(ctx context.Context, i incident.Incident) (incident.MessageRef, error)
	// Update rewrites the message i.Message as i is now. It must be harmless
	// to repeat.
	Update(ctx context.Context, i incident.Incident) error
	// Reply adds a note to the thread of the message i.Message. A channel
	// without threads may send a message of its own.
	Reply(ctx context.Context, i incident.Incident, note Note) error
	// Find looks for the message or the note that an ambiguous attempt at d
	// may have left in the channel since d.FirstTry. A channel that cannot be
	// searched returns found == false: then an ambiguous attempt is repeated
	// and may arrive twice.
	Find(ctx context.Context, d Delivery) (ref incident.MessageRef, found bool, err error)
}

// Note is one entry of an incident's history. A channel that can be searched
// stores the ID with it, so that Find recognises it.
type Note struct {
	ID   int64
	Text string
}

// Outcome is what is known about an attempt that did not succeed.
type Outcome int

// The outcomes.
const (
	// Refused: certainly not delivered. The Relay tries again with a backoff,
	// because an operator may correct the cause, such as a wrong token.
	Refused Outcome = iota + 1
	// RateLimited: certainly not delivered, and the channel accepts nothing
	// until Error.RetryAfter has passed. The Relay delays every delivery.
	RateLimited
	// Ambiguous: possibly delivered, such as after a lost response.
	Ambiguous
	// Gone: the message it refers to was deleted. It will never be delivered
	// and is removed from the outbox.
	Gone
)

// Error is an attempt that did not succeed.
type Error struct {
	Outcome    Outcome
	RetryAfter time.Duration // with RateLimited
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
