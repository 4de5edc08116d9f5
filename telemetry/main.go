package telemetry

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"jari.example/telemetry/crashguard"
	"jari.example/telemetry/jsonlog"
	"jari.example/telemetry/names"
	"jari.example/telemetry/spans"
)

// Main runs a program as a process, and is the first call of main: SIGTERM and
// SIGINT end run's context. An error makes the exit code 1; it is written to
// stderr for people and logged as a process.failed line.
//
// A panic in any goroutine that ends the process becomes one process.panic line,
// as does every other fatal error of Go (a deadlock, concurrent map writes, out
// of memory). A second process of the same program, the crash guard, writes it. It
// starts within this function and ends with the first process.
func Main(service string, run func(ctx context.Context) error) {
	guard, err := crashguard.Start(jsonlog.Identity{Service: service, Version: buildVersion()})
	if err != nil {
		fmt.Fprintln(os.Stderr, "crash guard not started, a crash will not be logged:", err)
	}
	process.guard = guard
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	err = run(ctx)
	stop()
	if err == nil || errors.Is(err, flag.ErrHelp) {
		return
	}
	fmt.Fprintln(os.Stderr, err)
	r := slog.NewRecord(time.Now(), slog.LevelError, "process failed", 0)
	r.AddAttrs(slog.String(names.EventName, names.EventFailed), slog.String(names.Exception, err.Error()))
	_ = process.logHandler(service).Handle(context.Background(), r)
	os.Exit(1)
}

// process is the state that Main and Start share.
var process processState

type processState struct {
	decider atomic.Pointer[spans.Decider] // of Start; nil before
	lines   atomic.Pointer[lineCeilings]  // likewise

	mu      sync.Mutex
	handler *jsonlog.Handler  // of Start; nil before
	guard   *crashguard.Guard // of Main; nil without one
}

// identify stores the handler that Start created and sends the process's
// identity to the crash guard.
func (p *processState) identify(id jsonlog.Identity, h *jsonlog.Handler) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.handler = h
	p.guard.Identify(id)
}

// logHandler returns the handler of Start, or before Start one that writes to
// stdout what is known of the process.
func (p *processState) logHandler(service string) *jsonlog.Handler {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.handler != nil {
		return p.handler
	}
	return jsonlog.New(os.Stdout, jsonlog.Identity{Service: service, Version: buildVersion()}, slog.LevelInfo)
}
