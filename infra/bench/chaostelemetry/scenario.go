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
	"jari.example/telemetry/names"
)

// scenario is one row while it goes on.
type scenario struct {
	sys           *system
	slug          string // for the fault, in pictures
	service       string // of its records; nobody else's
	records       int64  // as many as the campaign's length allows
	rate          float64
	observed      delivery.Observation
	faultEnd      time.Time // when the fault ended
	identicalText string    // what anonymous lines say
	countEvicted  func(context.Context) (int, error)
	verify        func(context.Context) error // proves by what was found; may be nil
	inFlight      int                         // the fewest lines underway at a kill
}

// emission is a running emitter.
type emission struct {
	cmd  *exec.Cmd
	file string
	done chan error
}

// emit starts an emitter of the numbers given, each of which is expected to
// arrive in every signal that arguments do not switch off.
func (p *scenario) emit(ctx context.Context, n delivery.Numbers, spans int64, points bool, args ...string) (*emission, error) {
	p.expect(delivery.Line, n)
	if spans > 0 {
		p.expect(delivery.Span, delivery.Numbers{First: n.First * spans, Count: n.Count * spans})
	}
	if points {
		p.expect(delivery.Point, n)
	}
	return p.start(ctx, append([]string{
		"-first", fmt.Sprint(n.First), "-count", fmt.Sprint(n.Count), "-rate", fmt.Sprint(p.rate),
		"-spans", fmt.Sprint(spans), "-points=" + strconv.FormatBool(points),
	}, args...)...)
}

func (p *scenario) expect(s delivery.Signal, n delivery.Numbers) {
	have, ok := p.observed.Emitted[s]
	if ok && have.First+have.Count == n.First {
		n = delivery.Numbers{First: have.First, Count: have.Count + n.Count}
	}
	p.observed.Emitted[s] = n
}

// file is where the play's processes write.
func (p *scenario) file() string { return p.sys.log(p.service + ".log") }

