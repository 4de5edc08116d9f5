package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"jari.example/infra/bench/chaostelemetry/delivery"
	"jari.example/internal/wait"
	"jari.example/telemetry/names"
)

// scenario is the run of one fault case.
type scenario struct {
	sys           *system
	slug          string  // short name of the fault, for charts
	service       string  // service.name of its records only
	records       int64   // of each signal
	rate          float64 // records per second
	observed      delivery.Observation
	faultEnd      time.Time
	identicalText string // of identical lines; "": the lines are numbered
	countEvicted  func(context.Context) (int, error)
	verify        func(context.Context) error // adds evidence from what was found; may be nil
	inFlight      int                         // the fewest lines in flight at a kill
}

// emission is a running emitter.
type emission struct {
	cmd  *exec.Cmd
	file string
	done chan error
}

// emit starts an emitter of numbered records and expects them to arrive: one
// line per number, so many spans, and a metric point if points is set.
func (s *scenario) emit(ctx context.Context, n delivery.Numbers, spans int64, points bool, args ...string) (*emission, error) {
	s.expect(delivery.Line, n)
	if spans > 0 {
		s.expect(delivery.Span, delivery.Numbers{First: n.First * spans, Count: n.Count * spans})
	}
	if points {
		s.expect(delivery.Point, n)
	}
	return s.start(ctx, append([]string{
		"-first", fmt.Sprint(n.First), "-count", fmt.Sprint(n.Count), "-rate", fmt.Sprint(s.rate),
		"-spans", fmt.Sprint(spans), "-points=" + strconv.FormatBool(points),
	}, args...)...)
}

// expect adds numbers to those that must arrive.
func (s *scenario) expect(signal delivery.Signal, n delivery.Numbers) {
	have, ok := s.observed.Emitted[signal]
	if ok && have.First+have.Count == n.First {
		n = delivery.Numbers{First: have.First, Count: have.Count + n.Count}
	}
	s.observed.Emitted[signal] = n
}

// file is the log that the scenario's emitters write and the agent tails.
func (s *scenario) file() string { return s.sys.log(s.service + ".log") }

