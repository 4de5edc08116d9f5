package launch

import (
	"fmt"
	"slices"
	"syscall"
)

// Hold is what happens to a part's process while a fault is injected.
type Hold int

// The holds. While one lasts, the supervisor does not repair it: a process that it
// restarts after a minute would end a fault before the objectives have noticed it.
const (
	free    Hold = iota
	Hung         // stopped with SIGSTOP: connections are accepted and nothing responds
	Gone         // killed with SIGKILL, and not started again
	changed      // runs with another command, see Change
)

func (h Hold) String() string { return [...]string{"free", "hung", "stopped", "changed"}[h] }

// Hold hangs or kills a part's process until release is called, or until everything is
// stopped. why is shown by Status. The part must be up, and not be held already.
// release lets a hung process continue, and a dead one be started again.
func (s *Supervisor) Hold(part string, how Hold, why string) (release func(), err error) {
	return s.hold(part, &held{how: how, why: why})
}

// Change restarts a part's process with another command until release is called, which
// restarts it with its own one. change gets a copy of that. A process that does not start
// with its changed command is started again and again, as any other. The part must be up,
// and not be held.
func (s *Supervisor) Change(part string, change func(Command) Command, why string) (release func(), err error) {
	return s.hold(part, &held{how: changed, why: why, change: change})
}

func (s *Supervisor) hold(part string, h *held) (release func(), err error) {
	i := slices.IndexFunc(s.runners, func(r *runner) bool { return r.part.Name == part })
	if i < 0 {
		return nil, fmt.Errorf("there is no part called %s in this system", part)
	}
	return s.runners[i].hold(h)
}

// held is a hold of a part's process.
type held struct {
	how      Hold
	why      string
	change   func(Command) Command // of a part that is changed
	released chan struct{}
}

func (r *runner) hold(h *held) (release func(), err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.held != nil:
		return nil, fmt.Errorf("%s is %s already: %s", r.part.Name, r.held.how, r.held.why)
	case r.proc == nil && r.part.Command == nil:
		return nil, fmt.Errorf("%s has no process that the launcher runs", r.part.Name)
	case r.state != Healthy && r.state != Unhealthy:
		return nil, fmt.Errorf("%s is %s; try again when it is up", r.part.Name, r.state)
	}
	h.released = make(chan struct{})
	if h.how == changed {
		r.startAgain()
	} else if err := signalGroup(r.proc, h.how.signal()); err != nil {
		return nil, fmt.Errorf("%s: %w", r.part.Name, err)
	}
	r.held = h
	r.s.journal.add(Warn, r.part.Name, "%s: %s", h.how, h.why)
	return func() { r.release(h) }, nil
}

// startAgain ends the part's process, so that it is started again with the command that
// is right then. mu must be held.
func (r *runner) startAgain() {
	if proc := r.proc; proc != nil && r.ctx.Err() == nil {
		r.replaced = proc
		go proc.stop(r.part.stopSignal(), r.part.stopTimeout())
	}
}

// command is the command of the part's next process.
func (r *runner) command() (Command, error) {
	c, err := r.part.Command(r.ctx)
	if h := r.holding(); err == nil && h != nil && h.how == changed {
		c = h.change(c)
	}
	return c, err
}

func (h Hold) signal() syscall.Signal {
	if h == Hung {
		return syscall.SIGSTOP
	}
	return syscall.SIGKILL
}

func (r *runner) release(h *held) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.held != h {
		return
	}
	r.held = nil
	switch {
	case h.how == Hung && r.proc != nil:
		_ = signalGroup(r.proc, syscall.SIGCONT) // a process that has exited needs none
	case h.how == changed:
		r.startAgain()
	}
	close(h.released)
	r.s.journal.add(Info, r.part.Name, "not %s any more", h.how)
}

// repairs reports whether the part's process is repaired when it fails. note is about the
// part's hold, "" if there is none.
func (r *runner) repairs() (note string, ok bool) {
	h := r.holding()
	if h == nil {
		return "", true
	}
	return h.how.String() + ": " + h.why, h.how == changed
}

// wasReplaced reports whether a process was ended by startAgain.
func (r *runner) wasReplaced(proc *process) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.replaced == proc
}

// holding returns the part's hold, nil if there is none.
func (r *runner) holding() *held {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.held
}

// awaitRelease waits while the part's process is to be gone. It returns false if the
// part is to stop.
func (r *runner) awaitRelease() (waited, ok bool) {
	for h := r.holding(); h != nil && h.how == Gone; h = r.holding() {
		waited = true
		r.setState(Restarting, "stopped: "+h.why)
		select {
		case <-h.released:
		case <-r.ctx.Done():
			return waited, false
		}
	}
	return waited, true
}

// hangAgain stops a new process of a part that is to hang.
func (r *runner) hangAgain() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.held != nil && r.held.how == Hung {
		_ = signalGroup(r.proc, syscall.SIGSTOP)
	}
}

// proceed ends the hold of a part that is to stop: a hung process would ignore the stop
// signal. One that is changed stops as it is.
func (r *runner) proceed() {
	if h := r.holding(); h != nil && h.how != changed {
		r.release(h)
	}
}

// signalGroup sends sig to a process and its children.
func signalGroup(p *process, sig syscall.Signal) error {
	return syscall.Kill(-p.cmd.Process.Pid, sig)
}
