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
	eventsSwept = "old events are swept" // the job's name
	sweepEvery  = time.Hour
	sweepBatch  = 500 // small steps: a long delete would hold back the vacuum
	sweepWithin = 20 * time.Second
	keepFor     = 30 * 24 * time.Hour
)

// Sweeper forgets the events that were settled, and whose visits ended, 30 days
// ago. It may run on every replica at once.
type Sweeper struct {
	Store  Store
	Logger *slog.Logger
}

// Run sweeps until ctx ends, the first time at once.
func (s *Sweeper) Run(ctx context.Context) error {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		if err := s.sweep(ctx); err != nil && ctx.Err() == nil {
			s.Logger.WarnContext(ctx, "job failed; it comes again", names.EventName, names.EventJobFailed,
				names.Job, eventsSwept, names.Reason, fault.ReasonOf(err), names.Exception, err.Error())
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

func (s *Sweeper) sweep(ctx context.Context) error { return telemetry.Job(ctx, eventsSwept, s.forget) }

func (s *Sweeper) forget(ctx context.Context) error {
	for {
		step, cancel := context.WithTimeout(ctx, sweepWithin)
		n, err := s.Store.Sweep(step, time.Now().Add(-keepFor), sweepBatch)
		cancel()
		if err != nil || n < sweepBatch {
			return err
		}
	}
}
