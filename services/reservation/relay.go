package reservation

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"jari.example/services/internal/fault"
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
	pollEvery  = 200 * time.Millisecond
	leaseBatch = 32
	leaseFor   = 15 * time.Second
	tellWithin = 3 * time.Second
	tellers    = 8 // at once; leaseBatch/tellers*tellWithin < leaseFor
	restMost   = 5 * time.Second
	retryMost  = time.Minute
)

// Relay carries events from the outbox to whoever tells diners, those of one
// reservation in order.
type Relay struct {
	outbox Outbox
	to     Notifications
	logger *slog.Logger
	woken  chan struct{}
}

// NewRelay makes a Relay; Run starts it.
func NewRelay(outbox Outbox, to Notifications, logger *slog.Logger) *Relay {
	return &Relay{outbox: outbox, to: to, logger: logger, woken: make(chan struct{}, 1)}
}

// Wake says that there may be something to carry. It never blocks.
func (r *Relay) Wake() {
	select {
	case r.woken <- struct{}{}:
	default:
	}
}

// Run works until ctx ends, and finishes what it has leased. While the receiver
// or the outbox is away it rests longer and longer.
func (r *Relay) Run(ctx context.Context) error {
	rest := pollEvery
	for {
		told, well := r.round(context.WithoutCancel(ctx))
		if !well {
			rest = min(2*rest, restMost)
		} else {
			rest = pollEvery
		}
		if ctx.Err() == nil && well && told > 0 {
			continue // there may be more, or what stood behind what is told
		}
		woken := r.woken
		if !well {
			woken = nil // new events do not make the receiver well
		}
		select {
		case <-ctx.Done():
			return nil
		case <-woken:
		case <-time.After(rest):
		}
	}
}

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
	var away atomic.Bool
	var done atomic.Int64
	var wg sync.WaitGroup
	slots := make(chan struct{}, tellers)
	for _, e := range events { // no two of one reservation
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			switch code := fault.CodeOf(r.deliver(ctx, e)); code {
			case "":
				done.Add(1)
			case fault.Unavailable, fault.Timeout:
				away.Store(true)
			}
		})
	}
	wg.Wait()
	return int(done.Load()), !away.Load()
}

// deliver tells one event in a span that belongs to the trace of the request
// behind it, and settles it with the outbox.
func (r *Relay) deliver(ctx context.Context, e Event) error {
	ctx, cancel := context.WithTimeout(ctx, tellWithin)
	defer cancel()
	ctx = propagation.TraceContext{}.Extract(ctx, propagation.MapCarrier{"traceparent": e.Traceparent})
	ctx, span := otel.Tracer("jari.example/services/reservation").Start(ctx, names.SpanOutboxDeliver, trace.WithAttributes(
		attribute.String(names.OutboxEventID, e.ID.String()),
		attribute.String(names.ReservationID, e.Reservation.ID.String()),
		attribute.String(names.MailKind, e.Kind)))
	defer span.End()

	attrs := []any{
		names.OutboxEventID, e.ID.String(), names.ReservationID, e.Reservation.ID.String(),
		names.MailKind, e.Kind, names.Count, e.Attempts,
	}
	err := r.to.Tell(ctx, e)
	// Settling must not depend on how long the receiver has taken.
	settle, cancel := context.WithTimeout(context.WithoutCancel(ctx), tellWithin)
	defer cancel()
	if err != nil {
		span.SetStatus(codes.Error, fault.ReasonOf(err))
		r.logger.WarnContext(ctx, "event not delivered", append(attrs, names.EventName, names.EventOutboxFailed,
			names.Reason, fault.ReasonOf(err), names.Exception, err.Error())...)
		// Should this fail too, the lease ends by itself.
		_ = r.outbox.Postpone(settle, e.Seq, time.Now().Add(backoff(e.Attempts)))
		return err
	}
	if err := r.outbox.Delivered(settle, e.Seq); err != nil {
		return err // told again after the lease, and known by its id
	}
	r.logger.InfoContext(ctx, "event delivered", append(attrs, names.EventName, names.EventOutboxDelivered)...)
	return nil
}

// backoff doubles with each attempt up to retryMost and is spread by half, so
// that what failed together does not return together.
func backoff(attempts int) time.Duration {
	d := min(pollEvery<<min(attempts, 16), retryMost)
	return d/2 + rand.N(d/2)
}
