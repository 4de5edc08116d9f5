package outbox

import (
	"context"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
	"golang.org/x/sync/errgroup"

	"jari.example/internal/backlog"
	"jari.example/internal/fault"
	"jari.example/internal/worker"
	"jari.example/services/reservation"
	"jari.example/telemetry"
	"jari.example/telemetry/names"
)

// The relay's limits. An event is delivered at least once: if a relay leases it
// and dies, another relay delivers it when the lease ends.
const (
	leaseBatch = 32
	// leaseTTL exceeds leaseBatch/deliveryConcurrency*2*deliverTimeout: the time
	// to deliver every event of a batch and to report it to the store.
	leaseTTL            = 30 * time.Second
	deliverTimeout      = 3 * time.Second
	deliveryConcurrency = 8

	retryInitial   = 400 * time.Millisecond
	retryMax       = time.Minute
	refusedInitial = time.Minute
	refusedMax     = time.Hour
)

const scope = "jari.example/services/reservation" // of spans

// Relay delivers events from the outbox to the receiver, in order for each
// reservation, from as many replicas as run.
//
//  1. poll leases up to 32 due events; of one reservation only the oldest.
//  2. Eight goroutines deliver them, each in a span that continues the trace of
//     the request behind the event.
//  3. A delivered event is deleted. If that fails it is delivered again after
//     its lease; the receiver knows it by its id.
//  4. While the receiver is unavailable the relay backs off, for the single event
//     up to a minute and for polling as a whole.
//  5. An event that the receiver refuses (4xx) would be refused again until one
//     side changes. It is retried after a minute, then two, up to an hour, and
//     reported each time. It is never dropped. It delays the later events of its
//     reservation, which would make no sense without it, and no others.
type Relay struct {
	store    Store
	receiver Receiver
	listener Listener
	loop     worker.Loop
	batches  backlog.Batches
}

// NewRelay returns a relay; Run starts it.
func NewRelay(store Store, receiver Receiver, listener Listener) *Relay {
	return &Relay{store: store, receiver: receiver, listener: listener, batches: backlog.NewBatches(names.QueueOutbox)}
}

// Watch measures the outbox until ctx ends.
func (r *Relay) Watch(ctx context.Context) error {
	return backlog.Watch(ctx, names.QueueOutbox, r.store)
}

// Wake makes the relay poll at once, because there may be an event. It never
// blocks.
func (r *Relay) Wake() { r.loop.Wake() }

// Run works until ctx ends, and finishes the events it has leased.
func (r *Relay) Run(ctx context.Context) error { return r.loop.Run(ctx, r.poll) }

// poll leases once and delivers what it got. ok is false if the store or the
// receiver was unavailable.
func (r *Relay) poll(ctx context.Context) (delivered int, ok bool) {
	leaseCtx, cancel := context.WithTimeout(ctx, deliverTimeout)
	defer cancel()
	now := time.Now()
	events, err := r.store.Lease(leaseCtx, leaseBatch, now, now.Add(leaseTTL))
	if err != nil {
		r.listener.LeaseFailed(ctx, err)
		return 0, false
	}
	r.batches.Record(ctx, len(events))
	var unavailable atomic.Bool
	var done atomic.Int64
	var group errgroup.Group
	group.SetLimit(deliveryConcurrency)
	for _, e := range events { // no two of one reservation
		group.Go(func() error {
			defer func() {
				if p := recover(); p != nil {
					r.listener.Panicked(ctx, p)
				}
			}()
			switch fault.CodeOf(r.deliver(ctx, e)) {
			case "":
				done.Add(1)
			case fault.Unavailable, fault.Timeout, fault.RateLimited:
				unavailable.Store(true)
			}
			return nil // one event's failure does not stop the others
		})
	}
	_ = group.Wait()
	return int(done.Load()), !unavailable.Load()
}

// deliver sends one event to the receiver and reports the result to the store.
func (r *Relay) deliver(ctx context.Context, e reservation.Event) error {
	ctx, cancel := context.WithTimeout(ctx, deliverTimeout)
	defer cancel()
	ctx, span := otel.Tracer(scope).Start(telemetry.Continue(ctx, e.Traceparent), names.SpanOutboxDeliver, trace.WithAttributes(
		attribute.String(names.OutboxEventID, e.ID.String()),
		attribute.String(names.ReservationID, e.Reservation.ID.String()),
		attribute.String(names.MailKind, e.Kind)))
	defer span.End()

	err := r.receiver.Deliver(ctx, e)
	// The store gets a deadline of its own: the receiver may have used up ours.
	storeCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), deliverTimeout)
	defer cancel()
	if err != nil {
		span.SetStatus(codes.Error, fault.ReasonOf(err))
		// If this fails too, the lease ends by itself.
		_ = r.store.Postpone(storeCtx, e.Seq, time.Now().Add(r.reportFailure(ctx, e, err)))
		return err
	}
	if err := r.store.Delivered(storeCtx, e.Seq); err != nil {
		return err // delivered again after the lease
	}
	r.listener.Delivered(ctx, e)
	return nil
}

// reportFailure tells the listener why e was not delivered, and returns when to
// try again.
func (r *Relay) reportFailure(ctx context.Context, e reservation.Event, err error) time.Duration {
	if !isPermanent(err) {
		r.listener.DeliveryFailed(ctx, e, err)
		return worker.Backoff(e.Attempts, retryInitial, retryMax)
	}
	r.listener.DeliveryRefused(ctx, e, err)
	return worker.Backoff(e.Attempts, refusedInitial, refusedMax)
}

// isPermanent reports whether the receiver understood the event and refused it
// (a 4xx), as it would again.
func isPermanent(err error) bool {
	switch fault.CodeOf(err) {
	case fault.Unavailable, fault.Timeout, fault.RateLimited, fault.Internal:
		return false
	}
	return true
}
