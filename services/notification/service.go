package notification

import (
	"context"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"jari.example/internal/backlog"
	"jari.example/internal/fault"
	"jari.example/telemetry"
	"jari.example/telemetry/names"
)

// Job is an event whose mail is still to be sent.
type Job struct {
	Event
	Attempts int // begun, this one included
	Unknown  int // of the earlier ones: how many may have sent a mail, for all anybody knows
}

// Store keeps events. Any number of replicas may use one at once.
//
// It also keeps how many attempts have an outcome that nobody knows. Each is one
// from the moment it is leased, so that not even a process that dies leaves one
// uncounted; Sent, Fail and Postpone tell how it ended. So there are at most as
// many mails of an event as it has unknown attempts, and one more if it is sent.
type Store interface {
	// Backlog counts the events whose mails are to be sent, since they were
	// accepted.
	backlog.Queue

	// Add keeps the event and reports true, unless one with its id is there.
	Add(ctx context.Context, e Event, now time.Time) (bool, error)
	// Lease hands out up to n jobs that are due at now and withholds them from
	// everybody else until then. Of one reservation's jobs only the oldest that
	// is left is ever handed out, so that mails keep the order of events.
	Lease(ctx context.Context, n int, now, until time.Time) ([]Job, error)
	// Sent settles the job: its mail is out. What is settled, either way, forgets
	// the words of diner and restaurant.
	Sent(ctx context.Context, id uuid.UUID, at time.Time) error
	// Postpone makes the job due at due instead of when its lease ends; known says
	// that no mail went out, otherwise the attempt stays unknown.
	Postpone(ctx context.Context, id uuid.UUID, due time.Time, known bool) error
	// Fail settles the job without a mail, and keeps why.
	Fail(ctx context.Context, id uuid.UUID, at time.Time, reason Reason) error
	// Failures returns, of each of the reservations whose last settled mail
	// failed, that failure.
	Failures(ctx context.Context, reservations []uuid.UUID) ([]Failure, error)
	// Sweep forgets up to n events that were settled, and whose visits ended,
	// before an instant, and says how many it forgot.
	Sweep(ctx context.Context, before time.Time, n int) (int, error)
}

// Reason is why a mail was given up.
type Reason string

// The reasons.
const (
	Refused      Reason = "refused"       // by the mail service
	BadAddress   Reason = "bad_address"   // nothing that a mail could be sent to
	UnknownDiner Reason = "unknown_diner" // the account is gone
	TooLate      Reason = "too_late"      // tried for a day, or a reminder of what has begun
)

// Failure is a mail that was given up.
type Failure struct {
	ReservationID uuid.UUID `json:"reservation_id"`
	Kind          Kind      `json:"kind"`
	Reason        Reason    `json:"reason"`
	At            time.Time `json:"at"`
}

// UndeliverableRequest asks which diners could not be told.
type UndeliverableRequest struct {
	ReservationIDs []uuid.UUID `json:"reservation_ids"` // 200 at most
}

// UndeliverableAnswer has nothing of reservations whose last mail went out, or
// is still on its way.
type UndeliverableAnswer struct {
	Items []Failure `json:"items"`
}

const maxAsked = 200

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

// Undeliverable tells of which reservations the diner was not reached: the last
// mail that was settled failed. Codes: invalid, unavailable.
func (s *Service) Undeliverable(ctx context.Context, r UndeliverableRequest) (UndeliverableAnswer, error) {
	if len(r.ReservationIDs) > maxAsked {
		return UndeliverableAnswer{}, fault.BadField("/reservation_ids", "Ask for %d reservations at most.", maxAsked)
	}
	found, err := s.store.Failures(ctx, r.ReservationIDs)
	if found == nil {
		found = []Failure{} // a list in JSON too
	}
	telemetry.Note(ctx, slog.Int(names.Count, len(found)))
	return UndeliverableAnswer{found}, err
}
