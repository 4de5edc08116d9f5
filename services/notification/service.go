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

// Job is an event whose mail is not sent yet.
type Job struct {
	Event
	Attempts int // started, including this one
	Unknown  int // earlier attempts with an unknown outcome: each may have sent a mail

	// Withdrawn: the job needs no mail any more. Of a no-show: it has been undone. Of
	// an undone no-show: no mail about the no-show can have been sent.
	Withdrawn bool
}

// Store stores events. Any number of replicas may use one at the same time.
//
// It also counts, per event, the attempts with an unknown outcome. An attempt is
// counted when it is leased, so that a process that dies leaves none uncounted;
// Sent, Fail and Postpone report its outcome. So the number of mails about an
// event is at most its unknown attempts, plus one if it is sent.
type Store interface {
	// Backlog counts the events that are not completed, without those whose mail
	// waits on purpose (Event.Due); their age counts from when they were accepted.
	backlog.Queue
	// UrgentBacklog is the Backlog of urgent events only.
	UrgentBacklog(ctx context.Context) (backlog.Backlog, error)

	// Add stores the event and reports true, unless it has one with that id. Its job
	// is due at Event.Due of now. If the event is urgent, the uncompleted jobs of its
	// reservation become urgent, too: they are sent before it.
	Add(ctx context.Context, e Event, now time.Time) (bool, error)
	// Lease returns up to n jobs that are due at now; no other Lease returns them
	// before until. Urgent jobs come first, and then those that are due for longest. Of
	// a reservation's jobs only the oldest uncompleted one is returned, so that mails
	// keep the order of events.
	Lease(ctx context.Context, n int, now, until time.Time) ([]Job, error)
	// Sent completes the job: its mail is sent. A completed job, sent or failed,
	// loses the texts of diner and restaurant.
	Sent(ctx context.Context, id uuid.UUID, at time.Time) error
	// Postpone makes the job due at due instead of when its lease ends. known means
	// that no mail was sent; otherwise the attempt's outcome stays unknown.
	Postpone(ctx context.Context, id uuid.UUID, due time.Time, known bool) error
	// Withdraw completes a job that needs no mail any more. It does not count for
	// Failures, and unknown attempts stay unknown.
	Withdraw(ctx context.Context, id uuid.UUID, at time.Time) error
	// Fail completes the job without a mail and stores the reason.
	Fail(ctx context.Context, id uuid.UUID, at time.Time, reason Reason) error
	// Failures returns the last completed mail of each reservation, withdrawn ones
	// left out, for which that mail failed.
	Failures(ctx context.Context, reservations []uuid.UUID) ([]Failure, error)
	// Sweep deletes up to n events that were completed, and whose visits ended,
	// before an instant, and returns how many it deleted.
	Sweep(ctx context.Context, before time.Time, n int) (int, error)
}

// Reason is why a mail failed permanently.
type Reason string

// The reasons.
const (
	Refused      Reason = "refused"       // by the mail service
	BadAddress   Reason = "bad_address"   // mail cannot reach it
	UnknownDiner Reason = "unknown_diner" // the account does not exist
	TooLate      Reason = "too_late"      // retried for a day, or a reminder of a visit that has started
)

// Failure is a mail that failed permanently.
type Failure struct {
	ReservationID uuid.UUID `json:"reservation_id"`
	Kind          Kind      `json:"kind"`
	Reason        Reason    `json:"reason"`
	At            time.Time `json:"at"`
}

// UndeliverableRequest asks for which reservations the last mail failed.
type UndeliverableRequest struct {
	ReservationIDs []uuid.UUID `json:"reservation_ids"` // at most 200
}

// UndeliverableResponse has one item for each reservation whose last completed
// mail failed.
type UndeliverableResponse struct {
	Items []Failure `json:"items"`
}

const maxReservations = 200

// Accepted is the response to an event that is stored.
type Accepted struct{}

// Service accepts events.
type Service struct {
	store Store
	wake  func()
	now   func() time.Time
}

// New returns a service that stores events in store and calls wake after each new
// one.
func New(store Store, wake func(), now func() time.Time) *Service {
	return &Service{store, wake, now}
}

// Accept stores the event until its mail is sent. An event that was accepted
// before is ignored, without an error. Codes: invalid, unavailable.
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

// Undeliverable returns the failures of reservations whose last completed mail
// failed. Codes: invalid, unavailable.
func (s *Service) Undeliverable(ctx context.Context, r UndeliverableRequest) (UndeliverableResponse, error) {
	if len(r.ReservationIDs) > maxReservations {
		return UndeliverableResponse{}, fault.BadField("/reservation_ids", "At most %d reservations are possible.", maxReservations)
	}
	found, err := s.store.Failures(ctx, r.ReservationIDs)
	if found == nil {
		found = []Failure{} // [] in JSON, not null
	}
	telemetry.Note(ctx, slog.Int(names.Count, len(found)))
	return UndeliverableResponse{found}, err
}
