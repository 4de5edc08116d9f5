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
	free Hold = iota
	Hung      // stopped with SIGSTOP: connections are accepted and nothing responds
	Gone      // killed with SIGKILL, and not started again
)

func (h Hold) String() string { return [...]string{"free", "hung", "stopped"}[h] }

// Hold hangs or kills a part's process until release is called, or until everything is
// stopped. why is shown by Status. The part must be up, and not be held already.
// release lets a hung process continue, and a dead one be started again.
func (s *Supervisor) Hold(part string, how Hold, why string) (release func(), err error) {
	i := slices.IndexFunc(s.runners, func(r *runner) bool { return r.part.Name == part })
	if i < 0 {
		return nil, fmt.Errorf("there is no part called %s in this system", part)
	}
	return s.runners[i].hold(how, why)
}

// held is a hold of a part's process.
type held struct {
	how      Hold
	why      string
	released chan struct{}
}

func (r *runner) hold(how Hold, why string) (release func(), err error) {
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
	h := &held{how: how, why: why, released: make(chan struct{})}
	if err := signalGroup(r.proc, how.signal()); err != nil {
		return nil, fmt.Errorf("%s: %w", r.part.Name, err)
	}
	r.held = h
	r.s.journal.add(Warn, r.part.Name, "%s: %s", how, why)
	return func() { r.release(h) }, nil
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
	if h.how == Hung && r.proc != nil {
		_ = signalGroup(r.proc, syscall.SIGCONT) // a process that has exited needs none
	}
	close(h.released)
	r.s.journal.add(Info, r.part.Name, "not %s any more", h.how)
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

// proceed ends the hold of a part that is to stop: a stopped process would ignore the
// stop signal.
func (r *runner) proceed() {
	if h := r.holding(); h != nil {
		r.release(h)
	}
}

// signalGroup sends sig to a process and its children.
func signalGroup(p *process, sig syscall.Signal) error {
	return syscall.Kill(-p.cmd.Process.Pid, sig)
}