func (p *scenario) open() (*os.File, error) {
	return os.OpenFile(p.file(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
}

// start runs telemetryemit, whose stdout the agent follows. It ends with ctx.
func (p *scenario) start(ctx context.Context, args ...string) (*emission, error) {
	out, err := p.open()
	if err != nil {
		return nil, err
	}
	defer out.Close() // the child has its own
	stderr, err := os.OpenFile(p.sys.log(p.service+".err"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	defer stderr.Close()
	e := &emission{done: make(chan error, 1), file: p.file()}
	e.cmd = exec.CommandContext(ctx, p.sys.bin("telemetryemit"), append([]string{"-service", p.service, "-otlp-endpoint", p.sys.otlp, "-limit", "2m"}, args...)...)
	e.cmd.Stdout, e.cmd.Stderr = out, stderr
	e.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // a Ctrl-C is for us; we end it
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
			return fmt.Errorf("an emitter: %w", err)
		}
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// allNumbers is the play's usual numbers.
func (p *scenario) allNumbers() delivery.Numbers { return delivery.Numbers{Count: p.records} }

// proveAtLeast notes the same where once is not enough.
func (p *scenario) proveAtLeast(what string, times, least int) {
	p.observed.Evidence = append(p.observed.Evidence, delivery.Evidence{What: what, Times: times, AtLeast: least})
}

// awaitInFlight waits until lines are written that cannot be searched yet, so that
// whoever is killed now is killed with something underway.
func (p *scenario) awaitInFlight(ctx context.Context, written func() (int, error)) error {
	return waitFor(ctx, "something is underway", func() (bool, error) {
		n, err := written()
		if err != nil {
			return false, err
		}
		have, err := p.searchable(ctx)
		if err != nil || n <= have {
			return false, nil // an index that is just being made cannot be searched yet
		}
		if p.inFlight == 0 || n-have < p.inFlight {
			p.inFlight = n - have
		}
		return true, nil
	})
}

// searchable counts the lines there are.
func (p *scenario) searchable(ctx context.Context) (int, error) {
	if p.identicalText != "" {
		return p.indexed(ctx)
	}
	return p.sys.store.count(ctx, p.service, delivery.Line)
}

// prove notes what shows that the fault has fired.
func (p *scenario) prove(what string, times int) {
	p.observed.Evidence = append(p.observed.Evidence, delivery.Evidence{What: what, Times: times})
}

// faultEnded marks the fault's end.
func (p *scenario) faultEnded() { p.faultEnd = time.Now() }

// emitAll is a whole emission, in plain conditions.
func (p *scenario) emitAll(ctx context.Context, n delivery.Numbers, spans int64, points bool, args ...string) error {
	e, err := p.emit(ctx, n, spans, points, args...)
	if err != nil {
		return err
	}
	return e.wait(ctx)
}

// indexed counts the documents there are.
func (p *scenario) indexed(ctx context.Context) (n int, err error) {
	if p.identicalText != "" {
		found, err := p.sys.store.identicalLines(ctx, p.identicalText, p.file())
		return len(found), err
	}
	for signal := range p.observed.Emitted {
		one, err := p.sys.store.count(ctx, p.service, signal)
		if err != nil {
			return 0, err
		}
		n += one
	}
	return n, nil
}

// How long to wait for what does not come: for what is promised, and for what
// a row may lose.
const (
	drainTimeout      = 60 * time.Second
	shortDrainTimeout = 6 * time.Second
)

// drain waits until everything expected is searchable, or nothing has come for
// a long time.
func (p *scenario) drain(ctx context.Context) error {
	want := -len(p.observed.Poisoned)
	for _, n := range p.observed.Emitted {
		want += int(n.Count)
	}
	stall := drainTimeout
	if p.observed.Control != delivery.NoControl || p.observed.MayEvict {
		stall = shortDrainTimeout
	}
	for best, last := -1, time.Now(); time.Since(last) < stall; {
		n, err := p.indexed(ctx)
		switch {
		case err != nil && time.Since(last) > stall/2: // an index that is just being made cannot be searched yet
			return err
		case err == nil && n > best:
			best, last = n, time.Now()
			p.observed.Drain = max(0, last.Sub(p.faultEnd))
		}
		if err == nil && n >= want {
			return nil
		}
		if err := pause(ctx, 100*time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}

// collect fills in what is in OpenSearch when the campaign is over.
func (p *scenario) collect(ctx context.Context) (err error) {
	w := &p.observed
	if p.identicalText != "" {
		w.Found, err = p.sys.store.identicalLines(ctx, p.identicalText, p.file())
		return err
	}
	for signal := range w.Emitted {
		found, err := p.sys.store.found(ctx, p.service, signal)
		if err != nil {
			return err
		}
		w.Found = append(w.Found, found...)
	}
	if p.countEvicted != nil {
		if w.Evicted, err = p.countEvicted(ctx); err != nil {
			return err
		}
		p.prove("dropped as the counters tell", w.Evicted)
		if w.InFlight > 0 {
			p.prove("of which may have been underway at most", w.InFlight)
		}
	}
	if p.verify != nil {
		if err := p.verify(ctx); err != nil {
			return err
		}
	}
	w.DeadLetters, err = p.sys.store.deadLetters(ctx, p.service)
	return err
}

// waitFor waits for something that must come about.
func waitFor(ctx context.Context, what string, done func() (bool, error)) error {
	for deadline := time.Now().Add(drainTimeout); ; {
		ok, err := done()
		if ok || err != nil {
			return err
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("still not after %s: %s", drainTimeout, what)
		}
		if err := pause(ctx, 50*time.Millisecond); err != nil {
			return err
		}
	}
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// writtenLines counts the records whose lines are in the play's file.
func (p *scenario) writtenLines() (n int, err error) {
	text, err := os.ReadFile(p.file())
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	return strings.Count(string(text), strconv.Quote(names.EventName)+":"+strconv.Quote(names.EventEmitted)), err
}
