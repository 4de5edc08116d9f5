package launch

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// runsWith reports whether the process of a status's first part has an environment
// variable.
func runsWith(st Status, variable string) bool {
	p := st.Parts[0]
	if p.State != Healthy || p.Pid == 0 {
		return false
	}
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", p.Pid))
	return err == nil && slices.Contains(strings.Split(string(text), "\x00"), variable)
}

func TestAPartRunsWithItsChangedCommandUntilItIsReleased(t *testing.T) {
	t.Parallel()
	const variable = "JARI_LAUNCH_TEST=changed"
	sys := start(t, responding(t, "one"))
	first := sys.until(t, "running", running).Parts[0].Pid
	release, err := sys.Change("one", func(c Command) Command { c.Env = append(c.Env, variable); return c }, "a fault")
	if err != nil {
		t.Fatal(err)
	}
	second := sys.until(t, "the changed command", func(st Status) bool { return runsWith(st, variable) }).Parts[0].Pid
	if second == first {
		t.Errorf("the process is still %d", first)
	}
	if _, err := sys.Hold("one", Hung, "another fault"); err == nil || !strings.Contains(err.Error(), "changed already: a fault") {
		t.Errorf("it can be held, too: %v", err)
	}
	release()
	release() // a second one changes nothing
	st := sys.until(t, "its own command", func(st Status) bool {
		return st.Parts[0].Pid != second && st.Parts[0].State == Healthy && !runsWith(st, variable)
	})
	if p := st.Parts[0]; p.Restarts != 2 || p.Note != "" {
		t.Errorf("%+v", p)
	}
	if text := sys.warnings(); strings.Contains(text, "exited") {
		t.Errorf("a restart that was asked for is reported as a failure:\n%s", text)
	}
}

func TestAPartThatCannotStartWithItsChangedCommandStartsAfterItsRelease(t *testing.T) {
	t.Parallel()
	sys := start(t, responding(t, "one"))
	sys.until(t, "running", running)
	release, err := sys.Change("one", func(c Command) Command { c.Args = []string{"fail"}; return c }, "a fault")
	if err != nil {
		t.Fatal(err)
	}
	sys.until(t, "it fails again and again", func(st Status) bool { return st.Parts[0].Restarts >= 2 })
	release()
	sys.until(t, "up", func(st Status) bool { return st.Parts[0].State == Healthy })
}

func TestAChangedPartIsStopped(t *testing.T) {
	t.Parallel()
	sys := start(t, responding(t, "one"))
	sys.until(t, "running", running)
	if _, err := sys.Change("one", func(c Command) Command { return c }, "a fault"); err != nil {
		t.Fatal(err)
	}
	sys.stops(t)
}

func TestAnAddedPartRunsUntilItIsRemoved(t *testing.T) {
	t.Parallel()
	sys := start(t, server(t, "one"))
	sys.until(t, "running", running)
	for range 2 { // it may be added again
		remove, err := sys.Add(t.Context(), responding(t, "two"))
		if err != nil {
			t.Fatal(err)
		}
		st := sys.Status()
		if len(st.Parts) != 2 || st.Parts[1].Name != "two" || st.Parts[1].State != Healthy {
			t.Fatalf("%+v", st.Parts)
		}
		if _, err := sys.Add(t.Context(), server(t, "two")); err == nil || !strings.Contains(err.Error(), "called two already") {
			t.Errorf("a second one: %v", err)
		}
		pid := st.Parts[1].Pid
		remove()
		if st := sys.Status(); len(st.Parts) != 1 || alive(pid) {
			t.Errorf("afterwards: %+v", st.Parts)
		}
	}
}

func TestAnAddedPartThatDoesNotStartLeavesNothing(t *testing.T) {
	t.Parallel()
	sys := start(t, server(t, "one"))
	sys.until(t, "running", running)
	failing := server(t, "two")
	failing.Command = child("fail")
	if _, err := sys.Add(t.Context(), failing); err == nil || !strings.Contains(err.Error(), "no such table: slots") {
		t.Errorf("it exits: %v", err)
	}
	silent := server(t, "two")
	silent.Healthy = func(context.Context) error { return ErrNotReady }
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if _, err := sys.Add(ctx, silent); err == nil || !strings.Contains(err.Error(), "two: context deadline exceeded") {
		t.Errorf("it is not ready: %v", err)
	}
	if st := sys.Status(); len(st.Parts) != 1 || st.Phase != "running" {
		t.Errorf("afterwards: %+v", st)
	}
}

func TestAnAddedPartStopsWithTheOthers(t *testing.T) {
	t.Parallel()
	sys := start(t, server(t, "one"))
	sys.until(t, "running", running)
	if _, err := sys.Add(t.Context(), responding(t, "two")); err != nil {
		t.Fatal(err)
	}
	pid := sys.Status().Parts[1].Pid
	sys.Stop()
	if err := <-sys.result; err != nil {
		t.Error(err)
	}
	if alive(pid) {
		t.Error("it still runs")
	}
	if _, err := sys.Add(t.Context(), server(t, "three")); err == nil {
		t.Error("one was added to a system that has stopped")
	}
}
