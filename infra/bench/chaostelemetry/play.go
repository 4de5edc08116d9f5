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

	"jari.example/infra/bench/chaostelemetry/verdict"
	"jari.example/telemetry/names"
)

// play is one row while it goes on.
type play struct {
	sys     *system
	short   string // for the fault, in pictures
	service string // of its records; nobody else's
	records int64  // as many as the campaign's length allows
	rate    float64
	world   verdict.World
	ended   time.Time // when the fault ended
	alike   string    // what anonymous lines say
	evicted func(context.Context) (int, error)
	looked  func(context.Context) error // proves by what was found; may be nil
	flying  int                         // the fewest lines underway at a kill
}

// emission is a running emitter.
type emission struct {
	cmd  *exec.Cmd
	file string
	done chan error
}

// emit starts an emitter of the numbers given, each of which is expected to
// arrive in every signal that arguments do not switch off.
func (p *play) emit(ctx context.Context, n verdict.Numbers, spans int64, points bool, args ...string) (*emission, error) {
	p.expect(verdict.Line, n)
	if spans > 0 {
		p.expect(verdict.Span, verdict.Numbers{First: n.First * spans, Count: n.Count * spans})
	}
	if points {
		p.expect(verdict.Point, n)
	}
	return p.start(ctx, append([]string{
		"-first", fmt.Sprint(n.First), "-count", fmt.Sprint(n.Count), "-rate", fmt.Sprint(p.rate),
		"-spans", fmt.Sprint(spans), "-points=" + strconv.FormatBool(points),
	}, args...)...)
}

func (p *play) expect(s verdict.Signal, n verdict.Numbers) {
	have, ok := p.world.Emitted[s]
	if ok && have.First+have.Count == n.First {
		n = verdict.Numbers{First: have.First, Count: have.Count + n.Count}
	}
	p.world.Emitted[s] = n
}

// file is where the play's processes write.
func (p *play) file() string { return p.sys.log(p.service + ".log") }

func (p *play) open() (*os.File, error) {
	return os.OpenFile(p.file(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
}

// start runs telemetryemit, whose stdout the agent follows. It ends with ctx.
func (p *play) start(ctx context.Context, args ...string) (*emission, error) {
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

// all is the play's usual numbers.
func (p *play) all() verdict.Numbers { return verdict.Numbers{Count: p.records} }

// least notes the same where once is not enough.
func (p *play) least(what string, times, least int) {
	p.world.Proof = append(p.world.Proof, verdict.Proof{What: what, Times: times, Least: least})
}

// caught waits until lines are written that cannot be searched yet, so that
// whoever is killed now is killed with something underway.
func (p *play) caught(ctx context.Context, written func() (int, error)) error {
	return until(ctx, "something is underway", func() (bool, error) {
		n, err := written()
		if err != nil {
			return false, err
		}
		have, err := p.searchable(ctx)
		if err != nil || n <= have {
			return false, nil // an index that is just being made cannot be searched yet
		}
		if p.flying == 0 || n-have < p.flying {
			p.flying = n - have
		}
		return true, nil
	})
}

// searchable counts the lines there are.
func (p *play) searchable(ctx context.Context) (int, error) {
	if p.alike != "" {
		return p.indexed(ctx)
	}
	return p.sys.store.count(ctx, p.service, verdict.Line)
}

// prove notes what shows that the fault has fired.
func (p *play) prove(what string, times int) {
	p.world.Proof = append(p.world.Proof, verdict.Proof{What: what, Times: times})
}

// over marks the fault's end.
func (p *play) over() { p.ended = time.Now() }

// emits is a whole emission, in plain conditions.
func (p *play) emits(ctx context.Context, n verdict.Numbers, spans int64, points bool, args ...string) error {
	e, err := p.emit(ctx, n, spans, points, args...)
	if err != nil {
		return err
	}
	return e.wait(ctx)
}

// indexed counts the documents there are.
func (p *play) indexed(ctx context.Context) (n int, err error) {
	if p.alike != "" {
		found, err := p.sys.store.alike(ctx, p.alike, p.file())
		return len(found), err
	}
	for signal := range p.world.Emitted {
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
	patience      = 60 * time.Second
	shortPatience = 6 * time.Second
)

// drain waits until everything expected is searchable, or nothing has come for
// a long time.
func (p *play) drain(ctx context.Context) error {
	want := -len(p.world.Poisoned)
	for _, n := range p.world.Emitted {
		want += int(n.Count)
	}
	stall := patience
	if p.world.Control != verdict.NoControl || p.world.Evicts {
		stall = shortPatience
	}
	for best, last := -1, time.Now(); time.Since(last) < stall; {
		n, err := p.indexed(ctx)
		switch {
		case err != nil && time.Since(last) > stall/2: // an index that is just being made cannot be searched yet
			return err
		case err == nil && n > best:
			best, last = n, time.Now()
			p.world.Drain = max(0, last.Sub(p.ended))
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

// look fills in what is in OpenSearch when the campaign is over.
func (p *play) look(ctx context.Context) (err error) {
	w := &p.world
	if p.alike != "" {
		w.Found, err = p.sys.store.alike(ctx, p.alike, p.file())
		return err
	}
	for signal := range w.Emitted {
		found, err := p.sys.store.found(ctx, p.service, signal)
		if err != nil {
			return err
		}
		w.Found = append(w.Found, found...)
	}
	if p.evicted != nil {
		if w.Evicted, err = p.evicted(ctx); err != nil {
			return err
		}
		p.prove("dropped as the counters tell", w.Evicted)
		if w.Overtold > 0 {
			p.prove("of which may have been underway at most", w.Overtold)
		}
	}
	if p.looked != nil {
		if err := p.looked(ctx); err != nil {
			return err
		}
	}
	w.Dead, err = p.sys.store.dead(ctx, p.service)
	return err
}

// until waits for something that must come about.
func until(ctx context.Context, what string, done func() (bool, error)) error {
	for deadline := time.Now().Add(patience); ; {
		ok, err := done()
		if ok || err != nil {
			return err
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("still not after %s: %s", patience, what)
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

// lines counts the records whose lines are in the play's file.
func (p *play) lines() (n int, err error) {
	text, err := os.ReadFile(p.file())
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	return strings.Count(string(text), strconv.Quote(names.EventName)+":"+strconv.Quote(names.EventEmitted)), err
}
