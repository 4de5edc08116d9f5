package reservation

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

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

// OutboxStore holds the events that are still to be told. Any number of relays may
// lease from it at once.
type OutboxStore interface {
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

// Receiver is whoever tells diners.
type Receiver interface {
	// Tell returns nil once the event is safe with the receiver, who takes the
	// same event again as the one it has.
	Deliver(ctx context.Context, e Event) error
}

// How the relay paces itself. An event is told at least once: whoever takes it
// and dies leaves it to others when the lease ends.
const (
	leaseBatch          = 32
	leaseTTL            = 30 * time.Second // > leaseBatch/tellers*2*tellWithin: each event is told, and settled
	deliverTimeout      = 3 * time.Second
	deliveryConcurrency = 8 // at once
	retryInitial        = 400 * time.Millisecond
	retryMax            = time.Minute
	refusedInitial      = time.Minute
	refusedMax          = time.Hour
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
	outbox   OutboxStore
	receiver Receiver
	logger   *slog.Logger
	loop     worker.Loop
	refused  metric.Int64Counter
	batches  backlog.Batches
}

// NewRelay makes a Relay; Run starts it.
func NewRelay(outbox OutboxStore, to Receiver, logger *slog.Logger) *Relay {
	// The only fault is a malformed name, and then the counter counts nothing.
	refused, _ := otel.Meter(scope).Int64Counter(names.MetricOutboxRefused, metric.WithUnit("{event}"))
	return &Relay{outbox: outbox, receiver: to, logger: logger, refused: refused, batches: backlog.NewBatches(names.QueueOutbox)}
}

// Watch reports what is left in the outbox until ctx ends.
func (r *Relay) Watch(ctx context.Context) error {
	return backlog.Watch(ctx, names.QueueOutbox, r.outbox)
}

// Wake says that there may be something to carry. It never blocks.
func (r *Relay) Wake() { r.loop.Wake() }

// Run works until ctx ends, and finishes what it has leased.
func (r *Relay) Run(ctx context.Context) error { return r.loop.Run(ctx, r.poll) }

// poll leases once and tells what it got. well is false if the outbox or the
// receiver was away.
func (r *Relay) poll(ctx context.Context) (told int, well bool) {
	lease, cancel := context.WithTimeout(ctx, deliverTimeout)
	defer cancel()
	now := time.Now()
	events, err := r.outbox.Lease(lease, leaseBatch, now, now.Add(leaseTTL))
	if err != nil {
		r.logger.WarnContext(ctx, "outbox not readable", names.EventName, names.EventOutboxFailed,
			names.Reason, fault.ReasonOf(err), names.Exception, err.Error())
		return 0, false
	}
	r.batches.Took(ctx, len(events))
	var away atomic.Bool
	var done atomic.Int64
	var all errgroup.Group
	all.SetLimit(deliveryConcurrency)
	for _, e := range events { // no two of one reservation
		all.Go(func() error {
			defer worker.Survive(ctx, r.logger)
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
	ctx, cancel := context.WithTimeout(ctx, deliverTimeout)
	defer cancel()
	ctx, span := otel.Tracer(scope).Start(telemetry.Continue(ctx, e.Traceparent), names.SpanOutboxDeliver, trace.WithAttributes(
		attribute.String(names.OutboxEventID, e.ID.String()),
		attribute.String(names.ReservationID, e.Reservation.ID.String()),
		attribute.String(names.MailKind, e.Kind)))
	defer span.End()

	err := r.receiver.Deliver(ctx, e)
	// Settling must not depend on how long the receiver has taken.
	settle, cancel := context.WithTimeout(context.WithoutCancel(ctx), deliverTimeout)
	defer cancel()
	if err != nil {
		span.SetStatus(codes.Error, fault.ReasonOf(err))
		// Should this fail too, the lease ends by itself.
		_ = r.outbox.Postpone(settle, e.Seq, time.Now().Add(r.reportFailure(ctx, e, err)))
		return err
	}
	if err := r.outbox.Delivered(settle, e.Seq); err != nil {
		return err // told again after the lease, and known by its id
	}
	r.logWith(e).InfoContext(ctx, "event delivered", names.EventName, names.EventOutboxDelivered)
	return nil
}

// reportFailure says and counts why e was not delivered, and returns how long to leave
// it alone.
func (r *Relay) reportFailure(ctx context.Context, e Event, err error) time.Duration {
	line := r.logWith(e).With(names.Reason, fault.ReasonOf(err), names.Exception, err.Error())
	if !isPermanent(err) {
		line.WarnContext(ctx, "event not delivered", names.EventName, names.EventOutboxFailed)
		return worker.Backoff(e.Attempts, retryInitial, retryMax)
	}
	line.ErrorContext(ctx, "outbox event refused", names.EventName, names.EventOutboxRefused)
	r.refused.Add(ctx, 1, metric.WithAttributes(
		attribute.String(names.MailKind, e.Kind), attribute.String(names.Reason, fault.ReasonOf(err))))
	return worker.Backoff(e.Attempts, refusedInitial, refusedMax)
}

func (r *Relay) logWith(e Event) *slog.Logger {
	return r.logger.With(names.OutboxEventID, e.ID.String(), names.ReservationID, e.Reservation.ID.String(),
		names.MailKind, e.Kind, names.Count, e.Attempts)
}

// isPermanent reports whether the receiver has understood and said no, a 4xx, which
// it will say again.
func isPermanent(err error) bool {
	switch fault.CodeOf(err) {
	case fault.Unavailable, fault.Timeout, fault.RateLimited, fault.Internal:
		return false
	}
	return true
}
