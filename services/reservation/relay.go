package reservation

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
	"golang.org/x/sync/errgroup"

	"jari.example/internal/backlog"
	"jari.example/internal/fault"
	"jari.example/internal/worker"
	"jari.example/telemetry"
	"jari.example/telemetry/names"
)

// Kinds of event.
const (
	EventConfirmed = "reservation.confirmed" // booked, or an offer accepted
	EventMoved     = "reservation.moved"
	EventCancelled = "reservation.cancelled" // by the diner
	EventClosed    = "reservation.closed"    // by the restaurant
	EventNoShow    = "reservation.no_show"
	EventReminder  = "reservation.reminder"

	EventJoined   = "waitlist.joined"
	EventChanged  = "waitlist.changed" // the party of an entry that waits
	EventOffered  = "waitlist.offered"
	EventDeclined = "waitlist.declined"
	EventExpired  = "waitlist.expired" // the offer ran out, or the line closed
	EventLeft     = "waitlist.left"
)

// Event is what happened to a reservation and must be told. It was committed
// together with the change itself.
type Event struct {
	Seq         int64 // the store's handle
	ID          uuid.UUID
	Kind        string
	OccurredAt  time.Time
	Reservation Reservation // as the change left it
	Previous    *Visit      // what was moved or changed
	Reason      string      // the restaurant's words, where it closed
	Traceparent string      // of the request that changed it
	Attempts    int         // deliveries begun, this one included
}

// Visit is when a party of how many comes.
type Visit struct {
	Start time.Time `json:"start"`
	Party int       `json:"party"`
}

// Outbox holds the events that are still to be told. Any number of relays may
// lease from it at once.
type Outbox interface {
	// Backlog counts the events that are left, since they occurred.
	backlog.Queue

	// Lease hands out up to n events that are due at now and withholds them from
	// everybody else until then. Of one reservation's events only the oldest that
	// is left is ever handed out.
	Lease(ctx context.Context, n int, now, until time.Time) ([]Event, error)
	// Delivered forgets the event.
	Delivered(ctx context.Context, seq int64) error
	// Postpone makes the event due at due instead of when its lease ends.
	Postpone(ctx context.Context, seq int64, due time.Time) error
}

// Notifications is whoever tells diners.
type Notifications interface {
	// Tell returns nil once the event is safe with the receiver, who takes the
	// same event again as the one it has.
	Tell(ctx context.Context, e Event) error
}

// How the relay paces itself. An event is told at least once: whoever takes it
// and dies leaves it to others when the lease ends.
const (
	leaseBatch = 32
	leaseFor   = 30 * time.Second // > leaseBatch/tellers*2*tellWithin: each event is told, and settled
	tellWithin = 3 * time.Second
	tellers    = 8 // at once
	retryFirst = 400 * time.Millisecond
	retryMost  = time.Minute
	parkFirst  = time.Minute
	parkMost   = time.Hour
)

const scope = "jari.example/services/reservation" // of spans and metrics

// Relay carries events from the outbox to whoever tells diners, those of one
// reservation in order, in as many replicas as there are.
//
// While the receiver is away it rests longer and longer. An event that the
// receiver understands and refuses would be refused again: only a new version
// of either side mends that. It is parked for a minute, then two, up to an hour,
// said and counted each time, and never given up. It holds up what else must be
// told of its reservation, which would make no sense without it, and nothing of
// any other.
type Relay struct {
	outbox  Outbox
	to      Notifications
	logger  *slog.Logger
	loop    worker.Loop
	refused metric.Int64Counter
	batches backlog.Batches
}

// NewRelay makes a Relay; Run starts it.
func NewRelay(outbox Outbox, to Notifications, logger *slog.Logger) *Relay {
	// The only fault is a malformed name, and then the counter counts nothing.
	refused, _ := otel.Meter(scope).Int64Counter(names.MetricOutboxRefused, metric.WithUnit("{event}"))
	return &Relay{outbox: outbox, to: to, logger: logger, refused: refused, batches: backlog.NewBatches(names.QueueOutbox)}
}

// Watch reports what is left in the outbox until ctx ends.
func (r *Relay) Watch(ctx context.Context) error {
	return backlog.Watch(ctx, names.QueueOutbox, r.outbox)
}

