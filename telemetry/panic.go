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

// LogPanic says what was recovered, p, as the one process.panic line with its
// stack. It is called by the deferred function that recovered it; where says
// where that was.
func LogPanic(ctx context.Context, logger *slog.Logger, where string, p any) {
	logger.ErrorContext(ctx, "panic in "+where, names.EventName, names.EventPanic,
		names.Exception, fmt.Sprint(p), names.Stacktrace, string(debug.Stack()))
}

// Recovered serves what no Server does, the ops port: a panic becomes a 500 and
// is logged as any other.
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
