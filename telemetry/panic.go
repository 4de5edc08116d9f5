package telemetry

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"

	"jari.example/telemetry/names"
)

// LogPanic logs p, which was recovered, as one process.panic line with its stack.
// It must be called by the deferred function that recovered p. where names the
// place, such as a route.
func LogPanic(ctx context.Context, logger *slog.Logger, where string, p any) {
	logger.ErrorContext(ctx, "panic in "+where, names.EventName, names.EventPanic,
		names.Exception, fmt.Sprint(p), names.Stacktrace, string(debug.Stack()))
}

// Recovered recovers panics of a handler that is not behind a [Server], such as
// the ops port's: a panic becomes a 500 and is logged like any other.
func Recovered(logger *slog.Logger, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			p := recover()
			if p == http.ErrAbortHandler {
				panic(p)
			}
			if p != nil {
				LogPanic(r.Context(), logger, cmp.Or(r.Pattern, r.Method), p)
				w.WriteHeader(http.StatusInternalServerError)
			}
		}()
		next.ServeHTTP(w, r)
	})
}
