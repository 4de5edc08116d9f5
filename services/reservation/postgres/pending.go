package postgres

import (
	"context"

	"go.opentelemetry.io/otel/trace"

	"jari.example/services/reservation"
)

// pending is a request that a worker answers together with others.
type pending[Q any] struct {
	request     Q
	ctx         context.Context // of the caller; nothing is begun for callers that have left
	attempts    int
	transaction trace.SpanContext // that decided it
	outcome     reservation.Outcome
	err         error
	done        chan struct{} // closed once outcome or err is set
}

func newPending[Q any](ctx context.Context, request Q) *pending[Q] {
	return &pending[Q]{request: request, ctx: ctx, done: make(chan struct{})}
}

// wait returns the result, or ctx's error if ctx ends first.
func (p *pending[Q]) wait() (reservation.Outcome, error) {
	select {
	case <-p.done:
		return p.outcome, toFault(p.ctx, p.err)
	case <-p.ctx.Done():
		return reservation.Outcome{}, toFault(p.ctx, p.ctx.Err())
	}
}

// transactionLink links to the transaction that decided, once it is known.
func (p *pending[Q]) transactionLink() []trace.Link {
	select {
	case <-p.done:
		if p.transaction.IsValid() {
			return []trace.Link{{SpanContext: p.transaction}}
		}
	default:
	}
	return nil
}
