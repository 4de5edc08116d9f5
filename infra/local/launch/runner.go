package launch

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"jari.example/internal/wait"
)

// State is the lifecycle state of a part.
type State string

// The states of a part.
const (
	Waiting    State = "waiting"   // for the parts it needs
	Preparing  State = "preparing" // being found, downloaded or built
	Starting   State = "starting"
	Healthy    State = "healthy"
	Unhealthy  State = "unhealthy"  // runs, but its check fails
	Restarting State = "restarting" // exited, or hung and killed; starts again after a backoff
	Done       State = "done"       // a task that is complete
	Down       State = "stopped"
)

const (
	pollEvery   = 100 * time.Millisecond
	checkEvery  = 5 * time.Second
	remindEvery = 10 * time.Second
	minBackoff  = 200 * time.Millisecond
	maxBackoff  = 10 * time.Second
)

// runner runs one part through its lifecycle.
type runner struct {
	s          *Supervisor
	part       Part
	needs      []*runner
	dependents []*runner // parts that must have stopped before this one is stopped

	failed  func(error)     // called when the part does not start for the first time
	ctx     context.Context // ends when the part is to stop
	cancel  context.CancelFunc
	up      chan struct{} // closed when it is up for the first time
	stopped chan struct{} // closed when run has returned: no process is left

	mu           sync.Mutex
	state        State
	since        time.Time
	proc         *process
	restarts     int
	hangs        int      // restarts in a row because it hung
	held         *held    // by an injected fault; nil: it is not
	replaced     *process // the last one that startAgain ended
	problem      string
	lastProgress string // the part's last progress message
}

func newRunner(s *Supervisor, p Part) *runner {
	ctx, cancel := context.WithCancel(context.Background())
	return &runner{
		s: s, part: p, failed: s.fail, ctx: ctx, cancel: cancel, state: Waiting, since: time.Now(),
		up: make(chan struct{}), stopped: make(chan struct{}),
	}
}

// stop makes run return and waits until it has.
func (r *runner) stop() {
	r.proceed()
	r.cancel()
	<-r.stopped
}

func (r *runner) run() {
	defer close(r.stopped)
	defer r.setState(Down, "")
	if err := r.startFirst(); err != nil {
		if r.ctx.Err() == nil {
			r.failed(err)
			<-r.ctx.Done() // stopAll decides the order of stopping
		}
		return
	}
	close(r.up)
	if r.current() == nil {
		if r.part.Healthy != nil {
			r.watch(nil)
		}
		<-r.ctx.Done()
		return
	}
	r.supervise()
}

// startFirst prepares and starts the part for the first time. An error here
// fails the start of the whole system.
func (r *runner) startFirst() error {
	began := time.Now()
	defer r.remind()()
	if r.part.Prepare != nil {
		r.setState(Preparing, "")
		if err := r.part.Prepare(r.ctx, r.progress()); err != nil {
			return r.explain(err, nil)
		}
	}
	r.setState(Waiting, "")
	for _, need := range r.needs {
		select {
		case <-need.up:
		case <-r.ctx.Done():
			return r.ctx.Err()
		}
	}
	if err := r.start(); err != nil {
		return err
	}
	text := "up after " + round(time.Since(began)).String()
	if r.status().State == Done {
		text = "done after " + round(time.Since(began)).String()
	}
	if r.part.Notes != nil {
		text += " (" + r.part.Notes() + ")"
	}
	r.s.journal.add(Up, r.part.Name, "%s", text)
	return nil
}

// start runs the command, waits until it is healthy, and initializes it. When
// start fails, no process is left.
func (r *runner) start() error {
	r.setState(Starting, "")
	var proc *process
	if r.part.Command != nil {
		c, err := r.command()
		if err != nil {
			return r.explain(err, nil)
		}
		if proc, err = r.s.forker.start(r.part, c, r.s.logDir); err != nil {
			return r.explain(err, nil)
		}
		r.setProc(proc)
	}
	err := r.awaitHealthy(proc)
	if err == nil && r.part.Initialize != nil {
		err = r.part.Initialize(r.ctx, r.progress())
	}
	if err != nil {
		if proc != nil {
			proc.stop(r.part.stopSignal(), r.part.stopTimeout())
			r.setProc(nil)
		}
		return r.explain(err, proc)
	}
	if r.part.Command == nil && r.part.Healthy == nil {
		r.setState(Done, "")
	} else {
		r.setState(Healthy, "")
	}
	return nil
}

var errExited = errors.New("it exited while it was starting")

func (r *runner) awaitHealthy(proc *process) error {
	if r.part.Healthy == nil {
		return nil
	}
	var exited <-chan struct{} // nil, so never, for an external server
	if proc != nil {
		exited = proc.done
	}
	limit := newStartLimit(r.part)
	for {
		err := r.check()
		if err == nil {
			return nil
		}
		if late := limit.exceeded(proc, err); late != nil {
			return late
		}
		r.setState(Starting, err.Error())
		select {
		case <-exited:
			return fmt.Errorf("%w: %s", errExited, proc.exitText())
		case <-r.ctx.Done():
			return r.ctx.Err()
		case <-time.After(pollEvery):
		}
	}
}

func (r *runner) check() error {
	ctx, cancel := context.WithTimeout(r.ctx, 3*time.Second)
	defer cancel()
	return r.part.Healthy(ctx)
}

