// Package serve runs a daemon: its API, its ops listener and its workers, and
// stops them in the order that loses nothing.
package serve

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/oklog/run"

	"jari.example/telemetry"
	"jari.example/telemetry/names"
)

// Worker is a loop beside the API, such as an outbox relay. It returns when ctx
// ends; returning earlier stops the daemon. After a panic it is run again.
type Worker struct {
	Name string
	Run  func(ctx context.Context) error
}

// Daemon is what to run.
type Daemon struct {
	Telemetry *telemetry.Telemetry
	HTTPAddr  string       // "" serves no API
	Handler   http.Handler // the API
	OpsAddr   string
	Ready     func(ctx context.Context) error // asked by /readyz; nil is always ready
	Workers   []Worker
	Drain     time.Duration // how long requests may take to finish; 10 s when 0
}

// Run serves until ctx ends, then: not ready, drain the API, stop the workers,
// close the ops listener. It is nil after an orderly stop, and an error when
// something could not start or ended on its own.
func Run(ctx context.Context, d Daemon) error {
	ops, err := net.Listen("tcp", d.OpsAddr)
	if err != nil {
		return fmt.Errorf("ops listener: %w", err)
	}
	started := []any{names.EventName, names.EventStarted, names.OpsAddr, ops.Addr().String()}
	var stopping atomic.Bool
	var group run.Group

	// Actors are interrupted in this order, each before the next.
	untilDone(&group, ctx, func() {
		stopping.Store(true)
		d.Telemetry.Logger.Info("stopping", names.EventName, names.EventStopping)
	})
	if d.HTTPAddr != "" {
		api, err := net.Listen("tcp", d.HTTPAddr)
		if err != nil {
			return errors.Join(fmt.Errorf("API listener: %w", err), ops.Close())
		}
		started = append(started, names.HTTPAddr, api.Addr().String())
		serveHTTP(&group, d.Telemetry.Logger, api, d.Handler, d.Drain)
	}
	for _, w := range d.Workers {
		runWorker(&group, d.Telemetry.Logger, w)
	}
	opsServer := &http.Server{Handler: telemetry.Recovered(d.Telemetry.Logger, opsHandler(d.Telemetry, &stopping, d.Ready)), ReadHeaderTimeout: 5 * time.Second}
	group.Add(func() error { return ignoreClosed(opsServer.Serve(ops)) }, func(error) { _ = opsServer.Close() })

	d.Telemetry.Logger.Info("serving", started...)
	return group.Run()
}

func untilDone(group *run.Group, ctx context.Context, stopping func()) {
	quit := make(chan struct{})
	group.Add(func() error {
		select {
		case <-ctx.Done():
		case <-quit:
		}
		return nil
	}, func(error) {
		stopping()
		close(quit)
	})
}

func serveHTTP(group *run.Group, logger *slog.Logger, l net.Listener, h http.Handler, drain time.Duration) {
	server := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       30 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(logger.Handler(), slog.LevelWarn),
	}
	if drain == 0 {
		drain = 10 * time.Second
	}
	group.Add(func() error { return ignoreClosed(server.Serve(l)) }, func(error) {
		ctx, cancel := context.WithTimeout(context.Background(), drain)
		defer cancel()
		if err := server.Shutdown(ctx); err != nil {
			logger.Warn("requests were cut off", names.Exception, err.Error())
			_ = server.Close()
		}
	})
}

// restartAfter is how long a worker that panicked is left alone: one bad thing
// in its queue must neither end the API beside it nor keep a core busy.
const restartAfter = time.Second

func runWorker(group *run.Group, logger *slog.Logger, w Worker) {
	ctx, cancel := context.WithCancel(context.Background())
	group.Add(func() error {
		for {
			panicked, err := attempt(ctx, logger, w)
			if !panicked {
				return err
			}
			select {
			case <-ctx.Done():
				return nil
			case <-time.After(restartAfter):
			}
		}
	}, func(error) { cancel() })
}

// attempt runs w until it returns or panics, which is said with its stack. What
// panics in a goroutine of w's own is beyond its reach.
func attempt(ctx context.Context, logger *slog.Logger, w Worker) (panicked bool, err error) {
	defer func() {
		if p := recover(); p != nil {
			panicked = true
			telemetry.LogPanic(ctx, logger, w.Name, p)
		}
	}()
	if err := w.Run(ctx); err != nil && !errors.Is(err, context.Canceled) {
		return false, fmt.Errorf("%s: %w", w.Name, err)
	}
	return false, nil
}

func ignoreClosed(err error) error {
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}
