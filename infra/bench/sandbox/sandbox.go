// Package sandbox starts an isolated system for an experiment: parts of the
// launcher with their own directory and ports. They may be killed, restart by
// themselves, and leave nothing behind.
package sandbox

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"jari.example/infra/local/artifact"
	"jari.example/infra/local/launch"
	"jari.example/infra/local/parts"
	"jari.example/infra/local/ports"
	"jari.example/infra/local/repo"
	"jari.example/internal/wait"
)

// BackoffReset is so short that a part that was killed restarts at once, however
// often it has been killed before.
const BackoffReset = 100 * time.Millisecond

// RecoveryTimeout bounds how long a part may take to be healthy again.
const RecoveryTimeout = 2 * time.Minute

// Sandbox is one isolated system. Stop must be called, even if New has failed.
type Sandbox struct {
	Root  string // the top of the clone
	Dir   string
	Ports ports.Offset

	cache   artifact.Cache
	sup     *launch.Supervisor
	done    chan error
	closers []func() error
	systems []*parts.System
}

// New creates the directory, named after name, and reserves ports. The working
// directory must be inside a clone.
func New(name string) (s *Sandbox, err error) {
	s = &Sandbox{}
	if s.Root, err = repo.Root(); err != nil {
		return s, err
	}
	if s.cache, err = artifact.DefaultCache(os.Getenv); err != nil {
		return s, err
	}
	if s.Dir, err = os.MkdirTemp("", "jari-"+name+"-"); err != nil {
		return s, err
	}
	if err = os.Chmod(s.Dir, 0o755); err != nil { // a server may have to run as another user
		return s, err
	}
	var release func()
	if s.Ports, release, err = ports.Reserve(s.Dir); err != nil {
		return s, err
	}
	s.OnStop(func() error { release(); return nil })
	return s, nil
}

// System is the launcher's table of all parts, configured by getenv instead of
// the environment.
func (s *Sandbox) System(getenv func(string) string) (*parts.System, error) {
	system, err := parts.New(parts.System{Root: s.Root, Dir: s.Dir, Ports: s.Ports, Cache: s.cache, Getenv: getenv})
	if err == nil {
		s.systems = append(s.systems, system)
	}
	return system, err
}

// OnStop registers a function that Stop calls after the parts have ended, the
// last one first.
func (s *Sandbox) OnStop(f func() error) { s.closers = append(s.closers, f) }

// Up starts the parts and returns when all are healthy.
func (s *Sandbox) Up(ctx context.Context, list []launch.Part) error {
	logs := filepath.Join(s.Dir, "log")
	if err := os.MkdirAll(logs, 0o755); err != nil {
		return err
	}
	journal, err := os.Create(filepath.Join(logs, "launcher.log"))
	if err != nil {
		return err
	}
	s.OnStop(journal.Close)
	if s.sup, err = launch.New(list, logs, journal); err != nil {
		return err
	}
	s.done = make(chan error, 1)
	// A Ctrl-C ends the experiment; the parts are then stopped in order.
	go func() { s.done <- s.sup.Run(context.WithoutCancel(ctx)) }()
	for s.sup.Status().Phase != "running" {
		select {
		case err := <-s.done:
			s.done = nil
			return err
		default:
		}
		if err := wait.For(ctx, 20*time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}

// Stop ends everything and deletes it. With keep, data and logs are kept and
// their directory is printed.
func (s *Sandbox) Stop(keep bool) error {
	var err error
	if s.done != nil {
		s.sup.Stop()
		err = <-s.done
	}
	for _, f := range slices.Backward(s.closers) {
		err = errors.Join(err, f())
	}
	if s.Dir == "" {
		return err
	}
	if keep {
		fmt.Fprintln(os.Stderr, "data and logs are in", s.Dir)
		return err
	}
	for _, system := range s.systems {
		err = errors.Join(err, system.RemoveData())
	}
	return errors.Join(err, os.RemoveAll(s.Dir))
}

// Status is the state of a part; the zero value before Up.
func (s *Sandbox) Status(part string) (none launch.PartStatus) {
	if s.sup == nil {
		return none
	}
	all := s.sup.Status().Parts
	return all[slices.IndexFunc(all, func(p launch.PartStatus) bool { return p.Name == part })]
}

// Signal sends a part's process a signal. If it ends by it, the launcher
// restarts it.
func (s *Sandbox) Signal(part string, sig syscall.Signal) error {
	pid := s.Status(part).Pid
	if pid == 0 {
		return fmt.Errorf("%s is not running", part)
	}
	return syscall.Kill(pid, sig)
}

// AwaitRecovery waits until the part is healthy and has been restarted at least
// that often.
func (s *Sandbox) AwaitRecovery(ctx context.Context, part string, restarts int) error {
	limited, cancel := context.WithTimeout(ctx, RecoveryTimeout)
	defer cancel()
	err := wait.Until(limited, 10*time.Millisecond, func() bool {
		st := s.Status(part)
		return st.State == launch.Healthy && st.Restarts >= restarts
	})
	if err != nil && ctx.Err() == nil {
		return fmt.Errorf("%s has not recovered within %s", part, RecoveryTimeout)
	}
	return err
}
