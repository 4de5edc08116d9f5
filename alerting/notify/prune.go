package notify

import (
	"context"
	"errors"
	"fmt"
	"time"

	"jari.example/alerting/lease"
	"jari.example/internal/wait"
)

const (
	// kept is for how long what was not delivered is kept after the end of its
	// incident. Nobody needs a message about it any more then.
	kept          = 14 * 24 * time.Hour
	pruneInterval = time.Hour
)

// Prunable is an outbox that forgets what is too old. What was delivered is not in it.
type Prunable interface {
	// PruneOutbox deletes the deliveries of an incident at a target when the incident
	// ended, and the last of them was queued, before a time; and notices that were
	// queued before it. Whether they wait or have failed makes no difference. It fails
	// with lease.ErrLost when the term has ended.
	PruneOutbox(ctx context.Context, term lease.Term, before time.Time) error
}

// Pruner deletes every hour what has been in an outbox for too long.
type Pruner struct {
	Outbox Prunable
	Report func(context.Context, error) // of a failed attempt
}

// Run prunes until ctx ends or term has ended.
func (p Pruner) Run(ctx context.Context, term lease.Term) {
	for ctx.Err() == nil {
		err := p.Outbox.PruneOutbox(ctx, term, time.Now().Add(-kept))
		if errors.Is(err, lease.ErrLost) {
			return
		}
		if err != nil && ctx.Err() == nil {
			p.Report(ctx, fmt.Errorf("delete old deliveries: %w", err))
		}
		_ = wait.For(ctx, pruneInterval)
	}
}
