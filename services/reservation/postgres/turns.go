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
	changesAtOnce  = 4
	changesWaiting = 256
)

// turns lets changes at the pool.
type turns struct {
	free    chan struct{}
	waiting atomic.Int32
}

func newTurns() *turns { return &turns{free: make(chan struct{}, changesAtOnce)} }

// take waits for a turn. Its error is errOverloaded where too many wait
// already, or ctx's.
func (t *turns) take(ctx context.Context) (done func(), err error) {
	if t.waiting.Add(1) > changesWaiting {
		t.waiting.Add(-1)
		return nil, errOverloaded
	}
	defer t.waiting.Add(-1)
	select {
	case t.free <- struct{}{}:
		return func() { <-t.free }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
