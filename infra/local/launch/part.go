// Package launch supervises a set of parts: it starts them in the order of
// their dependencies, restarts those that exit, and stops them in the reverse
// order. It does not know what the parts are; infra/local/parts describes them.
package launch

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Part is one component of the local system. With a Command it is a process.
// Without one it is a task (a build, the seed) or a server that is managed
// elsewhere. Its steps run in the order of the fields below.
type Part struct {
	Name  string
	Needs []string // parts that must be up before Command runs, and stop after it
	Feeds []string // parts that must stop after it, but need not be up before it
	Ports []int    // ports of 127.0.0.1 that it listens on
	Hint  string   // what to do when it does not start

	Prepare    func(ctx context.Context, report Progress) error // finds, fetches, builds; waits for no other part
	Command    func(ctx context.Context) (Command, error)
	Healthy    func(ctx context.Context) error                  // nil when it serves, ErrNotReady if it only responds; called repeatedly
	Initialize func(ctx context.Context, report Progress) error // after each start, before parts that need it start: create tables, fill data
	Background func(ctx context.Context)                        // runs while the part runs; its context ends before the part is stopped
	Notes      func() string                                    // for status: which version runs and from where

	Log          string         // base name of its stdout's file, default Name; stderr goes to Log.err
	StartTimeout time.Duration  // limit from start to healthy, default a minute
	SlowStart    bool           // StartTimeout begins again at each sign of progress, see progress.go
	StopSignal   syscall.Signal // default SIGTERM
	StopTimeout  time.Duration  // limit from StopSignal to SIGKILL, default 10 s
	BackoffReset time.Duration  // a run this long resets the restart backoff; default 30 s
}

// Progress reports what a step is doing. A message that begins with "\r"
// replaces the previous one (a download's percentage).
type Progress func(format string, args ...any)

// Command describes the process to start.
type Command struct {
	Path string
	Args []string // without argv[0]
	Env  []string // complete
	Dir  string
	As   *syscall.Credential // nil: the launcher's own user
}

// order checks the parts and sorts them topologically: each comes after those
// it needs or feeds. Needs and feeds together may not form a cycle.
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
			return fmt.Errorf("the parts depend on each other in a cycle: %s", strings.Join(append(path, name), " → "))
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

// Select returns the named parts and all that they need, in order, or all
// parts when names is empty. A part that is only fed is left out unless it is
// named or needed too.
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
