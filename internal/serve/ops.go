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

const readyTimeout = 2 * time.Second

// opsHandler serves operators: health, readiness, log level and profiles. It is
// never on the API's port.
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

// handleHealth adds GET /healthz and GET /readyz, which respond with JSON.
func handleHealth(mux *http.ServeMux, stopping *atomic.Bool, ready func(context.Context) error) {
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { writeStatus(w, http.StatusOK, "live") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		if stopping.Load() {
			writeStatus(w, http.StatusServiceUnavailable, "stopping")
			return
		}
		if ready != nil {
			ctx, cancel := context.WithTimeout(r.Context(), readyTimeout)
			defer cancel()
			if err := ready(ctx); err != nil {
				writeStatus(w, http.StatusServiceUnavailable, err.Error())
				return
			}
		}
		writeStatus(w, http.StatusOK, "ready")
	})
}

func writeStatus(w http.ResponseWriter, code int, status string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(map[string]string{"status": status})
}