func (s *scenario) open() (*os.File, error) {
	return os.OpenFile(s.file(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
}

// start runs telemetryemit until ctx ends. The agent tails its stdout.
func (s *scenario) start(ctx context.Context, args ...string) (*emission, error) {
	out, err := s.open()
	if err != nil {
		return nil, err
	}
	defer out.Close() // the child has a copy
	stderr, err := os.OpenFile(s.sys.log(s.service+".err"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	defer stderr.Close()
	e := &emission{done: make(chan error, 1), file: s.file()}
	e.cmd = exec.CommandContext(ctx, s.sys.bin("telemetryemit"), append([]string{
		"-service", s.service, "-otlp-endpoint", s.sys.otlp, "-limit", "2m",
	}, args...)...)
	e.cmd.Stdout, e.cmd.Stderr = out, stderr
	e.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C must not reach it: it ends with ctx
	if err := e.cmd.Start(); err != nil {
		return nil, err
	}
	go func() { e.done <- e.cmd.Wait() }()
	return e, nil
}

func (e *emission) wait(ctx context.Context) error {
	select {
	case err := <-e.done:
		if err != nil {
			return fmt.Errorf("emitter: %w", err)
		}
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// allNumbers is the numbers of a scenario that emits everything at once.
func (s *scenario) allNumbers() delivery.Numbers { return delivery.Numbers{Count: s.records} }

// prove adds evidence that the fault was injected: what happened, and how often.
func (s *scenario) prove(what string, times int) { s.proveAtLeast(what, times, 0) }

// proveAtLeast is prove for a fault that must happen more than once.
func (s *scenario) proveAtLeast(what string, times, least int) {
	s.observed.Evidence = append(s.observed.Evidence, delivery.Evidence{What: what, Times: times, AtLeast: least})
}

// awaitInFlight waits until there are lines that are written and not searchable
// yet, so that a process that is killed now has lines in flight.
func (s *scenario) awaitInFlight(ctx context.Context, written func() (int, error)) error {
	return waitFor(ctx, "there are lines in flight", func() (bool, error) {
		n, err := written()
		if err != nil {
			return false, err
		}
		have, err := s.searchable(ctx)
		if err != nil || n <= have {
			return false, nil // an index that is being created cannot be searched yet
		}
		if s.inFlight == 0 || n-have < s.inFlight {
			s.inFlight = n - have
		}
		return true, nil
	})
}

// searchable counts the lines that a search finds.
func (s *scenario) searchable(ctx context.Context) (int, error) {
	if s.identicalText != "" {
		return s.indexed(ctx)
	}
	return s.sys.store.count(ctx, s.service, delivery.Line)
}

// faultEnded records when the fault has ended.
func (s *scenario) faultEnded() { s.faultEnd = time.Now() }

// emitAll emits like emit and waits for the end.
func (s *scenario) emitAll(ctx context.Context, n delivery.Numbers, spans int64, points bool, args ...string) error {
	e, err := s.emit(ctx, n, spans, points, args...)
	if err != nil {
		return err
	}
	return e.wait(ctx)
}

// indexed counts the documents of all signals that a search finds.
func (s *scenario) indexed(ctx context.Context) (n int, err error) {
	if s.identicalText != "" {
		found, err := s.sys.store.identicalLines(ctx, s.identicalText, s.file())
		return len(found), err
	}
	for signal := range s.observed.Emitted {
		one, err := s.sys.store.count(ctx, s.service, signal)
		if err != nil {
			return 0, err
		}
		n += one
	}
	return n, nil
}

// How long drain waits without progress until it counts records as lost, and the
// same for scenarios that may or must lose some.
const (
	drainTimeout      = 60 * time.Second
	shortDrainTimeout = 6 * time.Second
)

// drain waits until everything expected is searchable, or nothing has arrived for
// the timeout.
func (s *scenario) drain(ctx context.Context) error {
	want := -len(s.observed.Poisoned)
	for _, n := range s.observed.Emitted {
		want += int(n.Count)
	}
	stall := drainTimeout
	if s.observed.Control != delivery.NoControl || s.observed.MayEvict {
		stall = shortDrainTimeout
	}
	for best, last := -1, time.Now(); time.Since(last) < stall; {
		n, err := s.indexed(ctx)
		switch {
		case err != nil && time.Since(last) > stall/2: // an index that is being created cannot be searched yet
			return err
		case err == nil && n > best:
			best, last = n, time.Now()
			s.observed.Drain = max(0, last.Sub(s.faultEnd))
		}
		if err == nil && n >= want {
			return nil
		}
		if err := wait.For(ctx, 100*time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}

// collect reads what is in OpenSearch when all scenarios have run.
func (s *scenario) collect(ctx context.Context) (err error) {
	w := &s.observed
	if s.identicalText != "" {
		w.Found, err = s.sys.store.identicalLines(ctx, s.identicalText, s.file())
		return err
	}
	for signal := range w.Emitted {
		found, err := s.sys.store.found(ctx, s.service, signal)
		if err != nil {
			return err
		}
		w.Found = append(w.Found, found...)
	}
	if s.countEvicted != nil {
		if w.Evicted, err = s.countEvicted(ctx); err != nil {
			return err
		}
		s.prove("dropped according to the counters", w.Evicted)
		if w.InFlight > 0 {
			s.prove("of which in flight at most", w.InFlight)
		}
	}
	if s.verify != nil {
		if err := s.verify(ctx); err != nil {
			return err
		}
	}
	w.DeadLetters, err = s.sys.store.deadLetters(ctx, s.service)
	return err
}

// waitFor polls until done, which may fail. what names the condition, for the
// error after a timeout.
func waitFor(ctx context.Context, what string, done func() (bool, error)) (err error) {
	limited, cancel := context.WithTimeout(ctx, drainTimeout)
	defer cancel()
	late := wait.Until(limited, 50*time.Millisecond, func() bool {
		var ok bool
		ok, err = done()
		return ok || err != nil
	})
	if late != nil && ctx.Err() == nil {
		return fmt.Errorf("timeout after %s: %s", drainTimeout, what)
	}
	return errors.Join(err, late)
}

// writtenLines counts the numbered lines in the scenario's log.
func (s *scenario) writtenLines() (n int, err error) {
	text, err := os.ReadFile(s.file())
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	return strings.Count(string(text), strconv.Quote(names.EventName)+":"+strconv.Quote(names.EventEmitted)), err
}
