package telemetry

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"jari.example/telemetry/names"
)

const testChild = "JARI_TELEMETRY_TEST_CHILD"

// TestMain lets the test binary play a daemon: how it ends is in the variable.
func TestMain(m *testing.M) {
	ending := os.Getenv(testChild)
	if ending == "" {
		os.Exit(m.Run())
	}
	Main("before", func(ctx context.Context) error {
		switch ending {
		case "too early":
			panic("no flags")
		case "bad flag":
			return errors.New("-port: not a number")
		case "help":
			return flag.ErrHelp
		}
		t, stop, err := Start(ctx, Config{Service: "child", Region: "ap-northeast-2", Version: "v", Heartbeat: -1})
		if err != nil {
			return err
		}
		t.Logger.Info("serving", names.EventName, names.EventStarted, names.Count, os.Getpid())
		if err := end(ctx, ending); err != nil {
			return err
		}
		return stop(context.Background())
	})
	os.Exit(0)
}

func end(ctx context.Context, how string) error {
	switch how {
	case "goroutine":
		go func() { panic("boom \"quoted\" 자리") }()
	case "nil pointer":
		var none *Telemetry
		none.Logger.Info("x")
	case "deep":
		deep(2000)
	case "huge":
		panic(strings.Repeat("자리 \x00", 200_000))
	case "concurrent maps":
		m := map[int]int{}
		for range 8 {
			go func() {
				for {
					m[1]++
				}
			}()
		}
	case "error":
		return errors.New("no \"table\" left")
	case "orderly":
		return nil
	}
	<-ctx.Done()
	return nil
}

func deep(n int) {
	if n == 0 {
		panic("at the bottom")
	}
	deep(n - 1)
}

// daemon runs the test binary as one whose stdout is a pipe.
type daemon struct {
	*exec.Cmd
	out  io.ReadCloser
	read bytes.Buffer
	err  bytes.Buffer
}

func startDaemon(t *testing.T, ending string, attr *syscall.SysProcAttr) *daemon {
	t.Helper()
	d := &daemon{Cmd: exec.Command(os.Args[0])}
	d.Env = append(os.Environ(), testChild+"="+ending)
	d.SysProcAttr = attr
	d.Stderr = &d.err
	var err error
	if d.out, err = d.StdoutPipe(); err != nil {
		t.Fatal(err)
	}
	if err := d.Start(); err != nil {
		t.Skipf("a process such as this test needs cannot be started here: %v", err)
	}
	t.Cleanup(func() { _ = d.Process.Kill() })
	return d
}

// lines reads until everybody who could write to the daemon's stdout has gone,
// so that a guard which stays keeps the test from ending.
func (d *daemon) lines(t *testing.T) (lines []map[string]any) {
	t.Helper()
	timeout := time.AfterFunc(30*time.Second, func() { d.out.Close() })
	defer timeout.Stop()
	if _, err := io.Copy(&d.read, d.out); err != nil {
		t.Fatalf("somebody still holds the daemon's stdout: %v", err)
	}
	for raw := range bytes.Lines(d.read.Bytes()) {
		var line map[string]any
		if err := json.Unmarshal(raw, &line); err != nil || len(raw) > maxLine {
			t.Errorf("%d bytes that are no line of ours (%v): %.200s", len(raw), err, raw)
		}
		lines = append(lines, line)
	}
	return lines
}

func (d *daemon) untilServing(t *testing.T) {
	t.Helper()
	b := make([]byte, 1)
	for !strings.HasSuffix(d.read.String(), "\n") {
		if _, err := d.out.Read(b); err != nil {
			t.Fatal(err)
		}
		d.read.Write(b)
	}
}

func TestWhatEndsAProcessIsOneLine(t *testing.T) {
	for ending, want := range map[string]struct{ message, stack, service string }{
		"goroutine":       {"panic: boom \"quoted\" 자리", "guard_test.go", "child"},
		"nil pointer":     {"panic: runtime error: invalid memory address or nil pointer dereference", "telemetry.end(", "child"},
		"deep":            {"panic: at the bottom", "telemetry.deep(", "child"},
		"huge":            {"panic: 자리", "자리", "child"},
		"concurrent maps": {"fatal error in internal/runtime/maps.fatal", "telemetry.end.func", "child"},
		"too early":       {"panic: no flags", "guard_test.go", "before"},
	} {
		t.Run(ending, func(t *testing.T) {
			t.Parallel()
			d := startDaemon(t, ending, &syscall.SysProcAttr{Setpgid: true})
			lines := d.lines(t)
			if err := d.Wait(); d.ProcessState.ExitCode() != 2 {
				t.Errorf("it ended with %v, and Go's panic is 2", err)
			}
			panics := lines[len(lines)-1:]
			if len(lines) > 1 {
				panics = lines[1:]
			}
			if len(panics) != 1 {
				t.Fatalf("%d lines: %v", len(panics), panics)
			}
			line := panics[0]
			message, _ := line[names.Exception].(string)
			stack, _ := line[names.Stacktrace].(string)
			if line[names.EventName] != names.EventPanic || line[names.SeverityText] != "FATAL" || line[names.ServiceName] != want.service ||
				!strings.HasPrefix(message, want.message) || !strings.Contains(stack, want.stack) {
				t.Errorf("got %v", line)
			}
			if want.service == "child" && (line[names.ServiceInstanceID] != lines[0][names.ServiceInstanceID] || line[names.CloudRegion] != "ap-northeast-2") {
				t.Errorf("it is not told as the process's own: %v", line)
			}
			if !strings.Contains(d.err.String(), "goroutine ") {
				t.Error("stderr lost Go's own words")
			}
		})
	}
}

