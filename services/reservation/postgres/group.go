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
	"jari.example/telemetry"
	"jari.example/telemetry/names"
)

// How bookings are grouped. The figures were measured (docs/decisions).
const (
	workers  = 4
	groupMax = 256
	queueMax = 1024
	calm     = 8               // at most so many bookings under way are sent alone
	patience = 5 * time.Second // of a transaction, whoever waits for it
)

// groups sends bookings: one by one while it is calm, together when it is not.
//
// Each slot belongs to one worker, which takes whatever waits for it, without
// any timer, and sends that as one transaction in one round trip. While the
// transaction runs the next group gathers; so the more come, the more each
// commit carries.
type groups struct {
	pool   *telemetry.Pool
	meters meters
	tally  reservation.Tally
	busy   sync.WaitGroup
	asks   chan *ticket[memory]

	mu     sync.Mutex
	closed bool
	queues [workers]chan *ticket[reservation.Booking]
	flying map[reservation.SlotID]int // bookings accepted and not answered, by slot
	flies  int                        // and all together
	crowd  float64                    // what flies was of late
}

func newGroups(pool *telemetry.Pool, tally reservation.Tally) *groups {
	g := &groups{pool: pool, tally: tally, flying: map[reservation.SlotID]int{}, asks: make(chan *ticket[memory], queueMax)}
	for i := range g.queues {
		queue := make(chan *ticket[reservation.Booking], queueMax)
		g.queues[i] = queue
		g.busy.Go(func() { gather(queue, g.together) })
	}
	g.busy.Go(func() { gather(g.asks, g.recollect) })
	g.meters = newMeters(g.waiting)
	return g
}

// close answers everything that was accepted. Nothing is accepted any more.
func (g *groups) close() {
	g.mu.Lock()
	if !g.closed {
		g.closed = true
		for _, queue := range g.queues {
			close(queue)
		}
		close(g.asks)
	}
	g.mu.Unlock()
	g.busy.Wait()
	g.meters.close()
}

func (g *groups) waiting() (n int) {
	for _, queue := range g.queues {
		n += len(queue)
	}
	return n
}

// gather hands serve whatever is in the queue, up to groupMax at once, until the
// queue is closed and empty. What serve returns comes first in its next round.
func gather[T any](queue <-chan T, serve func([]T) []T) {
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
		for len(group) < groupMax {
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

// book sends the booking on its way, or says that it goes alone: the caller then
// calls alone, and busy.Done after it. It goes alone when few bookings are under
// way, were so of late, and none of them is for the same slot: then a
// group would hold one or two, and all that would come of it is the wait for its
// worker. "Of late" is what keeps a crowd together, which a commit has just
// answered all at once and which returns one by one.
func (g *groups) book(t *ticket[reservation.Booking]) (alone bool, err error) {
	slot := t.ask.SlotID
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return false, errStopping
	}
	g.crowd += (float64(g.flies) - g.crowd) / 16
	alone = g.flies < calm && g.crowd < calm && g.flying[slot] == 0
	if alone {
		g.meters.alone.Add(t.ctx, 1)
		g.busy.Add(1)
	} else {
		select {
		case g.queues[uint64(slot)*0x9E3779B97F4A7C15>>32%workers] <- t: // neighbours apart
		default:
			g.meters.shed.Add(t.ctx, 1)
			return false, errOverloaded
		}
	}
	g.flying[slot]++
	g.flies++
	return alone, nil
}

// answered gives the tickets back to who waits for them.
func (g *groups) answered(tickets []*ticket[reservation.Booking]) {
	g.mu.Lock()
	for _, t := range tickets {
		g.flies--
		if g.flying[t.ask.SlotID]--; g.flying[t.ask.SlotID] == 0 {
			delete(g.flying, t.ask.SlotID)
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
	errStopping = fault.New(fault.Unavailable, "unavailable", "The service is about to stop. Please try again.").
			After(time.Second)
)

// together sends a group, and returns those that must be asked about again.
func (g *groups) together(group []*ticket[reservation.Booking]) []*ticket[reservation.Booking] {
	ctx, span := otel.Tracer(scope).Start(context.Background(), names.SpanBookBatch, trace.WithNewRoot(), trace.WithLinks(onBehalf(group)...))
	defer span.End()
	for _, t := range group {
		t.batch = span.SpanContext()
	}
	g.meters.batch.Record(ctx, int64(len(group)))
	again, err := g.send(ctx, group)
	if err != nil { // so that it is kept, whether or not a member's trace is
		span.SetStatus(codes.Error, "")
	}
	return again
}

// onBehalf links to one member, with whose trace the group's is kept: all of them
// link here. It is one that is kept for certain if there is any.
func onBehalf(group []*ticket[reservation.Booking]) []trace.Link {
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

// send lets one transaction decide the group, without those who have left
// meanwhile. No client's leaving breaks it off, and nobody is told anything
// before the commit is known. err is the transaction's.
func (g *groups) send(ctx context.Context, group []*ticket[reservation.Booking]) (again []*ticket[reservation.Booking], err error) {
	var left, here []*ticket[reservation.Booking]
	for _, t := range group {
		if t.err = t.ctx.Err(); t.err != nil {
			left = append(left, t)
		} else {
			here = append(here, t)
		}
	}
	g.answered(left)
	if len(here) == 0 {
		return nil, nil
	}
	sending, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	decided, again, err := g.decide(sending, here)
	switch {
	case err == nil:
	case lost(err): // nothing has happened, and the next snapshot sees who was faster
		time.Sleep(rand.N(time.Millisecond))
		again = here
	case len(here) > 1 && oneIsBad(err):
		for _, t := range here {
			rest, _ := g.send(ctx, []*ticket[reservation.Booking]{t})
			again = append(again, rest...)
		}
		return again, err
	default: // whether it is booked is not known for any of them; each one's key finds it
		for _, t := range here {
			t.err = err
		}
		decided = here
	}
	again = g.tired(again)
	g.answered(decided)
	return again, err
}

// tired sends those away who have been asked about too often.
func (g *groups) tired(group []*ticket[reservation.Booking]) (rest []*ticket[reservation.Booking]) {
	for _, t := range group {
		if t.tries++; t.tries < tries {
			rest = append(rest, t)
		} else {
			t.err = errOverloaded
			g.answered([]*ticket[reservation.Booking]{t})
		}
	}
	return rest
}

// oneIsBad reports whether a value of one member made the transaction fail, and
// nothing was written: it shall harm only itself.
func oneIsBad(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (strings.HasPrefix(pg.Code, "22") || strings.HasPrefix(pg.Code, "23"))
}
