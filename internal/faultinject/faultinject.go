// Package faultinject lets a process fail on purpose, as its feature flags say
// (package flags): routes that respond with 500, slowly or with a panic, leaks, a flood
// of log lines, a worker that does nothing, callers that keep a connection pool busy.
//
// It is off unless the daemon was started with -fault-flags, which production refuses.
// While it is off, a route has no handler of this package; while no flag is on, a
// request costs one atomic load.
package faultinject

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"jari.example/internal/flags"
	"jari.example/telemetry/names"
)

// The keys of the flags.
const (
	RouteErrors   = "route-errors"   // Route
	RouteDelay    = "route-delay"    // Route, with its delay
	RoutePanics   = "route-panics"   // Route
	MemoryLeak    = "memory-leak"    // Leak, in bytes
	GoroutineLeak = "goroutine-leak" // Leak, in goroutines
	LogFlood      = "log-flood"      // Leak, in lines; without a limit
	WorkerStopped = "worker-stopped" // Worker
	PoolBusy      = "pool-busy"      // Pool
)

// Route is the value of a flag about requests.
type Route struct {
	Route   string  `json:"route,omitempty"` // "POST /v1/reservations"; "": every route
	Percent float64 `json:"percent"`         // of the requests of the route
	DelayMS int     `json:"delay_ms,omitempty"`
}

// Leak is the value of a flag about something that grows.
type Leak struct {
	PerSecond int `json:"per_second"`
	Limit     int `json:"limit,omitempty"` // it stops growing there; 0: at the package's own limit
}

// Worker is the value of a flag about a worker.
type Worker struct {
	Worker string `json:"worker"` // its name, such as "outbox relay"
}

// Pool is the value of a flag about the process's pools of database connections.
type Pool struct {
	Waiting int `json:"waiting"` // callers that wait at any time, while all connections are in use
	HoldMS  int `json:"hold_ms"` // how long each of them uses a connection
}

// Injector is what makes one process fail. A nil Injector never does.
type Injector struct {
	logger *slog.Logger
	rules  atomic.Pointer[rules] // nil while no flag is on

	mu      sync.Mutex
	changed chan struct{}     // closed and replaced at each change of the rules
	values  map[string]string // of the flags that are on, for what changed
	stop    map[string]func() // ends a leak
	growing sync.WaitGroup
}

// rules are the flags that are on, as requests and workers need them.
type rules struct {
	errors, delay, panics *routeRule
	worker                string
	pool                  *Pool
}

type routeRule struct {
	Route
	key, variant string
}

// process is the injector of the process, which Start sets.
var process atomic.Pointer[Injector]

// Process returns the injector of the process, nil if it has none.
func Process() *Injector { return process.Load() }

// Start makes this process fail as the flags of a file say, until stop is called. Call
// it before routes and workers are made.
func Start(path string, logger *slog.Logger) (stop func(), err error) {
	file, err := flags.Open(path)
	if err != nil {
		return nil, err
	}
	i := newInjector(logger)
	if !process.CompareAndSwap(nil, i) {
		return nil, errors.New("faults are injected into this process already")
	}
	logger.Warn("this process fails when its feature flags say so")
	ctx, cancel := context.WithCancel(context.Background())
	var watching sync.WaitGroup
	watching.Go(func() {
		file.Watch(ctx, func() { i.apply(ctx, file) }, func(err error) {
			logger.Error("feature flags refused; those before stay in force", names.Exception, err.Error())
		})
	})
	return func() {
		cancel()
		watching.Wait()
		i.clear()
		process.CompareAndSwap(i, nil)
	}, nil
}

func newInjector(logger *slog.Logger) *Injector {
	return &Injector{logger: logger, changed: make(chan struct{}), values: map[string]string{}, stop: map[string]func(){}}
}

// set replaces the rules, nil for none, and wakes the workers.
func (i *Injector) set(r *rules) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.rules.Store(r)
	close(i.changed)
	i.changed = make(chan struct{})
}

// clear ends everything that is on.
func (i *Injector) clear() {
	i.set(nil)
	for key := range i.stop {
		i.grow(key, nil)
	}
	i.growing.Wait()
}

// WaitWhileStopped returns true when the worker may run: at once unless its flag is on.
// It returns false if ctx ends while the flag is on.
func (i *Injector) WaitWhileStopped(ctx context.Context, worker string) bool {
	for i != nil {
		i.mu.Lock()
		changed := i.changed
		i.mu.Unlock()
		if !i.stopped(worker) {
			break
		}
		select {
		case <-changed:
		case <-ctx.Done():
		}
		if ctx.Err() != nil {
			return false
		}
	}
	return true
}

// StopContext returns a context that ends when the worker's flag is on. cancel must be
// called.
func (i *Injector) StopContext(ctx context.Context, worker string) (running context.Context, cancel func()) {
	if i == nil {
		return ctx, func() {}
	}
	running, cancel = context.WithCancel(ctx)
	go func() {
		for running.Err() == nil {
			i.mu.Lock()
			changed := i.changed
			i.mu.Unlock()
			if i.stopped(worker) {
				cancel()
				return
			}
			select {
			case <-changed:
			case <-running.Done():
			}
		}
	}()
	return running, cancel
}

func (i *Injector) stopped(worker string) bool {
	r := i.rules.Load()
	return r != nil && r.worker == worker
}

// growInterval is how often a leak grows.
const growInterval = 50 * time.Millisecond
