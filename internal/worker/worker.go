// Package pace is how a worker that empties a queue keeps time: at once while
// there is work, woken when some comes, and ever more seldom while what it needs
// is away.
package worker

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"
)

const (
	pollEvery = 200 * time.Millisecond // work may come from another replica, which wakes nobody here
	restMost  = 5 * time.Second
)

// Loop does rounds of work. The zero Loop is ready for use.
type Loop struct {
	once sync.Once
	bell chan struct{}
}

// Round does some of the work and says how much it has done; well is false if
// something it needs was away.
type Round func(context.Context) (done int, well bool)

func (l *Loop) woken() chan struct{} {
	l.once.Do(func() { l.bell = make(chan struct{}, 1) })
	return l.bell
}

// Wake says that there may be work. It never blocks.
func (l *Loop) Wake() {
	select {
	case l.woken() <- struct{}{}:
	default:
	}
}

// Run does rounds until ctx ends, and lets the last one finish what it has
// begun.
func (l *Loop) Run(ctx context.Context, round Round) error {
	rest := pollEvery
	for {
		done, well := round(context.WithoutCancel(ctx))
		if ctx.Err() != nil {
			return nil
		}
		woken := l.woken()
		if well {
			rest = pollEvery
		} else {
			rest, woken = min(2*rest, restMost), nil // new work does not make anything well
		}
		if well && done > 0 {
			continue // there may be more, or what stood behind what is done
		}
		select {
		case <-ctx.Done():
			return nil
		case <-woken:
		case <-time.After(rest):
		}
	}
}

// Backoff is how long to wait after so many attempts: twice as long each time,
// from first to most, spread by half, so that what failed together does not
// return together.
func Backoff(attempts int, first, most time.Duration) time.Duration {
	d := most
	if n := min(max(attempts-1, 0), 30); first <= most>>n {
		d = first << n
	}
	return d/2 + rand.N(d/2+1)
}
