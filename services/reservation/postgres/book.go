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
		return reservation.Outcome{}, toFault(ctx, ctx.Err())
	}
	began := time.Now()
	t := newPending(ctx, b)
	alone, err := s.commits.admit(t)
	if err != nil {
		return reservation.Outcome{}, err
	}
	if alone { // its statement stands in its own trace
		defer s.commits.running.Done()
		s.commits.commitSingle(t)
	}
	out, err := t.wait()
	if !alone {
		_, span := otel.Tracer(scope).Start(ctx, names.SpanBookWait, trace.WithTimestamp(began), trace.WithLinks(t.transactionLink()...))
		span.End()
	}
	return out, err
}

// Replay implements [reservation.Store].
func (s *Store) Replay(ctx context.Context, op string, a reservation.CommandMeta) (reservation.Outcome, error) {
	t := newPending(ctx, keyLookup{op, a})
	if err := s.commits.lookup(t); err != nil {
		return reservation.Outcome{}, err
	}
	return t.wait()
}

// pending is a request that others answer, together with what else waits.
type pending[Q any] struct {
	request  Q
	ctx      context.Context // of who asks; nothing is begun for those who have left
	attempts int
	batch    trace.SpanContext // of the transaction that decided
	outcome  reservation.Outcome
	err      error
	done     chan struct{} // closed once the above is there
}

func newPending[Q any](ctx context.Context, ask Q) *pending[Q] {
	return &pending[Q]{request: ask, ctx: ctx, done: make(chan struct{})}
}

func (t *pending[Q]) wait() (reservation.Outcome, error) {
	select {
	case <-t.done:
		return t.outcome, toFault(t.ctx, t.err)
	case <-t.ctx.Done():
		return reservation.Outcome{}, toFault(t.ctx, t.ctx.Err())
	}
}

// transactionLink links to the transaction, once it is known.
func (t *pending[Q]) transactionLink() []trace.Link {
	select {
	case <-t.done:
		if t.batch.IsValid() {
			return []trace.Link{{SpanContext: t.batch}}
		}
	default:
	}
	return nil
}