// Wake says that there may be something to carry. It never blocks.
func (r *Relay) Wake() { r.loop.Wake() }

// Run works until ctx ends, and finishes what it has leased.
func (r *Relay) Run(ctx context.Context) error { return r.loop.Run(ctx, r.round) }

// round leases once and tells what it got. well is false if the outbox or the
// receiver was away.
func (r *Relay) round(ctx context.Context) (told int, well bool) {
	lease, cancel := context.WithTimeout(ctx, tellWithin)
	defer cancel()
	now := time.Now()
	events, err := r.outbox.Lease(lease, leaseBatch, now, now.Add(leaseFor))
	if err != nil {
		r.logger.WarnContext(ctx, "outbox not readable", names.EventName, names.EventOutboxFailed,
			names.Reason, fault.ReasonOf(err), names.Exception, err.Error())
		return 0, false
	}
	r.batches.Record(ctx, len(events))
	var away atomic.Bool
	var done atomic.Int64
	var all errgroup.Group
	all.SetLimit(tellers)
	for _, e := range events { // no two of one reservation
		all.Go(func() error {
			defer worker.Recover(ctx, r.logger)
			switch code := fault.CodeOf(r.deliver(ctx, e)); code {
			case "":
				done.Add(1)
			case fault.Unavailable, fault.Timeout, fault.RateLimited:
				away.Store(true)
			}
			return nil // one event's failure is none of the others'
		})
	}
	_ = all.Wait()
	return int(done.Load()), !away.Load()
}

// deliver tells one event in a span that belongs to the trace of the request
// behind it, and settles it with the outbox.
func (r *Relay) deliver(ctx context.Context, e Event) error {
	ctx, cancel := context.WithTimeout(ctx, tellWithin)
	defer cancel()
	ctx, span := otel.Tracer(scope).Start(telemetry.Continue(ctx, e.Traceparent), names.SpanOutboxDeliver, trace.WithAttributes(
		attribute.String(names.OutboxEventID, e.ID.String()),
		attribute.String(names.ReservationID, e.Reservation.ID.String()),
		attribute.String(names.MailKind, e.Kind)))
	defer span.End()

	err := r.to.Tell(ctx, e)
	// Settling must not depend on how long the receiver has taken.
	settle, cancel := context.WithTimeout(context.WithoutCancel(ctx), tellWithin)
	defer cancel()
	if err != nil {
		span.SetStatus(codes.Error, fault.ReasonOf(err))
		// Should this fail too, the lease ends by itself.
		_ = r.outbox.Postpone(settle, e.Seq, time.Now().Add(r.failed(ctx, e, err)))
		return err
	}
	if err := r.outbox.Delivered(settle, e.Seq); err != nil {
		return err // told again after the lease, and known by its id
	}
	r.line(e).InfoContext(ctx, "event delivered", names.EventName, names.EventOutboxDelivered)
	return nil
}

// failed says and counts why e was not delivered, and returns how long to leave
// it alone.
func (r *Relay) failed(ctx context.Context, e Event, err error) time.Duration {
	line := r.line(e).With(names.Reason, fault.ReasonOf(err), names.Exception, err.Error())
	if !refuses(err) {
		line.WarnContext(ctx, "event not delivered", names.EventName, names.EventOutboxFailed)
		return worker.Backoff(e.Attempts, retryFirst, retryMost)
	}
	line.ErrorContext(ctx, "outbox event refused", names.EventName, names.EventOutboxRefused)
	r.refused.Add(ctx, 1, metric.WithAttributes(
		attribute.String(names.MailKind, e.Kind), attribute.String(names.Reason, fault.ReasonOf(err))))
	return worker.Backoff(e.Attempts, parkFirst, parkMost)
}

func (r *Relay) line(e Event) *slog.Logger {
	return r.logger.With(names.OutboxEventID, e.ID.String(), names.ReservationID, e.Reservation.ID.String(),
		names.MailKind, e.Kind, names.Count, e.Attempts)
}

// refuses reports whether the receiver has understood and said no, a 4xx, which
// it will say again.
func refuses(err error) bool {
	switch fault.CodeOf(err) {
	case fault.Unavailable, fault.Timeout, fault.RateLimited, fault.Internal:
		return false
	}
	return true
}
