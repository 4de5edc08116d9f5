package postgres

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"jari.example/services/reservation"
	"jari.example/telemetry/names"
)

// serveQueue calls serve with whatever waits in the queue, up to maxGroup at
// once, until the queue is closed and empty. What serve returns leads the next
// call.
func serveQueue[T any](queue <-chan T, serve func([]T) []T) {
	var group []T
	for {
		if len(group) == 0 {
			p, ok := <-queue
			if !ok {
				return
			}
			group = append(group, p)
		}
	drain:
		for len(group) < maxGroup {
			select {
			case p, ok := <-queue:
				if !ok {
					break drain
				}
				group = append(group, p)
			default:
				break drain
			}
		}
		group = serve(group)
	}
}

// paced makes serve return at the earliest an interval after it was called. What
// arrives meanwhile shares the next call, and what arrives after it waits for
// nothing.
func paced[T any](interval time.Duration, serve func([]T) []T) func([]T) []T {
	return func(group []T) []T {
		over := time.After(interval)
		again := serve(group)
		<-over
		return again
	}
}

// commitGroup commits a group in a trace of its own, and returns the bookings
// that must be decided again.
func (g *groupCommitter) commitGroup(group []*pending[reservation.Booking]) []*pending[reservation.Booking] {
	ctx, span := otel.Tracer(scope).Start(context.Background(), names.SpanBookBatch,
		trace.WithNewRoot(), trace.WithLinks(memberLink(group)...))
	defer span.End()
	for _, p := range group {
		p.transaction = span.SpanContext()
	}
	g.metrics.batch.Record(ctx, int64(len(group)))
	again, err := g.commit(ctx, group)
	if err != nil { // an error is always kept, whether or not a member's trace is
		span.SetStatus(codes.Error, "")
	}
	return again
}

// memberLink links the group's trace to one member's, so that both are kept or
// dropped together; every member links back to the group. It prefers a member
// whose trace is certainly kept.
func memberLink(group []*pending[reservation.Booking]) []trace.Link {
	var member trace.SpanContext
	for _, p := range group {
		if sc := trace.SpanContextFromContext(p.ctx); !member.IsValid() || sc.IsSampled() {
			member = sc
		}
		if member.IsSampled() {
			break
		}
	}
	return []trace.Link{{SpanContext: member}}
}

// commit decides the group in one transaction, without the bookings whose
// callers have left. It completes what is decided and returns the rest. err is
// the transaction's.
func (g *groupCommitter) commit(
	ctx context.Context, group []*pending[reservation.Booking],
) (again []*pending[reservation.Booking], err error) {
	var abandoned, present []*pending[reservation.Booking]
	for _, p := range group {
		if p.err = p.ctx.Err(); p.err != nil {
			abandoned = append(abandoned, p)
		} else {
			present = append(present, p)
		}
	}
	g.complete(abandoned...)
	if len(present) == 0 {
		return nil, nil
	}
	txCtx, cancel := context.WithTimeout(ctx, transactionTimeout)
	defer cancel()
	decided, again, err := g.decide(txCtx, present)
	switch {
	case err == nil:
	case isConflict(err): // nothing was written, and the next snapshot sees the other transaction
		time.Sleep(rand.N(time.Millisecond))
		again = present
	case len(present) > 1 && isDataError(err):
		for _, p := range present {
			rest, _ := g.commit(ctx, []*pending[reservation.Booking]{p})
			again = append(again, rest...)
		}
		return again, err
	default: // the result is unknown for all of them; their keys find it
		for _, p := range present {
			p.err = err
		}
		decided = present
	}
	again = g.limitAttempts(again)
	g.complete(decided...)
	return again, err
}

// limitAttempts refuses the bookings that have been decided too often, and
// returns the others.
func (g *groupCommitter) limitAttempts(group []*pending[reservation.Booking]) (rest []*pending[reservation.Booking]) {
	for _, p := range group {
		if p.attempts++; p.attempts < maxAttempts {
			rest = append(rest, p)
		} else {
			p.err = errOverloaded
			g.complete(p)
		}
	}
	return rest
}

// isDataError reports whether the values of one booking made the transaction
// fail, so that nothing was written.
func isDataError(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (strings.HasPrefix(pg.Code, "22") || strings.HasPrefix(pg.Code, "23"))
}
