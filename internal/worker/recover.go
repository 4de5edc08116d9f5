package worker

import (
	"context"
	"log/slog"

	"jari.example/telemetry"
)

// Recover must be deferred by a goroutine that handles one item. It stops a panic
// and logs it with its stack. The item stays in the queue and is delivered again
// when its lease ends.
func Recover(ctx context.Context, logger *slog.Logger) {
	if p := recover(); p != nil {
		telemetry.LogPanic(ctx, logger, "work item", p)
	}
}
