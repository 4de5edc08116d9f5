package worker

import (
	"context"
	"log/slog"

	"jari.example/telemetry"
)

// Survive, deferred, ends a panic of a goroutine that does one piece of work and
// says it with its stack. The piece stays undone, and comes again when its lease
// ends.
func Survive(ctx context.Context, logger *slog.Logger) {
	if p := recover(); p != nil {
		telemetry.LogPanic(ctx, logger, "a piece of work", p)
	}
}
