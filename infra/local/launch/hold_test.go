package launch

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestAHungPartOutlastsTheLimitAfterWhichHangsAreRepaired(t *testing.T) {
	t.Parallel()
	sys := startWith(t, shortHang, responding(t, "hanging"))
	first := sys.until(t, "running", running).Parts[0].Pid
	release, err := sys.Hold("hanging", Hung, "the fault service-hung")
	if err != nil {
		t.Fatal(err)
	}
	sys.until(t, "unhealthy", func(st Status) bool { return st.Parts[0].State == Unhealthy })
	time.Sleep(3 * shortHang)
	if p := sys.Status().Parts[0]; p.Restarts != 0 || p.Pid != first || !strings.Contains(p.Note, "hung: the fault service-hung") {
		t.Errorf("%+v", p)
	}
	release()
	st := sys.until(t, "healthy", func(st Status) bool { return st.Parts[0].State == Healthy })
	if p := st.Parts[0]; p.Restarts != 0 || p.Pid != first {
		t.Errorf("it was restarted instead of continued: %+v", p)
	}
}

func TestAProcessThatIsToBeGoneIsStartedAgainAfterItsRelease(t *testing.T) {
	t.Parallel()
	sys := start(t, responding(t, "killed"))
	first := sys.until(t, "running", running).Parts[0].Pid
	release, err := sys.Hold("killed", Gone, "the fault service-killed")
	if err != nil {
		t.Fatal(err)
	}
	sys.until(t, "gone", func(st Status) bool {
		return st.Parts[0].Pid == 0 && strings.Contains(st.Parts[0].Note, "service-killed")
	})
	time.Sleep(4 * minBackoff)
	if p := sys.Status().Parts[0]; p.Restarts != 0 || alive(first) {
		t.Errorf("%+v", p)
	}
	release()
	release() // a second one changes nothing
	st := sys.until(t, "up again", func(st Status) bool { return st.Parts[0].State == Healthy && st.Parts[0].Pid != first })
	if st.Parts[0].Restarts != 1 {
		t.Errorf("%d restarts, want 1", st.Parts[0].Restarts)
	}
}

func TestAPartThatCrashesWhileItIsToHangHangsAgain(t *testing.T) {
	t.Parallel()
	sys := start(t, responding(t, "hanging"))
	first := sys.until(t, "running", running).Parts[0].Pid
	release, err := sys.Hold("hanging", Hung, "a fault")
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	if err := syscall.Kill(first, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	st := sys.until(t, "a second process", func(st Status) bool { return st.Parts[0].Pid != 0 && st.Parts[0].Pid != first })
	sys.until(t, "it hangs", func(Status) bool { return isStopped(t, st.Parts[0].Pid) })
}

func TestAHeldPartIsStoppedInTimeAndInOrder(t *testing.T) {
	t.Parallel()
	base, top := responding(t, "base"), responding(t, "top")
	base.StopTimeout = time.Minute // SIGTERM must arrive
	top.Needs = []string{"base"}
	sys := start(t, base, top)
	sys.until(t, "running", running)
	if _, err := sys.Hold("base", Hung, "a fault"); err != nil {
		t.Fatal(err)
	}
	if _, err := sys.Hold("top", Gone, "a fault"); err != nil {
		t.Fatal(err)
	}
	sys.stops(t)
}

// stops stops everything, which must end in time.
func (s *system) stops(t *testing.T) {
	t.Helper()
	s.Stop()
	select {
	case err := <-s.result:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(20 * time.Second):
		t.Error("it does not stop")
	}
}

func TestOnlyAPartThatIsUpCanBeHeld(t *testing.T) {
	t.Parallel()
	task := Part{Name: "task"}
	sys := start(t, responding(t, "one"), task)
	sys.until(t, "running", running)
	release, err := sys.Hold("one", Hung, "the first fault")
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	for part, want := range map[string]string{"one": "the first fault", "ghost": "no part called ghost", "task": "no process"} {
		if _, err := sys.Hold(part, Gone, "a fault"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", part, err)
		}
	}
}

// isStopped reports whether a process is stopped by a signal.
func isStopped(t *testing.T, pid int) bool {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	_, rest, _ := strings.Cut(string(text), ") ") // behind the name, which may contain blanks
	return strings.HasPrefix(rest, "T")
}
