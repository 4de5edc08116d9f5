package launch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"jari.example/infra/local/ports"
)

// Supervisor runs one system from start to stop.
type Supervisor struct {
	PortWait time.Duration

	logDir  string
	journal *journal
	runners []*runner // in order of needs
	forker  forker
	started time.Time

	stopping         chan struct{} // closed by Stop
	stopOnce         sync.Once
	failure          error         // why the start failed; set before stopping is closed
	endDelivered     chan struct{} // closed when a reader has been told how the start ended
	endDeliveredOnce sync.Once

	mu    sync.Mutex
	phase string // starting, running, stopping
}

// ErrStopped is Run's answer when it was stopped before everything was up.
var ErrStopped = errors.New("stopped before everything was up")

// New checks the parts. Output of part P goes to logDir/P.log and P.err; the
// supervisor's own lines go to out. After a crash of an earlier supervisor its
// dying parts may still hold their ports; Leftovers gives them time.
func New(parts []Part, logDir string, out io.Writer) (*Supervisor, error) {
	sorted, err := order(parts)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(logDir, 0o755); err != nil {
		return nil, err
	}
	s := &Supervisor{
		logDir: logDir, journal: newJournal(out), forker: newForker(),
		started: time.Now(), stopping: make(chan struct{}), endDelivered: make(chan struct{}), phase: "starting",
	}
	byName := map[string]*runner{}
	for _, p := range sorted {
		r := newRunner(s, p)
		for _, name := range p.Needs {
			r.needs = append(r.needs, byName[name])
		}
		for _, name := range slices.Concat(p.Needs, p.Feeds) {
			byName[name].dependents = append(byName[name].dependents, r)
		}
		byName[p.Name] = r
		s.runners = append(s.runners, r)
	}
	return s, nil
}

// Run brings everything up and keeps it up until Stop is called or ctx ends,
// then takes everything down and returns when nothing is left. The error says
// in whole sentences why a start failed.
func (s *Supervisor) Run(ctx context.Context) error {
	if err := s.preflight(ctx); err != nil {
		s.fail(err)
		s.setPhase("stopping")
		s.journal.add(Failed, "", "%s", err)
		return err
	}
	defer context.AfterFunc(ctx, s.Stop)()
	for _, r := range s.runners {
		go r.run()
	}
	ready := s.awaitUp()
	if ready {
		s.setPhase("running")
		s.journal.add(Ready, "", "everything is up after %s", round(time.Since(s.started)))
		<-s.stopping
	}
	s.setPhase("stopping")
	s.stopAll()
	switch {
	case s.failure != nil:
		s.journal.add(Failed, "", "%s", s.failure)
		return s.failure
	case !ready:
		s.journal.add(Stopped, "", "stopped before everything was up")
		return ErrStopped
	}
	s.journal.add(Stopped, "", "everything is stopped")
	return nil
}

// Stop makes Run take everything down. It does not wait.
func (s *Supervisor) Stop() { s.stopOnce.Do(func() { close(s.stopping) }) }

// fail ends the start: the first failure is the one that is told.
func (s *Supervisor) fail(err error) {
	s.stopOnce.Do(func() {
		s.failure = err
		close(s.stopping)
	})
}

// preflight looks at every port before anything is started, so that one that
// is taken costs nothing and leaves nothing behind.
func (s *Supervisor) preflight(ctx context.Context) error {
	taken := s.portsInUse()
	for began := time.Now(); taken != nil && time.Since(began) < s.PortWait && ctx.Err() == nil; taken = s.portsInUse() {
		s.journal.add(Transient, "", "waiting for what an earlier launcher has left to end: %s", taken[0])
		time.Sleep(pollEvery)
	}
	if taken == nil {
		return nil
	}
	if n := len(taken) - 3; n > 1 { // most likely another copy of Jari
		taken = append(taken[:3], fmt.Sprintf("and so it is with %d more of Jari's ports", n))
	}
	return errors.New(strings.Join(taken, "\n") + "\n  what to do: stop that program, or move all of Jari's ports: JARI_PORT_OFFSET=1000, or JARI_PORT_OFFSET=auto to have free ones found")
}

func (s *Supervisor) portsInUse() (taken []string) {
	for _, r := range s.runners {
		for _, port := range r.part.Ports {
			if ports.Free(port) != nil {
				taken = append(taken, fmt.Sprintf("%s wants 127.0.0.1:%d, but something else listens there (see `ss -ltnp 'sport = :%d'`)", r.part.Name, port, port))
			}
		}
	}
	return taken
}

func (s *Supervisor) awaitUp() bool {
	for _, r := range s.runners {
		select {
		case <-r.up:
		case <-s.stopping:
			return false
		}
	}
	return true
}

// stopAll stops every part after those that need or feed it.
func (s *Supervisor) stopAll() {
	var wg sync.WaitGroup
	for _, r := range s.runners {
		wg.Go(func() {
			for _, earlier := range r.dependents {
				<-earlier.stopped
			}
			r.stop()
		})
	}
	wg.Wait()
}

func (s *Supervisor) setPhase(phase string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.phase = phase
}

// Status is the whole system at one moment.
type Status struct {
	Phase   string       `json:"phase"` // starting, running or stopping
	Pid     int          `json:"pid"`
	Started time.Time    `json:"started"`
	Parts   []PartStatus `json:"parts"`
}

// PartStatus is one part at one moment.
type PartStatus struct {
	Name     string    `json:"name"`
	State    State     `json:"state"`
	Pid      int       `json:"pid,omitempty"`
	Ports    []int     `json:"ports,omitempty"`
	Since    time.Time `json:"since"`
	Restarts int       `json:"restarts"`
	Note     string    `json:"note,omitempty"` // how it was found, or what is wrong
}

// Status describes every part, in order of needs.
func (s *Supervisor) Status() Status {
	s.mu.Lock()
	st := Status{Phase: s.phase, Pid: os.Getpid(), Started: s.started}
	s.mu.Unlock()
	for _, r := range s.runners {
		st.Parts = append(st.Parts, r.status())
	}
	return st
}

func round(d time.Duration) time.Duration {
	if d < time.Second {
		return d.Round(10 * time.Millisecond)
	}
	return d.Round(100 * time.Millisecond)
}
