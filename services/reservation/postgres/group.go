package postgres

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"jari.example/internal/fault"
	"jari.example/services/reservation"
	"jari.example/services/reservation/observe"
	"jari.example/telemetry"
	"jari.example/telemetry/names"
)

// How bookings are grouped. The figures were measured (docs/decisions).
const (
	workers            = 4
	maxGroup           = 256
	maxQueue           = 1024
	singleMax          = 8               // at most so many bookings under way are sent alone
	transactionTimeout = 5 * time.Second // of a transaction, whoever waits for it
)

// groupCommitter sends bookings: one by one while it is calm, together when it is not.
//
// Each slot belongs to one worker, which takes whatever waits for it, without
// any timer, and sends that as one transaction in one round trip. While the
// transaction runs the next group gathers; so the more come, the more each
// commit carries.
type groupCommitter struct {
	pool     *telemetry.Pool
	metrics  groupMetrics
	recorder observe.Metrics
	running  sync.WaitGroup
	lookups  chan *pending[keyLookup]

	mu              sync.Mutex
	closed          bool
	queues          [workers]chan *pending[reservation.Booking]
	inFlightBySlot  map[reservation.SlotID]int // bookings accepted and not answered, by slot
	inFlight        int                        // and all together
	inFlightAverage float64                    // what flies was of late
}

func newGroupCommitter(pool *telemetry.Pool, tally observe.Metrics) *groupCommitter {
	g := &groupCommitter{pool: pool, recorder: tally, inFlightBySlot: map[reservation.SlotID]int{}, lookups: make(chan *pending[keyLookup], maxQueue)}
	for i := range g.queues {
		queue := make(chan *pending[reservation.Booking], maxQueue)
		g.queues[i] = queue
		g.running.Go(func() { serveQueue(queue, g.commitGroup) })
	}
	g.running.Go(func() { serveQueue(g.lookups, g.lookupGroup) })
	g.metrics = newGroupMetrics(g.queued)
	return g
}

// close answers everything that was accepted. Nothing is accepted any more.
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

func (g *groupCommitter) queued() (n int) {
	for _, queue := range g.queues {
		n += len(queue)
	}
	return n
}

// serveQueue hands serve whatever is in the queue, up to groupMax at once, until the
// queue is closed and empty. What serve returns comes first in its next round.
func serveQueue[T any](queue <-chan T, serve func([]T) []T) {
	var group []T
	for {
		if len(group) == 0 {
			t, ok := <-queue
			if !ok {
				return
			}
			group = append(group, t)
		}
	drain:
		for len(group) < maxGroup {
			select {
			case t, ok := <-queue:
				if !ok {
					break drain
				}
				group = append(group, t)
			default:
				break drain
			}
		}
		group = serve(group)
	}
}

// admit sends the booking on its way, or says that it goes alone: the caller then
// calls alone, and busy.Done after it. It goes alone when few bookings are under
// way, were so of late, and none of them is for the same slot: then a
// group would hold one or two, and all that would come of it is the wait for its
// worker. "Of late" is what keeps a crowd together, which a commit has just
// answered all at once and which returns one by one.
func (g *groupCommitter) admit(t *pending[reservation.Booking]) (alone bool, err error) {
	slot := t.request.SlotID
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return false, errShuttingDown
	}
	g.inFlightAverage += (float64(g.inFlight) - g.inFlightAverage) / 16
	alone = g.inFlight < singleMax && g.inFlightAverage < singleMax && g.inFlightBySlot[slot] == 0
	if alone {
		g.metrics.single.Add(t.ctx, 1)
		g.running.Add(1)
	} else {
		select {
		case g.queues[uint64(slot)*0x9E3779B97F4A7C15>>32%workers] <- t: // neighbours apart
		default:
			g.metrics.shed.Add(t.ctx, 1)
			return false, errOverloaded
		}
	}
	g.inFlightBySlot[slot]++
	g.inFlight++
	return alone, nil
}

