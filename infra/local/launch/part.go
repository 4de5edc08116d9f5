// Package launch brings a set of parts up in the order of their needs, keeps
// them up, and takes them down again. It knows nothing about what the parts
// are; infra/local/parts describes those.
package launch

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Part is one thing the local system is made of. With a Command it is a
// process; without one it is a task (a build, the seed) or a server that
// somebody else runs. Its steps run in the order of the fields below.
type Part struct {
	Name  string
	Needs []string // must be up before Command runs, and stop after it
	Feeds []string // must stop after it, though it starts without them
	Ports []int    // ports of 127.0.0.1 that it will listen on
	Hint  string   // what a person can do when it does not come up

	Prepare    func(ctx context.Context, say Progress) error // finds, fetches, builds; waits for no other part
	Command    func(ctx context.Context) (Command, error)
	Healthy    func(ctx context.Context) error               // nil when it serves; asked again and again
	Initialize func(ctx context.Context, say Progress) error // after each start: what it must hold before others use it
	Background func(ctx context.Context)                     // runs beside it until just before it is stopped
	Notes      func() string                                 // how it was found, for status

	Log          string         // base name of its stdout's file, default Name; stderr goes to Log.err
	StartTimeout time.Duration  // from start to healthy, default a minute
	StopSignal   syscall.Signal // default SIGTERM
	StopTimeout  time.Duration  // from Stop to SIGKILL, default 10 s
	BackoffReset time.Duration  // a run this long forgets earlier deaths, after which it pauses longer and longer; default 30 s
}

// Progress reports progress. A line that begins with "\r" replaces the one before
// (a download's percentage).
type Progress func(format string, args ...any)

// Command is a process to be.
type Command struct {
	Path string
	Args []string // without argv[0]
	Env  []string // complete
	Dir  string
	As   *syscall.Credential // nil: the launcher's own user
}

// order checks the parts and returns them so that each comes after what it
// needs. Needs and feeds together may not form a circle.
func order(parts []Part) ([]Part, error) {
	byName := make(map[string]Part, len(parts))
	for _, p := range parts {
		if _, dup := byName[p.Name]; dup {
			return nil, fmt.Errorf("two parts are called %s", p.Name)
		}
		byName[p.Name] = p
	}
	var sorted []Part
	state := map[string]int{} // 1: being visited, 2: done
	var visit func(name string, path []string) error
	visit = func(name string, path []string) error {
		p, ok := byName[name]
		if !ok {
			return fmt.Errorf("%s needs %s, which is not a part", path[len(path)-1], name)
		}
		switch state[name] {
		case 1:
			return fmt.Errorf("parts need each other in a circle: %s", strings.Join(append(path, name), " → "))
		case 2:
			return nil
		}
		state[name] = 1
		for _, need := range slices.Concat(p.Needs, p.Feeds) {
			if err := visit(need, append(path, name)); err != nil {
				return err
			}
		}
		state[name] = 2
		sorted = append(sorted, p)
		return nil
	}
	for _, p := range parts {
		if err := visit(p.Name, []string{p.Name}); err != nil {
			return nil, err
		}
	}
	return sorted, nil
}

// Select returns the named parts and everything they need, in order, or all
// parts when names is empty. What a part merely feeds is left out unless it
// is selected too.
func Select(parts []Part, names []string) ([]Part, error) {
	if len(names) == 0 {
		return order(parts)
	}
	byName := make(map[string]Part, len(parts))
	var known []string
	for _, p := range parts {
		byName[p.Name] = p
		known = append(known, p.Name)
	}
	chosen := map[string]bool{}
	for queue := slices.Clone(names); len(queue) > 0; queue = queue[1:] {
		p, ok := byName[queue[0]]
		if !ok {
			return nil, fmt.Errorf("there is no part called %q; the parts are: %s", queue[0], strings.Join(known, ", "))
		}
		if !chosen[p.Name] {
			chosen[p.Name] = true
			queue = append(queue, p.Needs...)
		}
	}
	var picked []Part
	for _, p := range parts {
		if chosen[p.Name] {
			p.Feeds = slices.DeleteFunc(slices.Clone(p.Feeds), func(n string) bool { return !chosen[n] })
			picked = append(picked, p)
		}
	}
	return order(picked)
}