// The negative controls: what is no panic is no process.panic line, and in
// every case the guard has gone when the daemon has.
func TestOtherEndsAreNoPanic(t *testing.T) {
	for sentence, c := range map[string]struct {
		ending string
		signal syscall.Signal // to the whole group
		code   int
		event  string // of the last line
	}{
		"it returns":        {"orderly", 0, 0, names.EventStarted},
		"SIGTERM":           {"waits", syscall.SIGTERM, 0, names.EventStarted},
		"SIGINT":            {"waits", syscall.SIGINT, 0, names.EventStarted},
		"kill -9":           {"waits", syscall.SIGKILL, -1, names.EventStarted},
		"it gives an error": {"error", 0, 1, names.EventFailed},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			d := startDaemon(t, c.ending, &syscall.SysProcAttr{Setpgid: true})
			d.untilServing(t)
			if c.signal != 0 {
				if err := syscall.Kill(-d.Process.Pid, c.signal); err != nil {
					t.Fatal(err)
				}
			}
			lines := d.lines(t)
			_ = d.Wait() // the code says it
			if got := d.ProcessState.ExitCode(); got != c.code {
				t.Errorf("exit code %d, want %d", got, c.code)
			}
			last := lines[len(lines)-1]
			if last[names.EventName] != c.event || strings.Contains(d.read.String(), names.EventPanic) {
				t.Errorf("it wrote %s", d.read.String())
			}
			if c.event == names.EventFailed && (last[names.Exception] != `no "table" left` || last[names.ServiceName] != "child" || !strings.Contains(d.err.String(), `no "table" left`)) {
				t.Errorf("the error is told as %v, on stderr as %s", last, d.err.String())
			}
		})
	}
}

func TestWhatEndsBeforeTheStartIsALineToo(t *testing.T) {
	d := startDaemon(t, "bad flag", nil)
	lines := d.lines(t)
	_ = d.Wait() // the code says it
	if d.ProcessState.ExitCode() != 1 || len(lines) != 1 || lines[0][names.EventName] != names.EventFailed ||
		lines[0][names.ServiceName] != "before" || lines[0][names.Exception] != "-port: not a number" {
		t.Errorf("%v, and it wrote %v", d.ProcessState, lines)
	}
	d = startDaemon(t, "help", nil)
	if lines := d.lines(t); d.Wait() != nil || len(lines) > 0 {
		t.Errorf("help is told as a failure: %v %v", d.ProcessState, lines)
	}
}

// As the launcher does it: stdout is a file that several runs append to, and
// what is left of the daemon's group is killed the moment it has ended.
func TestTheLineComesThoughTheGroupIsKilled(t *testing.T) {
	file := filepath.Join(t.TempDir(), "daemon.log")
	const runs = 5
	for range runs {
		out, err := os.OpenFile(file, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(os.Args[0])
		cmd.Env, cmd.Stdout = append(os.Environ(), testChild+"=goroutine"), out
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		out.Close()
		_ = cmd.Wait() // it panics
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	}
	var text []byte
	for deadline := time.Now().Add(30 * time.Second); bytes.Count(text, []byte(names.EventPanic)) < runs; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d runs left:\n%s", runs, text)
		}
		text, _ = os.ReadFile(file)
	}
	for raw := range bytes.Lines(text) {
		if !json.Valid(raw) {
			t.Errorf("no line of ours: %s", raw)
		}
	}
}

// A container: with PID 1 the kernel kills all others at once, so there the
// guard is the parent.
func TestPID1IsTheGuard(t *testing.T) {
	container := &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWPID}
	if os.Getuid() != 0 {
		container.Cloneflags |= syscall.CLONE_NEWUSER
	}
	for ending, code := range map[string]int{"goroutine": 2, "orderly": 0, "error": 1, "waits": 0, "kill -9": 128 + 9} {
		t.Run(ending, func(t *testing.T) {
			d := startDaemon(t, ending, container)
			d.untilServing(t)
			if strings.Contains(d.read.String(), `"jari.count":1}`) {
				t.Error("the daemon is PID 1 itself")
			}
			switch ending {
			case "waits":
				_ = d.Process.Signal(syscall.SIGTERM)
			case "kill -9":
				_ = syscall.Kill(onlyChild(t, d.Process.Pid), syscall.SIGKILL)
			}
			lines := d.lines(t)
			_ = d.Wait() // the code says it
			if got := d.ProcessState.ExitCode(); got != code {
				t.Errorf("exit code %d, want %d; stderr: %s", got, code, d.err.String())
			}
			if got := strings.Count(d.read.String(), names.EventPanic); got != map[string]int{"goroutine": 1}[ending] {
				t.Errorf("%d panics told in %v", got, lines)
			}
		})
	}
}

func onlyChild(t *testing.T, pid int) int {
	t.Helper()
	threads, _ := filepath.Glob(filepath.Join("/proc", strconv.Itoa(pid), "task/*/children"))
	if len(threads) == 0 {
		t.Skip("the kernel tells no children (/proc/PID/task/TID/children)")
	}
	var children []string
	for _, file := range threads {
		of, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		children = append(children, strings.Fields(string(of))...)
	}
	child, err := strconv.Atoi(strings.Join(children, " "))
	if err != nil {
		t.Fatalf("its children are %q", children)
	}
	return child
}
