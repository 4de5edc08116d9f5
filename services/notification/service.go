package notification

import (
	"context"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"jari.example/telemetry"
	"jari.example/telemetry/names"
)

// Job is an event whose mail is still to be sent.
type Job struct {
	Event
	Attempts int // begun, this one included
}

// Store keeps events. Any number of replicas may use one at once.
type Store interface {
	// Add keeps the event and reports true, unless one with its id is there.
	Add(ctx context.Context, e Event, now time.Time) (bool, error)
	// Lease hands out up to n jobs that are due at now and withholds them from
	// everybody else until then. Of one reservation's jobs only the oldest that
	// is left is ever handed out, so that mails keep the order of events.
	Lease(ctx context.Context, n int, now, until time.Time) ([]Job, error)
	// Sent settles the job: its mail is out. What is settled, either way, forgets
	// the diner's note.
	Sent(ctx context.Context, id uuid.UUID, at time.Time) error
	// Postpone makes the job due at due instead of when its lease ends.
	Postpone(ctx context.Context, id uuid.UUID, due time.Time) error
	// Fail settles the job without a mail, and keeps why.
	Fail(ctx context.Context, id uuid.UUID, at time.Time, reason string) error
}

// Accepted is the answer to an event that is safe.
type Accepted struct{}

// Service takes events in.
type Service struct {
	store Store
	wake  func()
	now   func() time.Time
}

// New returns a service that keeps events in store and calls wake when there is
// a new one.
func New(store Store, wake func(), now func() time.Time) *Service {
	return &Service{store, wake, now}
}

// Accept keeps the event until its mail is sent; an event that was accepted
// before is not accepted again, which is no failure. Codes: invalid,
// unavailable.
func (s *Service) Accept(ctx context.Context, e Event) (Accepted, error) {
	telemetry.Note(ctx,
		slog.String(names.OutboxEventID, e.ID.String()), slog.String(names.MailKind, string(e.Kind)),
		slog.String(names.ReservationID, e.Reservation.ID.String()))
	if err := e.Validate(); err != nil {
		return Accepted{}, err
	}
	added, err := s.store.Add(ctx, e, s.now())
	if err != nil {
		return Accepted{}, err
	}
	telemetry.Note(ctx, slog.Bool(names.Replayed, !added))
	if added {
		s.wake()
	}
	return Accepted{}, nil
}
