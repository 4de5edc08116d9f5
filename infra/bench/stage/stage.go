// Package stage is a system of a campaign's own: parts of the launcher in a
// directory and on ports that nobody else has, which may be killed, which come
// back by themselves, and of which nothing is left.
package stage

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

// Calm is so short that a part that was killed comes back at once, however
// often it has been killed before.
const Calm = 100 * time.Millisecond

// BackWithin bounds how long a part may take to come back.
const BackWithin = 2 * time.Minute

// Stage is one such system. Stop must be called, even if New has failed.
type Stage struct {
	Root  string // of the clone
	Dir   string
	Ports ports.Offset

	cache   artifact.Cache
	sup     *launch.Supervisor
	ended   chan error
	closers []func() error
	systems []*parts.System
}

// New makes the directory, called after name, and finds ports. The working
// directory must be the top of the clone.
func New(name string) (s *Stage, err error) {
	s = &Stage{}
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

// Describe is the launcher's table of parts, to choose from. getenv stands in
// for the environment.
func (s *Stage) Describe(getenv func(string) string) (*parts.System, error) {
	system, err := parts.New(parts.System{Root: s.Root, Dir: s.Dir, Ports: s.Ports, Cache: s.cache, Getenv: getenv})
	if err == nil {
		s.systems = append(s.systems, system)
	}
	return system, err
}

// OnStop has f called when the parts are gone, the last one first.
func (s *Stage) OnStop(f func() error) { s.closers = append(s.closers, f) }

// Up starts the parts and returns when all are healthy.
func (s *Stage) Up(ctx context.Context, list []launch.Part) error {
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
	s.ended = make(chan error, 1)
	// The end is not cut short by the Ctrl-C that ended the campaign.
	go func() { s.ended <- s.sup.Run(context.WithoutCancel(ctx)) }()
	for s.sup.Status().Phase != "running" {
		select {
		case err := <-s.ended:
			s.ended = nil
			return err
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
	return nil
}

// Stop ends everything. With keep, data and logs stay for a look.
func (s *Stage) Stop(keep bool) error {
	var err error
	if s.ended != nil {
		s.sup.Stop()
		err = <-s.ended
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
func (s *Stage) Status(part string) (none launch.PartStatus) {
	if s.sup == nil {
		return none
	}
	all := s.sup.Status().Parts
	return all[slices.IndexFunc(all, func(p launch.PartStatus) bool { return p.Name == part })]
}

// Signal sends a part's process a signal. One that it dies of makes it come
// back by itself.
func (s *Stage) Signal(part string, sig syscall.Signal) error {
	pid := s.Status(part).Pid
	if pid == 0 {
		return fmt.Errorf("%s does not run", part)
	}
	return syscall.Kill(pid, sig)
}

// AwaitBack waits until the part serves again after its nth death.
func (s *Stage) AwaitBack(ctx context.Context, part string, deaths int) error {
	for deadline := time.Now().Add(BackWithin); ; {
		if st := s.Status(part); st.State == launch.Healthy && st.Restarts >= deaths {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%s has not come back within %s", part, BackWithin)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
	}
}
