package faultinject

import (
	"context"
	"sync"
	"time"

	"jari.example/internal/wait"
)

const (
	// maxWaiting limits Pool.Waiting.
	maxWaiting = 1000
	// acquireDelay is how long a caller waits after a connection was refused.
	acquireDelay = 100 * time.Millisecond
)

// KeepBusy lets callers without any use take connections of a pool while the flag PoolBusy
// is on: as many as it has, and some more, which wait for one. acquire takes a connection.
// KeepBusy returns when ctx ends; at once for a nil Injector.
func (i *Injector) KeepBusy(ctx context.Context, connections int, acquire func(context.Context) (release func(), err error)) {
	for i != nil && ctx.Err() == nil {
		i.mu.Lock()
		changed := i.changed
		i.mu.Unlock()
		running, cancel := context.WithCancel(ctx)
		var callers sync.WaitGroup
		if r := i.rules.Load(); r != nil && r.pool != nil {
			for range connections + limited(r.pool.Waiting, maxWaiting) {
				callers.Go(func() { useAgain(running, acquire, time.Duration(r.pool.HoldMS)*time.Millisecond) })
			}
		}
		select {
		case <-changed:
		case <-ctx.Done():
		}
		cancel()
		callers.Wait()
	}
}

// useAgain takes a connection for a while, again and again, until ctx ends.
func useAgain(ctx context.Context, acquire func(context.Context) (release func(), err error), hold time.Duration) {
	for ctx.Err() == nil {
		release, err := acquire(ctx)
		if err != nil {
			_ = wait.For(ctx, acquireDelay)
			continue
		}
		_ = wait.For(ctx, hold)
		release()
	}
}
