package pace

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"

	"jari.example/telemetry/names"
)

// Survive, deferred, ends a panic of a goroutine that does one piece of work and
// says it with its stack. The piece stays undone, and comes again when its lease
// ends.
func Survive(ctx context.Context, logger *slog.Logger) {
	if p := recover(); p != nil {
		logger.ErrorContext(ctx, "panic", names.EventName, names.EventPanic,
			names.Exception, fmt.Sprint(p), names.Stacktrace, string(debug.Stack()))
	}
}
