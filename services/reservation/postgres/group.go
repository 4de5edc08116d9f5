package postgres

import (
	"context"
	"sync"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/trace"

	"jari.example/internal/fault"
	"jari.example/services/reservation"
	"jari.example/services/reservation/observe"
	"jari.example/telemetry/names"
	"jari.example/telemetry/pgxtelemetry"
)

// The limits of group commit. The figures were measured
// (docs/decisions/0009-when-a-booking-goes-alone.md, 0024).
const (
	workers            = 4
	maxGroup           = 256  // bookings in one transaction
	maxQueue           = 1024 // bookings that wait for one worker
	singleMax          = 8    // bookings in flight up to which one may be committed singly
	transactionTimeout = 5 * time.Second
	lookupInterval     = 2 * time.Millisecond // between two queries for keys
)

// groupCommitter books: with few bookings in flight, each in a transaction of
// its own (single commit); otherwise many in one transaction (group commit), so
// that they share one round trip and one write of the log to disk.
//
// # Steps
//
//  1. Do admits a booking. It is refused when the committer is closed
//     (unavailable) or the worker's queue is full (overloaded: backpressure).
//     Otherwise it counts as in flight until complete.
//  2. Single commit (single.go): if fewer than singleMax bookings are in flight,
//     were so on average lately, and none of them is for the same slot, the
//     caller's goroutine runs one statement in one transaction. If that statement
//     does not book, it cannot say why; the booking then continues at step 5 as a
//     group of one.
//  3. Group commit: the booking goes to the queue of the worker that its slot is
//     hashed to. So two transactions of one process never compete for a slot,
//     except for single commits and commands.
//  4. The worker takes everything that waits, up to maxGroup, without a timer.
//     While its transaction runs the next group gathers: the more bookings
//     arrive, the more each commit carries.
//  5. commit drops the bookings whose caller has left, and runs one transaction
//     in one round trip (decide): advisory locks of the diners, then row locks of
//     the slots, both in sorted order, so that groups do not deadlock; then, as a
//     new statement with a new snapshot, bookGroupSQL decides and writes
//     everything. A statement that decided while it waited for a lock would
//     decide on the snapshot from before the wait.
//  6. Each booking gets its result (resolve). Bookings that only lost against
//     others of their own group are returned and lead the next group, at most
//     maxAttempts times.
//  7. complete hands the results to the callers, after the commit is known.
//
// # Invariants
//
//   - A caller gets a success only after its transaction has committed.
//   - A booking is in exactly one place: a queue, a group, or completed. Each
//     admitted booking is completed exactly once, also during close.
//   - No caller's context ends a group's transaction: it belongs to all of them.
//   - After a timeout or a lost connection the result is unknown and is not
//     retried here; the caller's idempotency key finds it.
//   - An error that one booking's values cause (SQLSTATE classes 22, 23) fails
//     that booking only: the group is run again one by one.
//   - inFlight is the sum of inFlightBySlot.
type groupCommitter struct {
	pool     *pgxtelemetry.Pool
	metrics  groupMetrics
	recorder observe.Metrics
	running  sync.WaitGroup // workers, and callers that commit singly
	lookups  chan *pending[keyLookup]

	mu              sync.Mutex
	closed          bool
	queues          [workers]chan *pending[reservation.Booking]
	inFlightBySlot  map[reservation.SlotID]int // bookings admitted and not completed
	inFlight        int
	inFlightAverage float64 // moving average of inFlight over the last 16 admissions or so
}

func newGroupCommitter(pool *pgxtelemetry.Pool, recorder observe.Metrics) *groupCommitter {
	g := &groupCommitter{
		pool: pool, recorder: recorder,
		inFlightBySlot: map[reservation.SlotID]int{}, lookups: make(chan *pending[keyLookup], maxQueue),
	}
	for i := range g.queues {
		queue := make(chan *pending[reservation.Booking], maxQueue)
		g.queues[i] = queue
		g.running.Go(func() { serveQueue(queue, g.commitGroup) })
	}
	g.running.Go(func() { serveQueue(g.lookups, paced(lookupInterval, g.lookupGroup)) })
	g.metrics = newGroupMetrics(g.queued)
	return g
}

// close completes every admitted booking and admits no more.
func (g *groupCommitter) close() {
	g.mu.Lock()
	if !g.closed {
		g.closed = true
		for _, queue := range g.queues {
			close(queue)
		}
		close(g.lookups)
	}
	g.mu.Unlock()
	g.running.Wait()
	g.metrics.close()
}

// Do books b and returns when the result is durable, or when ctx ends. A caller
// that leaves before its transaction begins is not booked; if it leaves later
// the result is unknown, and its idempotency key finds it.
func (g *groupCommitter) Do(ctx context.Context, b reservation.Booking) (reservation.Outcome, error) {
	if ctx.Err() != nil {
		return reservation.Outcome{}, toFault(ctx, ctx.Err())
	}
	began := time.Now()
	p := newPending(ctx, b)
	single, err := g.admit(p)
	if err != nil {
		return reservation.Outcome{}, err
	}
	if single { // its statement is a span of the caller's own trace
		defer g.running.Done()
		g.commitSingle(p)
		return p.wait()
	}
	out, err := p.wait()
	_, span := otel.Tracer(scope).Start(ctx, names.SpanBookWait, trace.WithTimestamp(began), trace.WithLinks(p.transactionLink()...))
	span.End()
	return out, err
}

// admit puts p into a worker's queue, or reports that the caller shall commit it
// singly and call running.Done afterwards.
//
// The average keeps a burst together: a group commit completes many bookings at
// once, and their callers' next bookings arrive one by one while inFlight is
// low.
func (g *groupCommitter) admit(p *pending[reservation.Booking]) (single bool, err error) {
	slot := p.request.SlotID
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return false, errShuttingDown
	}
	g.inFlightAverage += (float64(g.inFlight) - g.inFlightAverage) / 16
	single = g.inFlight < singleMax && g.inFlightAverage < singleMax && g.inFlightBySlot[slot] == 0
	if single {
		g.metrics.single.Add(p.ctx, 1)
		g.running.Add(1)
	} else {
		select {
		case g.queues[uint64(slot)*0x9E3779B97F4A7C15>>32%workers] <- p: // spreads neighbouring ids
		default:
			g.metrics.shed.Add(p.ctx, 1)
			return false, errOverloaded
		}
	}
	g.inFlightBySlot[slot]++
	g.inFlight++
	return single, nil
}

// complete hands the results of ps to their callers.
func (g *groupCommitter) complete(ps ...*pending[reservation.Booking]) {
	g.mu.Lock()
	for _, p := range ps {
		g.inFlight--
		if g.inFlightBySlot[p.request.SlotID]--; g.inFlightBySlot[p.request.SlotID] == 0 {
			delete(g.inFlightBySlot, p.request.SlotID)
		}
	}
	g.mu.Unlock()
	for _, p := range ps {
		close(p.done)
	}
}

// queued is how many bookings wait in the workers' queues.
func (g *groupCommitter) queued() (n int) {
	for _, queue := range g.queues {
		n += len(queue)
	}
	return n
}

var (
	errOverloaded = fault.New(fault.Unavailable, "overloaded", "Too many people want these seats at once. Please try again.").
			After(time.Second)
	errShuttingDown = fault.New(fault.Unavailable, "unavailable", "The service is about to stop. Please try again.").
			After(time.Second)
)
