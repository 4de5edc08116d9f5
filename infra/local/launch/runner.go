package launch

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
)

// State is where a part stands.
type State string

// The states of a part.
const (
	Waiting    State = "waiting"   // for the parts it needs
	Preparing  State = "preparing" // being found, fetched or built
	Starting   State = "starting"
	Healthy    State = "healthy"
	Unhealthy  State = "unhealthy"  // runs, but its check fails
	Restarting State = "restarting" // died; comes back after a pause
	Done       State = "done"       // a task that has nothing left to do
	Down       State = "stopped"
)

const (
	pollEvery   = 100 * time.Millisecond
	checkEvery  = 5 * time.Second
	remindEvery = 10 * time.Second
	minBackoff  = 200 * time.Millisecond
	maxBackoff  = 10 * time.Second
)

// runner takes one part through its life.
type runner struct {
	s          *Supervisor
	part       Part
	needs      []*runner
	dependents []*runner // those that must be gone before it is stopped

	ctx     context.Context // ends when the part is to stop
	cancel  context.CancelFunc
	up      chan struct{} // closed when it first was up
	stopped chan struct{} // closed when nothing of it runs any more

	mu           sync.Mutex
	state        State
	since        time.Time
	proc         *process
	restarts     int
	problem      string
	lastProgress string // the part's last words of progress
}

func newRunner(s *Supervisor, p Part) *runner {
	ctx, cancel := context.WithCancel(context.Background())
	return &runner{
		s: s, part: p, ctx: ctx, cancel: cancel, state: Waiting, since: time.Now(),
		up: make(chan struct{}), stopped: make(chan struct{}),
	}
}

// stop makes run return and waits for it.
func (r *runner) stop() {
	r.cancel()
	<-r.stopped
}

func (r *runner) run() {
	defer close(r.stopped)
	defer r.setState(Down, "")
	if err := r.startFirst(); err != nil {
		if r.ctx.Err() == nil {
			r.s.fail(err)
			<-r.ctx.Done() // in its turn
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

// startFirst prepares and starts the part for the first time. Whatever goes wrong
// here ends the whole start.
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

// start runs the command, waits until it is healthy, and settles it. When it
// fails, no process is left.
func (r *runner) start() error {
	r.setState(Starting, "")
	var proc *process
	if r.part.Command != nil {
		c, err := r.part.Command(r.ctx)
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

// errExited is why a process is not healthy: it is not there.
var errExited = errors.New("it ended while it was starting")

func (r *runner) awaitHealthy(proc *process) error {
	if r.part.Healthy == nil {
		return nil
	}
	var ended <-chan struct{} // of an external server: never
	if proc != nil {
		ended = proc.done
	}
	deadline := time.After(r.part.startTimeout())
	for {
		err := r.check()
		if err == nil {
			return nil
		}
		select {
		case <-ended:
			return fmt.Errorf("%w: %s", errExited, proc.exitText())
		case <-deadline:
			return fmt.Errorf("it is not healthy after %s: %w", r.part.startTimeout(), err)
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

// supervise looks after the running process and brings it back whenever it dies.
func (r *runner) supervise() {
	pause := minBackoff
	for {
		proc := r.current()
		r.watch(proc)
		if r.ctx.Err() != nil {
			if proc.stop(r.part.stopSignal(), r.part.stopTimeout()) {
				r.s.journal.add(Warn, r.part.Name, "did not stop within %s and was killed", r.part.stopTimeout())
			}
			return
		}
		if time.Since(proc.started) > r.part.backoffReset() {
			pause = minBackoff
		}
		trouble := "died: " + proc.exitText()
		words := "\n  " + proc.outputTail()
		for {
			r.s.journal.add(Warn, r.part.Name, "%s; restarting in %s%s", trouble, pause, words)
			r.setState(Restarting, trouble)
			select {
			case <-time.After(pause):
			case <-r.ctx.Done():
				return
			}
			pause = min(2*pause, maxBackoff)
			r.countRestart()
			err := r.start()
			if err == nil {
				break
			}
			if r.ctx.Err() != nil {
				return
			}
			trouble, words = err.Error(), ""
		}
		r.s.journal.add(Up, r.part.Name, "is back (restart %d)", r.status().Restarts)
	}
}

// watch runs Attend and checks the part's health until the process ends or
// the part is to stop. A nil process is somebody else's server.
func (r *runner) watch(proc *process) {
	ctx, cancel := context.WithCancel(r.ctx)
	attended := make(chan struct{})
	go func() {
		defer close(attended)
		if r.part.Background != nil {
			r.part.Background(ctx)
		}
	}()
	defer func() { cancel(); <-attended }()
	var ended <-chan struct{}
	if proc != nil {
		ended = proc.done
	}
	tick := time.NewTicker(checkEvery)
	defer tick.Stop()
	for {
		select {
		case <-ended:
			return
		case <-r.ctx.Done():
			return
		case <-tick.C:
		}
		if r.part.Healthy == nil {
			continue
		}
		if err := r.check(); err != nil && r.ctx.Err() == nil {
			r.setState(Unhealthy, err.Error())
		} else {
			r.setState(Healthy, "")
		}
	}
}

// remind says every few seconds what is being waited for, until the returned
// function is called.
func (r *runner) remind() (stop func()) {
	ctx, cancel := context.WithCancel(r.ctx)
	go func() {
		for began := time.Now(); ; {
			select {
			case <-ctx.Done():
				return
			case <-time.After(remindEvery):
			}
			if st := r.status(); st.State != Waiting {
				r.s.journal.add(Transient, r.part.Name, "still %s (%s)%s", st.State, time.Since(began).Round(time.Second), r.activity())
			}
		}
	}()
	return cancel
}

// progress passes the part's progress on and remembers it for reminders.
func (r *runner) progress() Progress {
	tell := r.s.journal.progress(r.part.Name)
	return func(format string, args ...any) {
		r.mu.Lock()
		r.lastProgress = strings.TrimPrefix(fmt.Sprintf(format, args...), "\r")
		r.mu.Unlock()
		tell(format, args...)
	}
}

func (r *runner) activity() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.state == Preparing && r.lastProgress != "" {
		return ": " + r.lastProgress
	}
	return ""
}

// explain turns an error into the one message a person gets: the part, its
// log, and what to do.
func (r *runner) explain(err error, proc *process) error {
	if r.ctx.Err() != nil {
		return r.ctx.Err()
	}
	text := fmt.Sprintf("%s did not come up: %v", r.part.Name, err)
	if proc != nil {
		text += "\n  " + proc.outputTail()
	}
	if r.part.Hint != "" {
		text += "\n  what to do: " + r.part.Hint
	}
	return errors.New(text)
}

func (r *runner) setState(state State, trouble string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.state != state {
		r.state, r.since = state, time.Now()
	}
	r.problem = trouble
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
