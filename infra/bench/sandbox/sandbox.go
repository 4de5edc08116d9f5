// Package stage is a system of a campaign's own: parts of the launcher in a
// directory and on ports that nobody else has, which may be killed, which come
// back by themselves, and of which nothing is left.
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
)

// BackoffReset is so short that a part that was killed comes back at once, however
// often it has been killed before.
const BackoffReset = 100 * time.Millisecond

// RecoveryTimeout bounds how long a part may take to come back.
const RecoveryTimeout = 2 * time.Minute

// Sandbox is one such system. Stop must be called, even if New has failed.
type Sandbox struct {
	Root  string // of the clone
	Dir   string
	Ports ports.Offset

	cache   artifact.Cache
	sup     *launch.Supervisor
	done    chan error
	closers []func() error
	systems []*parts.System
}

// New makes the directory, called after name, and finds ports. The working
// directory must be the top of the clone.
func New(name string) (s *Sandbox, err error) {
	s = &Sandbox{}
	if s.Root, err = os.Getwd(); err != nil {
		return s, err
	}
	if _, err := os.Stat(filepath.Join(s.Root, "go.work")); err != nil {
		return s, fmt.Errorf("run it at the top of the clone, as `make %s` does", name)
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

// System is the launcher's table of parts, to choose from. getenv stands in
// for the environment.
func (s *Sandbox) System(getenv func(string) string) (*parts.System, error) {
	system, err := parts.New(parts.System{Root: s.Root, Dir: s.Dir, Ports: s.Ports, Cache: s.cache, Getenv: getenv})
	if err == nil {
		s.systems = append(s.systems, system)
	}
	return system, err
}

// OnStop has f called when the parts are gone, the last one first.
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
	// The end is not cut short by the Ctrl-C that ended the campaign.
	go func() { s.done <- s.sup.Run(context.WithoutCancel(ctx)) }()
	for s.sup.Status().Phase != "running" {
		select {
		case err := <-s.done:
			s.done = nil
			return err
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
	return nil
}

// Stop ends everything. With keep, data and logs stay for a look.
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

// Status is where a part stands; nowhere before Up.
func (s *Sandbox) Status(part string) (none launch.PartStatus) {
	if s.sup == nil {
		return none
	}
	all := s.sup.Status().Parts
	return all[slices.IndexFunc(all, func(p launch.PartStatus) bool { return p.Name == part })]
}

// Signal sends a part's process a signal. One that it dies of makes it come
// back by itself.
func (s *Sandbox) Signal(part string, sig syscall.Signal) error {
	pid := s.Status(part).Pid
	if pid == 0 {
		return fmt.Errorf("%s does not run", part)
	}
	return syscall.Kill(pid, sig)
}

// AwaitRecovery waits until the part serves again after its nth death.
func (s *Sandbox) AwaitRecovery(ctx context.Context, part string, deaths int) error {
	for deadline := time.Now().Add(RecoveryTimeout); ; {
		if st := s.Status(part); st.State == launch.Healthy && st.Restarts >= deaths {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%s has not come back within %s", part, RecoveryTimeout)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
	}
}
