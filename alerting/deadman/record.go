package deadman

import (
	"context"
	"time"

	"jari.example/alerting/lease"
)

// Ticks stores when a tick last succeeded.
type Ticks interface {
	// TickSucceeded stores it. It fails with lease.ErrLost when term has ended.
	TickSucceeded(ctx context.Context, term lease.Term, at time.Time) error
	// LastTick returns it; zero when none has.
	LastTick(ctx context.Context) (time.Time, error)
}

// recordEvery is how often a tick is recorded: far below After, and not with each of the
// six ticks a second of a demo.
const recordEvery = 10 * time.Second

// Recorder records ticks that succeeded, for the watcher. It is used by one goroutine.
type Recorder struct {
	Ticks Ticks

	last time.Time
}

// Record stores that a tick at that time has succeeded, at most every 10 s.
func (r *Recorder) Record(ctx context.Context, term lease.Term, at time.Time) error {
	if at.Sub(r.last) < recordEvery {
		return nil
	}
	if err := r.Ticks.TickSucceeded(ctx, term, at); err != nil {
		return err
	}
	r.last = at
	return nil
}
