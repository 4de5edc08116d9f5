package postgres

import (
	"context"
	"encoding/binary"
	"time"

	"github.com/google/uuid"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/trace"

	"jari.example/services/reservation"
	"jari.example/telemetry/names"
)

// scope names this package's instruments.
const scope = "jari.example/services/reservation/postgres"

// dinerLock is the key of the advisory lock that a diner's requests take, one
// after the other, before any slot's: MaxLive and overlaps hold between
// requests of one diner that run at the same instant, too.
func dinerLock(diner uuid.UUID) int64 {
	return int64(binary.BigEndian.Uint64(diner[:8]) ^ binary.BigEndian.Uint64(diner[8:]))
}

// Book implements [reservation.Store]. Whoever stops waiting before their
// booking is sent is not booked; after that, only their key knows.
func (s *Store) Book(ctx context.Context, b reservation.Booking) (reservation.Outcome, error) {
	if ctx.Err() != nil {
		return reservation.Outcome{}, explain(ctx, ctx.Err())
	}
	began := time.Now()
	t := newTicket(ctx, b)
	alone, err := s.groups.book(t)
	if err != nil {
		return reservation.Outcome{}, err
	}
	if alone { // its statement stands in its own trace
		defer s.groups.busy.Done()
		s.groups.alone(t)
	}
	out, err := t.wait()
	if !alone {
		_, span := otel.Tracer(scope).Start(ctx, names.SpanBookWait, trace.WithTimestamp(began), trace.WithLinks(t.decidedBy()...))
		span.End()
	}
	return out, err
}

// Remembered implements [reservation.Store].
func (s *Store) Remembered(ctx context.Context, op string, a reservation.Act) (reservation.Outcome, error) {
	t := newTicket(ctx, memory{op, a})
	if err := s.groups.recall(t); err != nil {
		return reservation.Outcome{}, err
	}
	return t.wait()
}

// ticket is a request that others answer, together with what else waits.
type ticket[Q any] struct {
	ask   Q
	ctx   context.Context // of who asks; nothing is begun for those who have left
	tries int
	batch trace.SpanContext // of the transaction that decided
	out   reservation.Outcome
	err   error
	done  chan struct{} // closed once the above is there
}

func newTicket[Q any](ctx context.Context, ask Q) *ticket[Q] {
	return &ticket[Q]{ask: ask, ctx: ctx, done: make(chan struct{})}
}

func (t *ticket[Q]) wait() (reservation.Outcome, error) {
	select {
	case <-t.done:
		return t.out, explain(t.ctx, t.err)
	case <-t.ctx.Done():
		return reservation.Outcome{}, explain(t.ctx, t.ctx.Err())
	}
}

// decidedBy links to the transaction, once it is known.
func (t *ticket[Q]) decidedBy() []trace.Link {
	select {
	case <-t.done:
		if t.batch.IsValid() {
			return []trace.Link{{SpanContext: t.batch}}
		}
	default:
	}
	return nil
}
