package serve

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/pprof"
	"sync/atomic"
	"time"

	"jari.example/telemetry"
)

const readyLimit = 2 * time.Second

// opsHandler answers for the process and not for its users: it is never on the
// API's port.
func opsHandler(t *telemetry.Telemetry, stopping *atomic.Bool, ready func(context.Context) error) http.Handler {
	mux := http.NewServeMux()
	handleHealth(mux, stopping, ready)
	mux.Handle(telemetry.LevelPath, t.LevelHandler())
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	return mux
}

// handleHealth adds GET /healthz and GET /readyz, which answer in JSON.
func handleHealth(mux *http.ServeMux, stopping *atomic.Bool, ready func(context.Context) error) {
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { say(w, http.StatusOK, "live") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		if stopping.Load() {
			say(w, http.StatusServiceUnavailable, "stopping")
			return
		}
		if ready != nil {
			ctx, cancel := context.WithTimeout(r.Context(), readyLimit)
			defer cancel()
			if err := ready(ctx); err != nil {
				say(w, http.StatusServiceUnavailable, err.Error())
				return
			}
		}
		say(w, http.StatusOK, "ready")
	})
}

func say(w http.ResponseWriter, status int, what string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"status": what})
}
