package postgres

import (
	"context"
	"sync/atomic"
)

// Commands at the database at once, and commands that may wait for that. A
// command holds a connection while it waits for its slots' locks: without this
// bound a crowd that joins one waitlist would hold every connection, and nobody
// could book anything else.
const (
	maxCommands        = 4
	maxWaitingCommands = 256
)

// concurrencyLimiter bounds the commands at the pool (a bulkhead with a bounded
// queue). x/sync's semaphore has no bound on its waiters.
type concurrencyLimiter struct {
	slots   chan struct{}
	waiting atomic.Int32
}

func newConcurrencyLimiter() *concurrencyLimiter {
	return &concurrencyLimiter{slots: make(chan struct{}, maxCommands)}
}

// acquire waits for a place, which release gives back. It returns errOverloaded
// if too many wait already, or ctx's error.
func (l *concurrencyLimiter) acquire(ctx context.Context) (release func(), err error) {
	if l.waiting.Add(1) > maxWaitingCommands {
		l.waiting.Add(-1)
		return nil, errOverloaded
	}
	defer l.waiting.Add(-1)
	select {
	case l.slots <- struct{}{}:
		return func() { <-l.slots }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
