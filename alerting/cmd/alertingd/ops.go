package main

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/pprof"
	"sync/atomic"
	"time"

	"jari.example/telemetry"
)

// ops is the port for operators and probes.
type ops struct {
	listener net.Listener
	server   *http.Server
	draining atomic.Bool
}

func newOps(addr string, ready func(context.Context) error, t *telemetry.Telemetry) (*ops, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, err
	}
	o := &ops{listener: l}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
		defer cancel()
		// Blindness is no reason to be taken out: nobody else sees more.
		if o.draining.Load() || ready(ctx) != nil {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		w.WriteHeader(http.StatusOK)
	})
	mux.Handle(telemetry.LevelPath, t.LevelHandler())
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	o.server = &http.Server{Handler: telemetry.Recovered(t.Logger, mux), ReadHeaderTimeout: 5 * time.Second}
	return o, nil
}

func (o *ops) addr() string { return o.listener.Addr().String() }

func (o *ops) drain() { o.draining.Store(true) }

func (o *ops) serve() error {
	if err := o.server.Serve(o.listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func (o *ops) stop(error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = o.server.Shutdown(ctx) // probes only; what is cut off is asked again
}
