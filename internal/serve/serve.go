// Package serve runs a daemon: its API, its ops listener and its workers. It
// stops them in an order that loses no accepted work.
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

	"jari.example/internal/faultinject"
	"jari.example/internal/wait"
	"jari.example/telemetry"
	"jari.example/telemetry/names"
)

// Worker is a loop beside the API, such as an outbox relay. It returns when ctx
// ends; returning earlier stops the daemon. After a panic it is restarted.
type Worker struct {
	Name string
	Run  func(ctx context.Context) error
}

// Daemon describes what Run runs.
type Daemon struct {
	Telemetry *telemetry.Telemetry
	HTTPAddr  string       // "" for no API
	Handler   http.Handler // the API
	OpsAddr   string
	Ready     func(ctx context.Context) error // called by /readyz; nil for always ready
	Workers   []Worker
	Drain     time.Duration // how long a stop waits for accepted requests; 10 s when 0
}

// Run serves until ctx ends. Then it stops in order: report not ready, drain the
// API, stop the workers, close the ops listener. It returns nil after a graceful
// stop, and an error when a part could not start or ended on its own.
func Run(ctx context.Context, d Daemon) error {
	ops, err := net.Listen("tcp", d.OpsAddr)
	if err != nil {
		return fmt.Errorf("ops listener: %w", err)
	}
	started := []any{names.EventName, names.EventStarted, names.OpsAddr, ops.Addr().String()}
	var stopping atomic.Bool
	var group run.Group

	// The group interrupts its actors in this order, each after the one before.
	addSignal(&group, ctx, func() {
		stopping.Store(true)
		d.Telemetry.Logger.Info("stopping", names.EventName, names.EventStopping)
	})
	if d.HTTPAddr != "" {
		api, err := net.Listen("tcp", d.HTTPAddr)
		if err != nil {
			return errors.Join(fmt.Errorf("API listener: %w", err), ops.Close())
		}
		started = append(started, names.HTTPAddr, api.Addr().String())
		addAPI(&group, d.Telemetry.Logger, api, d.Handler, d.Drain)
	}
	for _, w := range d.Workers {
		addWorker(&group, d.Telemetry.Logger, w)
	}
	opsServer := newServer(telemetry.Recovered(d.Telemetry.Logger, opsHandler(d.Telemetry, &stopping, d.Ready)), d.Telemetry.Logger)
	group.Add(func() error { return ignoreServerClosed(opsServer.Serve(listener{ops})) }, func(error) { _ = opsServer.Close() })

	d.Telemetry.Logger.Info("serving", started...)
	return group.Run()
}

// addSignal adds the actor that ends the group when ctx ends. It is interrupted
// first, and so calls stopping before anything stops.
func addSignal(group *run.Group, ctx context.Context, stopping func()) {
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

// readTimeout is how long a client may take to send a request: 1 MiB in it needs
// 0.4 Mbit/s. A client that has stopped sending gets 408 after it. It does not
// include the time that a handler takes after the body has arrived.
const readTimeout = 20 * time.Second

func newServer(h http.Handler, logger *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       readTimeout,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(logger.Handler(), slog.LevelWarn),
	}
}

func addAPI(group *run.Group, logger *slog.Logger, l net.Listener, h http.Handler, drain time.Duration) {
	server := newServer(h, logger)
	if drain == 0 {
		drain = 10 * time.Second
	}
	group.Add(func() error { return ignoreServerClosed(server.Serve(listener{l})) }, func(error) {
		ctx, cancel := context.WithTimeout(context.Background(), drain)
		defer cancel()
		if err := server.Shutdown(ctx); err != nil {
			logger.Warn("drain timed out: open requests were cut off", names.Exception, err.Error())
			_ = server.Close()
		}
	})
}

// restartDelay is the pause before a worker that panicked is restarted. One bad
// item in its queue must neither stop the API nor keep a CPU busy.
const restartDelay = time.Second

func addWorker(group *run.Group, logger *slog.Logger, w Worker) {
	ctx, cancel := context.WithCancel(context.Background())
	group.Add(func() error {
		for {
			panicked, err := runRecovered(ctx, logger, w)
			if !panicked {
				return err
			}
			if wait.For(ctx, restartDelay) != nil {
				return nil
			}
		}
	}, func(error) { cancel() })
}

// runRecovered runs w until it returns or panics, and logs a panic with its
// stack. It cannot recover a panic in a goroutine that w started.
func runRecovered(ctx context.Context, logger *slog.Logger, w Worker) (panicked bool, err error) {
	defer func() {
		if p := recover(); p != nil {
			panicked = true
			telemetry.LogPanic(ctx, logger, w.Name, p)
		}
	}()
	faults := faultinject.Process() // nil, unless the process is to fail on purpose
	for faults.WaitWhileStopped(ctx, w.Name) {
		stopped, err := runUntilStopped(ctx, faults, w)
		if err != nil && !errors.Is(err, context.Canceled) {
			return false, fmt.Errorf("%s: %w", w.Name, err)
		}
		if !stopped {
			break
		}
	}
	return false, nil
}

// runUntilStopped runs w until it returns. stopped: because its fault is on.
func runUntilStopped(ctx context.Context, faults *faultinject.Injector, w Worker) (stopped bool, err error) {
	running, cancel := faults.StopContext(ctx, w.Name)
	defer cancel() // also when it panics
	err = w.Run(running)
	return running.Err() != nil && ctx.Err() == nil, err
}

func ignoreServerClosed(err error) error {
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}
