package notification

import (
	"context"
	"log/slog"
	"time"

	"jari.example/internal/fault"
	"jari.example/telemetry"
	"jari.example/telemetry/names"
)

const (
	sweepJob      = "mail.sweep"
	sweepInterval = time.Hour
	sweepBatch    = 500 // a long transaction would delay the vacuum
	sweepTimeout  = 20 * time.Second
	retention     = 30 * 24 * time.Hour
)

// Sweeper deletes events that were completed, and whose visits ended, 30 days
// ago. It may run on every replica at the same time.
type Sweeper struct {
	Store  Store
	Logger *slog.Logger
}

// Run sweeps at once and then every hour until ctx ends.
func (s *Sweeper) Run(ctx context.Context) error {
	tick := time.NewTicker(sweepInterval)
	defer tick.Stop()
	for {
		if err := s.sweep(ctx); err != nil && ctx.Err() == nil {
			s.Logger.WarnContext(ctx, "job failed, will retry", names.EventName, names.EventJobFailed,
				names.Job, sweepJob, names.Reason, fault.ReasonOf(err), names.Exception, err.Error())
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

func (s *Sweeper) sweep(ctx context.Context) error { return telemetry.Poll(ctx, sweepJob, s.deleteOld) }

// deleteOld reports whether it deleted something.
func (s *Sweeper) deleteOld(ctx context.Context) (changed bool, err error) {
	for {
		batchCtx, cancel := context.WithTimeout(ctx, sweepTimeout)
		n, err := s.Store.Sweep(batchCtx, time.Now().Add(-retention), sweepBatch)
		cancel()
		changed = changed || n > 0
		if err != nil || n < sweepBatch {
			return changed, err
		}
	}
}
