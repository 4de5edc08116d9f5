package main

import (
	"errors"
	"flag"
	"fmt"
	"strconv"

	"jari.example/infra/local/launch"
)

// systemFlags are the flags of a command on a system that up has started. Besides
// its own it takes those of up, so that every target of the Makefile takes the same
// FLAGS. Those that are settings of the system must be the running system's. The
// others mean something only when a system is started: they are refused, with the
// reason.
type systemFlags struct {
	*flag.FlagSet
	env env
	dir *string
}

func (e env) systemFlags(name, usage string) (*systemFlags, *string) {
	fs, dir := e.flags(name, usage)
	return &systemFlags{fs, e, dir}, dir
}

// Parse parses args and compares the settings given with those of the system.
func (s *systemFlags) Parse(args []string) error {
	var f startFlags
	up := flag.NewFlagSet("", flag.ContinueOnError)
	f.add(up, s.env)
	for _, name := range []string{"port-offset", "alert-time-scale"} {
		s.Var(up.Lookup(name).Value, name, "the running system must have been started with this `value`; need not be given")
	}
	refuse(s.FlagSet, up)
	if err := s.FlagSet.Parse(args); err != nil {
		return err
	}
	given := map[string]bool{}
	s.Visit(func(f *flag.Flag) { given[f.Name] = true })
	if given["port-offset"] || given["alert-time-scale"] {
		if err := f.check(); err != nil {
			return err
		}
	}
	_, dir, err := locate(*s.dir)
	if err != nil {
		return err
	}
	running, err := loadState(dir)
	if errors.Is(err, launch.ErrNotRunning) {
		return nil // the command itself knows what that means
	}
	if err != nil {
		return err
	}
	if other := f.differs(running, given); other != "" {
		return fmt.Errorf("the system in %s runs with %s: leave the flag out, or name another system's directory with --dir", dir, other)
	}
	return nil
}

// refuse defines the flags of up that fs lacks, so that their use is refused with
// the reason. demo has an --only of its own.
func refuse(fs, up *flag.FlagSet) {
	const reason = "it has no meaning here: only commands that start a system take it"
	up.VisitAll(func(f *flag.Flag) {
		if fs.Lookup(f.Name) == nil {
			fs.BoolFunc(f.Name, "refused: "+reason, func(string) error { return errors.New(reason) })
		}
	})
}

// differs returns the first setting of f in given that the running system does not
// have, and its own value; "" if there is none.
func (f startFlags) differs(running state, given map[string]bool) string {
	if offset := strconv.Itoa(int(running.Offset)); given["port-offset"] && f.offset != "auto" && f.offset != offset {
		return fmt.Sprintf("--port-offset %s and not %s", offset, f.offset)
	}
	if given["alert-time-scale"] && f.scale != running.TimeScale {
		return fmt.Sprintf("--alert-time-scale %d and not %d", running.TimeScale, f.scale)
	}
	return ""
}
