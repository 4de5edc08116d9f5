package launch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"jari.example/infra/local/ports"
	"jari.example/internal/wait"
)

// Supervisor runs one system from start to stop.
type Supervisor struct {
	// PortWait is how long Run waits for ports in use: after a crash of an
	// earlier supervisor, its parts may still be exiting. 0: Run fails at once.
	PortWait time.Duration
	// HangTimeout is how long a process may leave its health check without a
	// response before it is restarted; New sets it to the constant.
	HangTimeout time.Duration
	// BeforeStop, if set, is called when everything is to stop, while all parts still
	// run. Stopping waits for it.
	BeforeStop func()

	handlers map[string]http.Handler // see Handle
	logDir   string
	journal  *journal
	runners  []*runner // sorted: each after those it needs or feeds
	forker   forker
	started  time.Time

	stopping         chan struct{} // closed by Stop
	stopOnce         sync.Once
	failure          error         // why the start failed; set before stopping is closed
	endDelivered     chan struct{} // closed when a client has received the final event
	endDeliveredOnce sync.Once

	mu    sync.Mutex
	phase string    // starting, running, stopping
	added []*runner // see Add
}

// ErrStopped is what Run returns when it was stopped before everything was up.
var ErrStopped = errors.New("stopped before everything was up")

// New checks the parts. The output of part P goes to logDir/P.log and P.err, the
// supervisor's own log to out.
func New(parts []Part, logDir string, out io.Writer) (*Supervisor, error) {
	sorted, err := order(parts)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(logDir, 0o755); err != nil {
		return nil, err
	}
	s := &Supervisor{
		HangTimeout: HangTimeout,
		logDir:      logDir, journal: newJournal(out), forker: newForker(),
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

// Run starts everything and supervises it until Stop is called or ctx ends. It
// then stops everything and returns when no process is left. The error is the
// complete message for the operator: why a start failed and what to do.
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
	if s.BeforeStop != nil {
		s.BeforeStop()
	}
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

// Stop makes Run stop everything. It does not wait.
func (s *Supervisor) Stop() { s.stopOnce.Do(func() { close(s.stopping) }) }

// fail ends the start. Only the first failure is reported.
func (s *Supervisor) fail(err error) {
	s.stopOnce.Do(func() {
		s.failure = err
		close(s.stopping)
	})
}

// preflight checks every port before anything is started, so that a port in use
// costs no time and leaves nothing to clean up.
func (s *Supervisor) preflight(ctx context.Context) error {
	inUse := s.portsInUse()
	for began := time.Now(); inUse != nil && time.Since(began) < s.PortWait; inUse = s.portsInUse() {
		s.journal.add(Transient, "", "waiting for the parts of an earlier launcher to exit: %s", inUse[0])
		if wait.For(ctx, pollEvery) != nil {
			break
		}
	}
	if inUse == nil {
		return nil
	}
	if n := len(inUse) - 3; n > 1 { // most likely another copy of Jari
		inUse = append(inUse[:3], fmt.Sprintf("and %d more of Jari's ports are in use", n))
	}
	return errors.New(strings.Join(inUse, "\n") + "\n  what to do: stop that program, or move all of Jari's ports: " +
		"JARI_PORT_OFFSET=1000, or JARI_PORT_OFFSET=auto to choose free ones")
}

func (s *Supervisor) portsInUse() (inUse []string) {
	for _, r := range s.runners {
		for _, port := range r.part.Ports {
			if ports.Free(port) != nil {
				inUse = append(inUse, fmt.Sprintf("%s needs 127.0.0.1:%d, but another program listens there (see `ss -ltnp 'sport = :%d'`)",
					r.part.Name, port, port))
			}
		}
	}
	return inUse
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

// stopAll stops each part after those that need or feed it.
func (s *Supervisor) stopAll() {
	var wg sync.WaitGroup
	for _, r := range s.takeAdded() {
		wg.Go(r.stop)
	}
	wg.Wait() // they may need any other
	for _, r := range s.runners {
		wg.Go(func() {
			for _, d := range r.dependents {
				<-d.stopped
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

// Status is a snapshot of the whole system.
type Status struct {
	Phase   string       `json:"phase"` // starting, running or stopping
	Pid     int          `json:"pid"`
	Started time.Time    `json:"started"`
	Parts   []PartStatus `json:"parts"`
}

// PartStatus is a snapshot of one part.
type PartStatus struct {
	Name     string    `json:"name"`
	State    State     `json:"state"`
	Pid      int       `json:"pid,omitempty"`
	Ports    []int     `json:"ports,omitempty"`
	Since    time.Time `json:"since"`
	Restarts int       `json:"restarts"`
	Note     string    `json:"note,omitempty"` // Part.Notes, or what is wrong
}

// Status returns the state of every part, dependencies first, added ones last.
func (s *Supervisor) Status() Status {
	s.mu.Lock()
	st := Status{Phase: s.phase, Pid: os.Getpid(), Started: s.started}
	added := slices.Clone(s.added)
	s.mu.Unlock()
	for _, r := range slices.Concat(s.runners, added) {
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