// complete gives the tickets back to who waits for them.
func (g *groupCommitter) complete(tickets []*pending[reservation.Booking]) {
	g.mu.Lock()
	for _, t := range tickets {
		g.inFlight--
		if g.inFlightBySlot[t.request.SlotID]--; g.inFlightBySlot[t.request.SlotID] == 0 {
			delete(g.inFlightBySlot, t.request.SlotID)
		}
	}
	g.mu.Unlock()
	for _, t := range tickets {
		close(t.done)
	}
}

var (
	errOverloaded = fault.New(fault.Unavailable, "overloaded", "Too many people want these seats at once. Please try again.").
			After(time.Second)
	errShuttingDown = fault.New(fault.Unavailable, "unavailable", "The service is about to stop. Please try again.").
			After(time.Second)
)

// commitGroup sends a group, and returns those that must be asked about again.
func (g *groupCommitter) commitGroup(group []*pending[reservation.Booking]) []*pending[reservation.Booking] {
	ctx, span := otel.Tracer(scope).Start(context.Background(), names.SpanBookBatch, trace.WithNewRoot(), trace.WithLinks(memberLink(group)...))
	defer span.End()
	for _, t := range group {
		t.batch = span.SpanContext()
	}
	g.metrics.batch.Record(ctx, int64(len(group)))
	again, err := g.commit(ctx, group)
	if err != nil { // so that it is kept, whether or not a member's trace is
		span.SetStatus(codes.Error, "")
	}
	return again
}

// memberLink links to one member, with whose trace the group's is kept: all of them
// link here. It is one that is kept for certain if there is any.
func memberLink(group []*pending[reservation.Booking]) []trace.Link {
	var member trace.SpanContext
	for _, t := range group {
		if sc := trace.SpanContextFromContext(t.ctx); !member.IsValid() || sc.IsSampled() {
			member = sc
		}
		if member.IsSampled() {
			break
		}
	}
	return []trace.Link{{SpanContext: member}}
}

// commit lets one transaction decide the group, without those who have left
// meanwhile. No client's leaving breaks it off, and nobody is told anything
// before the commit is known. err is the transaction's.
func (g *groupCommitter) commit(ctx context.Context, group []*pending[reservation.Booking]) (again []*pending[reservation.Booking], err error) {
	var left, here []*pending[reservation.Booking]
	for _, t := range group {
		if t.err = t.ctx.Err(); t.err != nil {
			left = append(left, t)
		} else {
			here = append(here, t)
		}
	}
	g.complete(left)
	if len(here) == 0 {
		return nil, nil
	}
	sending, cancel := context.WithTimeout(ctx, transactionTimeout)
	defer cancel()
	decided, again, err := g.decide(sending, here)
	switch {
	case err == nil:
	case isConflict(err): // nothing has happened, and the next snapshot sees who was faster
		time.Sleep(rand.N(time.Millisecond))
		again = here
	case len(here) > 1 && isDataError(err):
		for _, t := range here {
			rest, _ := g.commit(ctx, []*pending[reservation.Booking]{t})
			again = append(again, rest...)
		}
		return again, err
	default: // whether it is booked is not known for any of them; each one's key finds it
		for _, t := range here {
			t.err = err
		}
		decided = here
	}
	again = g.retryOrRefuse(again)
	g.complete(decided)
	return again, err
}

// retryOrRefuse sends those away who have been asked about too often.
func (g *groupCommitter) retryOrRefuse(group []*pending[reservation.Booking]) (rest []*pending[reservation.Booking]) {
	for _, t := range group {
		if t.attempts++; t.attempts < maxAttempts {
			rest = append(rest, t)
		} else {
			t.err = errOverloaded
			g.complete([]*pending[reservation.Booking]{t})
		}
	}
	return rest
}

// isDataError reports whether a value of one member made the transaction fail, and
// nothing was written: it shall harm only itself.
func isDataError(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (strings.HasPrefix(pg.Code, "22") || strings.HasPrefix(pg.Code, "23"))
}
