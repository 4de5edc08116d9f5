// Package worker runs loops that consume a queue: again at once while there is
// work, on a wake-up or a poll while there is none, and with growing delays
// while a dependency is down.
package worker

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"
)

const (
	pollInterval = 200 * time.Millisecond // another replica may add work without a wake-up here
	maxDelay     = 5 * time.Second
)

// Loop runs rounds of work. The zero Loop is ready for use.
type Loop struct {
	once   sync.Once
	wakeup chan struct{}
}

// Round does part of the work and returns how many items it has done. healthy is
// false when a dependency was down.
type Round func(context.Context) (done int, healthy bool)

func (l *Loop) wakeups() chan struct{} {
	l.once.Do(func() { l.wakeup = make(chan struct{}, 1) })
	return l.wakeup
}

// Wake starts the next round soon, because there may be work. It never blocks.
func (l *Loop) Wake() {
	select {
	case l.wakeups() <- struct{}{}:
	default:
	}
}

// Run does rounds until ctx ends. It does not interrupt a round: the context of
// a round outlives ctx.
func (l *Loop) Run(ctx context.Context, round Round) error {
	delay := pollInterval
	for {
		done, healthy := round(context.WithoutCancel(ctx))
		if ctx.Err() != nil {
			return nil
		}
		wakeups := l.wakeups()
		if healthy {
			delay = pollInterval
		} else {
			delay, wakeups = min(2*delay, maxDelay), nil // new work does not repair a dependency
		}
		if healthy && done > 0 {
			continue // there may be more, or items that waited for those just done
		}
		select {
		case <-ctx.Done():
			return nil
		case <-wakeups:
		case <-time.After(delay):
		}
	}
}

// Backoff is the exponential backoff after a number of attempts: first, doubled
// for each further attempt, at most limit. Jitter of up to one half keeps items
// that failed together from being retried together.
//
// It is a function of the attempt count because that count is stored with the
// item and survives the process. The backoff of cenkalti/backoff keeps its state
// in memory and cannot start from a count.
func Backoff(attempts int, first, limit time.Duration) time.Duration {
	d := limit
	if n := min(max(attempts-1, 0), 30); first <= limit>>n {
		d = first << n
	}
	return d/2 + rand.N(d/2+1)
}
