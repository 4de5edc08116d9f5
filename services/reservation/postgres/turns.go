package postgres

import (
	"context"
	"sync/atomic"
)

// How many changes are at the database at once, and how many more may wait for
// that. A change holds a connection while it waits for its slot; without a bound
// a crowd that joins one line would hold them all, and nobody could book
// anything else.
const (
	maxCommands        = 4
	maxWaitingCommands = 256
)

// concurrencyLimiter lets changes at the pool.
type concurrencyLimiter struct {
	slots   chan struct{}
	waiting atomic.Int32
}

func newConcurrencyLimiter() *concurrencyLimiter {
	return &concurrencyLimiter{slots: make(chan struct{}, maxCommands)}
}

// acquire waits for a turn. Its error is errOverloaded where too many wait
// already, or ctx's.
func (t *concurrencyLimiter) acquire(ctx context.Context) (done func(), err error) {
	if t.waiting.Add(1) > maxWaitingCommands {
		t.waiting.Add(-1)
		return nil, errOverloaded
	}
	defer t.waiting.Add(-1)
	select {
	case t.slots <- struct{}{}:
		return func() { <-t.slots }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
