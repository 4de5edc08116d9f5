package deadman

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// States remembers the State. It is outside the database of alerting, because it is
// needed while that is away.
type States interface {
	// Load returns what Save has stored; the zero State when it has stored nothing.
	Load(ctx context.Context) (State, error)
	Save(ctx context.Context, s State) error
}

// Mail is what a Switch sends.
type Mail struct {
	Subject, Text string
	At            time.Time
	// ID is unique to the mail, Thread to the mails about one outage.
	ID, Thread string
}

// readTimeout is how long a database may take to answer. After it there must be time left
// for the mail.
const readTimeout = 5 * time.Second

// Switch mails when alerting does not work. One Switch of a system runs; several would
// each send their mails.
//
// A mail is sent before that is remembered, so it is sent again after a crash between
// the two, with the same ID. While the State can be neither loaded nor saved, a
// process goes by what it remembers itself; a new process then begins anew.
type Switch struct {
	// LastTick returns when a tick last succeeded; zero when none has. That it fails
	// counts as if no tick had succeeded: without the database none does.
	LastTick func(ctx context.Context) (time.Time, error)
	States   States
	Send     func(ctx context.Context, m Mail) error

	remembered State
}

// Check checks once, and returns what it has mailed. The error says what else went
// wrong; a mail that was not sent is tried again by the next check.
func (s *Switch) Check(ctx context.Context, now time.Time) (Event, error) {
	reading, cancel := context.WithTimeout(ctx, readTimeout)
	tick, tickErr := s.LastTick(reading)
	cancel()
	if tickErr != nil {
		tick, tickErr = time.Time{}, fmt.Errorf("read when a tick last succeeded: %w", tickErr)
	}
	before, err := s.States.Load(ctx)
	if err != nil {
		before, err = s.remembered, fmt.Errorf("load the state of the watcher: %w", err)
	}
	after, event := Decide(before, tick, now)
	failures := []error{tickErr, err}
	if event != Nothing {
		if err := s.Send(ctx, message(event, before, after, tickErr)); err != nil {
			failures = append(failures, fmt.Errorf("mail that the outage %s: %w", event, err))
			after.MailedAt, event = before.MailedAt, Nothing
		}
	}
	s.remembered = after
	if err := s.States.Save(ctx, after); err != nil {
		failures = append(failures, fmt.Errorf("save the state of the watcher: %w", err))
	}
	return event, errors.Join(failures...)
}
