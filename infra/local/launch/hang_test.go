package launch

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

const shortHang = 400 * time.Millisecond

func TestRestartsAProcessThatHangs(t *testing.T) {
	t.Parallel()
	sys := startWith(t, shortHang, responding(t, "hanging"))
	first := sys.until(t, "running", running).Parts[0].Pid
	if err := syscall.Kill(first, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	st := sys.until(t, "a healthy second process", func(st Status) bool {
		return st.Parts[0].Restarts == 1 && st.Parts[0].State == Healthy
	})
	if st.Parts[0].Pid == first || alive(first) {
		t.Errorf("process %d is still there: %+v", first, st.Parts[0])
	}
	warnings := sys.warnings()
	for _, want := range []string{
		"hung: no response for ", "was killed; restarting in", "its log: " + filepath.Join(sys.logs, "hanging.log"),
	} {
		if !strings.Contains(warnings, want) {
			t.Errorf("the journal lacks %q: %q", want, warnings)
		}
	}
}

func TestStatusSaysWhenAPartThatDoesNotRespondIsRestarted(t *testing.T) {
	t.Parallel()
	p := responding(t, "silent")
	var silent atomic.Bool
	check := p.Healthy
	p.Healthy = func(ctx context.Context) error {
		if silent.Load() {
			return errors.New("i/o timeout")
		}
		return check(ctx)
	}
	sys := startWith(t, 4*time.Second, p)
	sys.until(t, "running", running)
	silent.Store(true)
	st := sys.until(t, "unhealthy", func(st Status) bool { return st.Parts[0].State == Unhealthy })
	if note := st.Parts[0].Note; !strings.Contains(note, "restarted after 4s") || !strings.Contains(note, "i/o timeout") {
		t.Errorf("the note is %q", note)
	}
	silent.Store(false)
	if st := sys.until(t, "healthy", func(st Status) bool { return st.Parts[0].State == Healthy }); st.Parts[0].Restarts != 0 {
		t.Error("it was restarted though it responds again")
	}
}

// A service without its database says so. Its restart would help nobody.
func TestAPartThatRespondsWithoutServingIsNotRestarted(t *testing.T) {
	t.Parallel()
	p := server(t, "dependent")
	var checks atomic.Int64
	p.Healthy = func(context.Context) error {
		if checks.Add(1) == 1 {
			return nil
		}
		return fmt.Errorf("no database: %w", ErrNotReady)
	}
	sys := startWith(t, shortHang, p)
	sys.until(t, "unhealthy for many times the limit", func(st Status) bool { return checks.Load() > 40 })
	if p := sys.Status().Parts[0]; p.Restarts != 0 || p.State != Unhealthy || p.Note != "no database: it is not ready" {
		t.Errorf("%+v", p)
	}
}

func TestAProcessThatHangsAgainAndAgainIsLeftToAPerson(t *testing.T) {
	t.Parallel()
	p := server(t, "hopeless")
	p.StopTimeout = time.Millisecond
	var started atomic.Bool // each process is healthy once, so that its start succeeds
	inner := p.Command
	p.Command = func(ctx context.Context) (Command, error) { started.Store(false); return inner(ctx) }
	p.Healthy = func(context.Context) error {
		if started.Swap(true) {
			return errors.New("i/o timeout")
		}
		return nil
	}
	sys := startWith(t, 40*time.Millisecond, p)
	st := sys.until(t, "given up", func(st Status) bool { return strings.Contains(st.Parts[0].Note, "not restarted any more") })
	if got := st.Parts[0].Restarts; got != maxHangs || st.Parts[0].State != Unhealthy {
		t.Errorf("%d restarts, want %d; %+v", got, maxHangs, st.Parts[0])
	}
}

// slow is a part that becomes healthy after one and a half times its
// StartTimeout, and writes lines until then.
func slow(t *testing.T, slowStart bool) Part {
	steps := filepath.Join(t.TempDir(), "steps")
	began := time.Now()
	const timeout = 2 * time.Second
	return Part{
		Name: "slow", Command: child("log", steps), StartTimeout: timeout, SlowStart: slowStart, Hint: "free some memory",
		Healthy: func(context.Context) error {
			if time.Since(began) > timeout+timeout/2 {
				return nil
			}
			f, err := appendTo(steps)
			if err == nil {
				_, err = f.WriteString("x")
				_ = f.Close()
			}
			return errors.Join(err, errors.New("connection refused"))
		},
	}
}

func TestASlowStartMayTakeAsLongAsItMakesProgress(t *testing.T) {
	t.Parallel()
	sys := start(t, slow(t, true))
	sys.until(t, "running", running)

	// the negative control: the same start without the field
	err := <-start(t, slow(t, false)).result
	if err == nil || !strings.Contains(err.Error(), "not healthy after") {
		t.Errorf("without SlowStart: %v", err)
	}
}

func TestAStartWithoutProgressSaysWhatItWaitedForAndWhatItsLogSays(t *testing.T) {
	t.Parallel()
	p := slow(t, true)
	p.Healthy = func(context.Context) error { return errors.New("connection refused") }
	steps := filepath.Join(t.TempDir(), "steps")
	if err := os.WriteFile(steps, []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	p.Command = child("log", steps)
	err := <-start(t, p).result
	if err == nil {
		t.Fatal("it started")
	}
	for _, want := range []string{
		"slow did not start: it is not healthy after ", "the limit is 2s without a new line in its log",
		"connection refused", "slow.log", "step 1", "what to do: free some memory",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the message lacks %q:\n%v", want, err)
		}
	}
}

func TestAStartThatWritesLinesForEverEnds(t *testing.T) {
	t.Parallel()
	now := time.Now()
	l := newStartLimit(Part{SlowStart: true, StartTimeout: time.Minute})
	l.began, l.deadline = now.Add(-maxSlowStart*time.Minute), now
	if err := l.exceeded(nil, fmt.Errorf("step 100: %w", ErrNotReady)); err == nil {
		t.Error("it may go on for ever")
	}
	l = newStartLimit(Part{SlowStart: true, StartTimeout: time.Minute})
	l.deadline = now
	if err := l.exceeded(nil, fmt.Errorf("step 1: %w", ErrNotReady)); err != nil {
		t.Errorf("another result of the check is progress: %v", err)
	}
	l.deadline = now
	if err := l.exceeded(nil, fmt.Errorf("step 1: %w", ErrNotReady)); err == nil {
		t.Error("the same result is no progress")
	}
}