// supervise restarts the process with exponential backoff whenever it exits or
// hangs, until the part is stopped.
func (r *runner) supervise() {
	backoff := minBackoff
	for {
		proc := r.current()
		hung := r.watch(proc)
		if r.ctx.Err() != nil {
			if proc.stop(r.part.stopSignal(), r.part.stopTimeout()) {
				r.s.journal.add(Warn, r.part.Name, "did not stop within %s and was killed", r.part.stopTimeout())
			}
			return
		}
		if r.ranWell(proc, hung) {
			backoff, r.hangs = minBackoff, 0
		}
		killed, ok := r.awaitRelease()
		if !ok {
			return
		}
		problem, output := "stopped by an injected fault", ""
		switch {
		case r.wasReplaced(proc):
			problem = "ended to be started with another command"
		case !killed:
			problem, output = r.ended(proc, hung), "\n  "+proc.outputTail()
		}
		for {
			r.s.journal.add(Warn, r.part.Name, "%s; restarting in %s%s", problem, backoff, output)
			r.setState(Restarting, problem)
			if wait.For(r.ctx, backoff) != nil {
				return
			}
			if _, ok := r.awaitRelease(); !ok {
				return
			}
			backoff = min(2*backoff, maxBackoff)
			r.countRestart()
			err := r.start()
			if err == nil {
				break
			}
			if r.ctx.Err() != nil {
				return
			}
			problem, output = err.Error(), ""
		}
		r.hangAgain()
		r.s.journal.add(Up, r.part.Name, "up again (restart %d)", r.status().Restarts)
	}
}

// watch runs Background and checks the part's health until the process exits or
// hangs, or the part is to stop. proc is nil for an external server. hung is nil
// unless the process hangs.
func (r *runner) watch(proc *process) (hung *hang) {
	ctx, cancel := context.WithCancel(r.ctx)
	backgroundDone := make(chan struct{})
	go func() {
		defer close(backgroundDone)
		if r.part.Background != nil {
			r.part.Background(ctx)
		}
	}()
	defer func() { cancel(); <-backgroundDone }()
	var exited <-chan struct{}
	if proc != nil {
		exited = proc.done
	}
	tick := time.NewTicker(min(checkEvery, r.s.HangTimeout/4))
	defer tick.Stop()
	for responded := time.Now(); ; {
		select {
		case <-exited:
			return nil
		case <-r.ctx.Done():
			return nil
		case <-tick.C:
		}
		if r.part.Healthy == nil {
			continue
		}
		err := r.check()
		if err == nil || errors.Is(err, ErrNotReady) || r.ctx.Err() != nil {
			responded = time.Now()
		}
		note, repairs := r.repairs()
		if !repairs {
			responded = time.Now()
		}
		switch silent := time.Since(responded); {
		case !repairs:
			r.setState(Unhealthy, note)
		case err == nil || r.ctx.Err() != nil:
			r.setState(Healthy, note)
		case proc != nil && silent >= r.s.HangTimeout && r.hangs < maxHangs:
			return &hang{silent: silent, err: err}
		default:
			r.setState(Unhealthy, r.unhealthyText(proc, silent, err))
		}
	}
}

// remind reports every 10 s what the part is still doing, until stop is called.
func (r *runner) remind() (stop func()) {
	ctx, cancel := context.WithCancel(r.ctx)
	go func() {
		for began := time.Now(); wait.For(ctx, remindEvery) == nil; {
			if st := r.status(); st.State != Waiting {
				r.s.journal.add(Transient, r.part.Name, "still %s (%s)%s", st.State, time.Since(began).Round(time.Second), r.activity())
			}
		}
	}()
	return cancel
}

// progress passes the part's progress messages on and stores the last for
// reminders.
func (r *runner) progress() Progress {
	report := r.s.journal.progress(r.part.Name)
	return func(format string, args ...any) {
		r.mu.Lock()
		r.lastProgress = strings.TrimPrefix(fmt.Sprintf(format, args...), "\r")
		r.mu.Unlock()
		report(format, args...)
	}
}

func (r *runner) activity() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.state == Preparing && r.lastProgress != "":
		return ": " + r.lastProgress
	case r.state == Starting && r.problem != "":
		return ": " + r.problem
	}
	return ""
}

// explain turns an error into the message for the operator: the part, the end
// of its log, and what to do.
func (r *runner) explain(err error, proc *process) error {
	if r.ctx.Err() != nil {
		return r.ctx.Err()
	}
	text := fmt.Sprintf("%s did not start: %v", r.part.Name, err)
	if proc != nil {
		text += "\n  " + proc.outputTail()
	}
	if r.part.Hint != "" {
		text += "\n  what to do: " + r.part.Hint
	}
	return errors.New(text)
}

func (r *runner) setState(state State, problem string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.state != state {
		r.state, r.since = state, time.Now()
	}
	r.problem = problem
}

func (r *runner) setProc(p *process) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.proc = p
}

func (r *runner) countRestart() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.restarts++
}

func (r *runner) current() *process {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.proc
}

func (r *runner) status() PartStatus {
	r.mu.Lock()
	defer r.mu.Unlock()
	st := PartStatus{Name: r.part.Name, State: r.state, Ports: r.part.Ports, Since: r.since, Restarts: r.restarts, Note: r.problem}
	if r.proc != nil && (r.state == Starting || r.state == Healthy || r.state == Unhealthy) {
		st.Pid = r.proc.cmd.Process.Pid
	}
	if st.Note == "" && r.part.Notes != nil && r.state != Waiting && r.state != Preparing {
		st.Note = r.part.Notes()
	}
	return st
}
