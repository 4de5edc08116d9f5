// Package lease lets one of several replicas act at a time. Whoever holds the
// lease has a term, a number that grows with every change of holder. Stores
// refuse writes of a term that has ended, so a replica that was suspended and
// still believes that it holds the lease does no harm.
package lease

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"jari.example/internal/wait"
)

// Term is the fencing token: the number of the period in which one holder has
// the lease without interruption.
type Term int64

// ErrLost is returned by a write of a term that has ended.
var ErrLost = errors.New("the lease was lost: its term has ended")

// Store stores the lease.
type Store interface {
	// Acquire acquires or renews the lease for ttl. ok is false while another
	// holder has it.
	Acquire(ctx context.Context, holder string, ttl time.Duration) (term Term, ok bool, err error)
	// Release ends holder's lease, so that nobody waits until it expires. It
	// does nothing when holder does not have the lease.
	Release(ctx context.Context, holder string) error
}

// Elector acquires the lease for one replica and renews it.
type Elector struct {
	Store    Store
	HolderID string // unique to the process
	TTL      time.Duration
	// Report is called with err == nil when the lease was acquired (held) or
	// lost, and with an error when a request to the store failed.
	Report func(held bool, err error)
}

// Run waits for the lease, runs work while it is held, and begins again when it
// was lost, until ctx ends. The context of work ends with the lease.
func (e Elector) Run(ctx context.Context, work func(context.Context, Term)) {
	for ctx.Err() == nil {
		term, ok, err := e.Store.Acquire(ctx, e.HolderID, e.TTL)
		if err != nil && ctx.Err() == nil {
			e.Report(false, err)
		}
		if err != nil || !ok {
			_ = wait.For(ctx, e.TTL/5)
			continue
		}
		e.Report(true, nil)
		e.runWhileHeld(ctx, term, work)
		if ctx.Err() == nil {
			e.Report(false, nil)
		}
	}
	// ctx has ended, but the next holder should not have to wait for the TTL.
	releasing, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	if err := e.Store.Release(releasing, e.HolderID); err != nil {
		e.Report(false, err)
	}
}

// runWhileHeld runs work and renews the lease five times per TTL. It returns,
// after work has, when the lease is lost or can no longer be renewed in time.
func (e Elector) runWhileHeld(ctx context.Context, term Term, work func(context.Context, Term)) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	expires := time.Now().Add(e.TTL)
	var until atomic.Int64
	until.Store(e.end(expires).UnixNano())
	done := make(chan struct{})
	go func() {
		defer close(done)
		work(context.WithValue(ctx, heldUntil{}, &until), term)
	}()
	defer func() { cancel(); <-done }()

	for {
		if wait.For(ctx, e.TTL/5) != nil {
			return
		}
		requested := time.Now()
		renewed, ok, err := e.Store.Acquire(ctx, e.HolderID, e.TTL)
		switch {
		case err != nil && ctx.Err() == nil:
			e.Report(true, err)
		case err == nil && (!ok || renewed != term):
			return
		case err == nil:
			expires = requested.Add(e.TTL)
			until.Store(e.end(expires).UnixNano())
		}
		if !time.Now().Before(e.end(expires)) {
			return
		}
	}
}

// end is when work ends. A channel such as Slack does not check terms, so that is while
// the lease is still held.
func (e Elector) end(expires time.Time) time.Time { return expires.Add(-e.TTL / 5) }

// heldUntil is the key of the time, in a context of work, at which it ends without a
// further renewal.
type heldUntil struct{}

// Held reports whether the lease whose work has the context is certainly held. A process
// that was suspended continues where it was and learns only later that its context has
// ended. So work asks before it calls what checks no terms. A context of no lease is
// always held.
func Held(ctx context.Context) bool {
	until, ok := ctx.Value(heldUntil{}).(*atomic.Int64)
	return !ok || ctx.Err() == nil && time.Now().UnixNano() < until.Load()
}
