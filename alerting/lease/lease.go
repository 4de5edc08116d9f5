// Package lease lets one of several replicas act. The one that holds the
// lease has a term, a number that grows with every change of holder; stores
// refuse writes of a term that is over, so a replica that was paused for a
// minute and wakes up believing in its lease can do no harm.
package lease

import (
	"context"
	"errors"
	"time"
)

// Term is one holder's reign; the fencing number.
type Term int64

// ErrLost is returned by a write of a term that is over.
var ErrLost = errors.New("the lease was lost to another replica")

// Store keeps the lease.
type Store interface {
	// Acquire takes or renews the lease for ttl. ok is false while another
	// holder has it.
	Acquire(ctx context.Context, holder string, ttl time.Duration) (term Term, ok bool, err error)
	// Release gives it up, so that nobody has to wait for its end. Releasing
	// what one does not hold does nothing.
	Release(ctx context.Context, holder string) error
}

// Elector takes part in the election.
type Elector struct {
	Store    Store
	HolderID string // unique to the process
	TTL      time.Duration
	// Report hears of a lease that was won or lost (err nil), and of a store
	// that could not be asked.
	Report func(held bool, err error)
}

// Run waits for the lease, runs work while it is held, and begins again when
// it was lost, until ctx ends. The context given to work ends with the lease.
func (h Elector) Run(ctx context.Context, work func(context.Context, Term)) {
	for ctx.Err() == nil {
		term, ok, err := h.Store.Acquire(ctx, h.HolderID, h.TTL)
		if err != nil && ctx.Err() == nil {
			h.Report(false, err)
		}
		if err != nil || !ok {
			pause(ctx, h.TTL/5)
			continue
		}
		h.Report(true, nil)
		h.runWhileHeld(ctx, term, work)
		if ctx.Err() == nil {
			h.Report(false, nil)
		}
	}
	// ctx is over, but the next replica should not have to wait.
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	if err := h.Store.Release(last, h.HolderID); err != nil {
		h.Report(false, err)
	}
}

func (h Elector) runWhileHeld(ctx context.Context, term Term, work func(context.Context, Term)) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	done := make(chan struct{})
	go func() {
		defer close(done)
		work(ctx, term)
	}()
	defer func() { cancel(); <-done }()

	until := time.Now().Add(h.TTL)
	for {
		pause(ctx, h.TTL/5)
		if ctx.Err() != nil {
			return
		}
		asked := time.Now()
		again, ok, err := h.Store.Acquire(ctx, h.HolderID, h.TTL)
		switch {
		case err != nil && ctx.Err() == nil:
			h.Report(true, err)
		case err == nil && (!ok || again != term):
			return
		case err == nil:
			until = asked.Add(h.TTL)
		}
		// Slack knows no terms, so work ends while the lease still holds.
		if !time.Now().Before(until.Add(-h.TTL / 5)) {
			return
		}
	}
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
