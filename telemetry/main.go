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
	"syscall"
	"time"

	"jari.example/telemetry/names"
)

// Main runs a program as the process, and is the first thing main calls:
// SIGTERM and SIGINT end run's context, an error makes the exit code 1 and is
// told twice, to people on stderr and as a process.failed line.
//
// A panic that ends the process, of whichever goroutine, is one process.panic
// line, and so is everything else that Go dies of by itself (a deadlock, maps
// written concurrently, no memory). A second process of the same program stands
// by for it; it begins within this function and ends with the first.
func Main(service string, run func(ctx context.Context) error) {
	guard(service)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	err := run(ctx)
	stop()
	if err == nil || errors.Is(err, flag.ErrHelp) {
		return
	}
	fmt.Fprintln(os.Stderr, err)
	r := slog.NewRecord(time.Now(), slog.LevelError, "ends with an error", 0)
	r.AddAttrs(slog.String(names.EventName, names.EventFailed), slog.String(names.Exception, err.Error()))
	_ = running.lines(service).Handle(context.Background(), r)
	os.Exit(1)
}

// running is what Main and the guard know of the process: there is one.
var running self

type self struct {
	mu      sync.Mutex
	handler *handler // of Start; nil before
	watcher *os.File // where the guard listens; nil without one
}

// identity is who a line is from.
type identity struct{ Service, Instance, Version, Region string }

// is remembers whose lines the process writes, and tells its guard.
func (s *self) is(id identity, h *handler) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.handler = h
	if s.watcher != nil {
		introduce(s.watcher, id)
	}
}

// lines writes as Start set it up, or as well as can be before that.
func (s *self) lines(service string) *handler {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.handler != nil {
		return s.handler
	}
	return newHandler(os.Stdout, identity{Service: service, Version: built()}, slog.LevelInfo)
}
