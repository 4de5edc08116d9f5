package crashguard_test

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

	"jari.example/telemetry"
	"jari.example/telemetry/jsonlog"
	"jari.example/telemetry/names"
)

// The environment variable that makes the test binary a daemon. Its value is how
// the daemon ends.
const testChild = "JARI_TELEMETRY_TEST_CHILD"

// TestMain runs the tests, or in a child process the daemon.
func TestMain(m *testing.M) {
	ending := os.Getenv(testChild)
	if ending == "" {
		os.Exit(m.Run())
	}
	telemetry.Main("before", func(ctx context.Context) error {
		switch ending {
		case "panic before Start":
			panic("no flags")
		case "bad flag":
			return errors.New("-port: not a number")
		case "help":
			return flag.ErrHelp
		}
		t, stop, err := telemetry.Start(ctx, telemetry.Config{Service: "child", Region: "ap-northeast-2", Version: "v", Heartbeat: -1})
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

func end(ctx context.Context, ending string) error {
	switch ending {
	case "goroutine":
		go func() { panic("boom \"quoted\" 자리") }()
	case "nil pointer":
		var missing *telemetry.Telemetry
		missing.Logger.Info("x")
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

// daemon is the test binary, run as a daemon whose stdout is a pipe.
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
		t.Skipf("the daemon cannot be started on this system: %v", err)
	}
	t.Cleanup(func() { _ = d.Process.Kill() })
	return d
}

// lines reads until no process has the daemon's stdout open. A guard that does
// not end makes the test time out.
func (d *daemon) lines(t *testing.T) (lines []map[string]any) {
	t.Helper()
	timeout := time.AfterFunc(30*time.Second, func() { d.out.Close() })
	defer timeout.Stop()
	if _, err := io.Copy(&d.read, d.out); err != nil {
		t.Fatalf("a process still has the daemon's stdout open: %v", err)
	}
	for raw := range bytes.Lines(d.read.Bytes()) {
		var line map[string]any
		if err := json.Unmarshal(raw, &line); err != nil || len(raw) > jsonlog.MaxLine {
			t.Errorf("%d bytes that are not a log line (%v): %.200s", len(raw), err, raw)
		}
		lines = append(lines, line)
	}
	return lines
}

// waitUntilServing reads the daemon's first line.
func (d *daemon) waitUntilServing(t *testing.T) {
	t.Helper()
	b := make([]byte, 1)
	for !strings.HasSuffix(d.read.String(), "\n") {
		if _, err := d.out.Read(b); err != nil {
			t.Fatal(err)
		}
		d.read.Write(b)
	}
}

func TestLogsACrashAsOneLine(t *testing.T) {
	for ending, want := range map[string]struct{ message, stack, service string }{
		"goroutine":          {"panic: boom \"quoted\" 자리", "guard_test.go", "child"},
		"nil pointer":        {"panic: runtime error: invalid memory address or nil pointer dereference", "crashguard_test.end(", "child"},
		"deep":               {"panic: at the bottom", "crashguard_test.deep(", "child"},
		"huge":               {"panic: 자리", "자리", "child"},
		"concurrent maps":    {"fatal error in internal/runtime/maps.fatal", "crashguard_test.end.func", "child"},
		"panic before Start": {"panic: no flags", "guard_test.go", "before"},
	} {
		t.Run(ending, func(t *testing.T) {
			t.Parallel()
			d := startDaemon(t, ending, &syscall.SysProcAttr{Setpgid: true})
			lines := d.lines(t)
			if err := d.Wait(); d.ProcessState.ExitCode() != 2 {
				t.Errorf("it ended with %v, want exit code 2 as after any Go panic", err)
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
			if want.service == "child" && (line[names.ServiceInstanceID] != lines[0][names.ServiceInstanceID] ||
				line[names.CloudRegion] != "ap-northeast-2") {
				t.Errorf("the line has another identity than the process: %v", line)
			}
			if !strings.Contains(d.err.String(), "goroutine ") {
				t.Error("Go's crash report is missing on stderr")
			}
		})
	}
}

// The negative controls. In each case the guard must end with the daemon.
func TestLogsNoPanicWithoutACrash(t *testing.T) {
	for name, c := range map[string]struct {
		ending string
		signal syscall.Signal // to the whole group
		code   int
		event  string // of the last line
	}{
		"it returns":          {"orderly", 0, 0, names.EventStarted},
		"SIGTERM":             {"waits", syscall.SIGTERM, 0, names.EventStarted},
		"SIGINT":              {"waits", syscall.SIGINT, 0, names.EventStarted},
		"kill -9":             {"waits", syscall.SIGKILL, -1, names.EventStarted},
		"it returns an error": {"error", 0, 1, names.EventFailed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := startDaemon(t, c.ending, &syscall.SysProcAttr{Setpgid: true})
			d.waitUntilServing(t)
			if c.signal != 0 {
				if err := syscall.Kill(-d.Process.Pid, c.signal); err != nil {
					t.Fatal(err)
				}
			}
			lines := d.lines(t)
			_ = d.Wait() // the exit code is checked below
			if got := d.ProcessState.ExitCode(); got != c.code {
				t.Errorf("exit code %d, want %d", got, c.code)
			}
			last := lines[len(lines)-1]
			if last[names.EventName] != c.event || strings.Contains(d.read.String(), names.EventPanic) {
				t.Errorf("it wrote %s", d.read.String())
			}
			if c.event == names.EventFailed && (last[names.Exception] != `no "table" left` || last[names.ServiceName] != "child" ||
				!strings.Contains(d.err.String(), `no "table" left`)) {
				t.Errorf("the error is logged as %v, on stderr as %s", last, d.err.String())
			}
		})
	}
}

func TestLogsAFailureBeforeStart(t *testing.T) {
	d := startDaemon(t, "bad flag", nil)
	lines := d.lines(t)
	_ = d.Wait() // the exit code is checked below
	if d.ProcessState.ExitCode() != 1 || len(lines) != 1 || lines[0][names.EventName] != names.EventFailed ||
		lines[0][names.ServiceName] != "before" || lines[0][names.Exception] != "-port: not a number" {
		t.Errorf("%v, and it wrote %v", d.ProcessState, lines)
	}
	d = startDaemon(t, "help", nil)
	if lines := d.lines(t); d.Wait() != nil || len(lines) > 0 {
		t.Errorf("help is logged as a failure: %v %v", d.ProcessState, lines)
	}
}

// The launcher makes stdout a file to which several runs append, and kills the
// rest of the daemon's process group as soon as the daemon has ended.
func TestLogsACrashThoughTheProcessGroupIsKilled(t *testing.T) {
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
			t.Fatalf("of %d crashes these were logged:\n%s", runs, text)
		}
		text, _ = os.ReadFile(file)
	}
	for raw := range bytes.Lines(text) {
		if !json.Valid(raw) {
			t.Errorf("not a log line: %s", raw)
		}
	}
}

// In a container the guard must be the parent: when PID 1 ends, the kernel kills
// all other processes at once.
func TestPID1IsTheGuard(t *testing.T) {
	container := &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWPID}
	if os.Getuid() != 0 {
		container.Cloneflags |= syscall.CLONE_NEWUSER
	}
	for ending, code := range map[string]int{"goroutine": 2, "orderly": 0, "error": 1, "waits": 0, "kill -9": 128 + 9} {
		t.Run(ending, func(t *testing.T) {
			d := startDaemon(t, ending, container)
			d.waitUntilServing(t)
			if strings.Contains(d.read.String(), `"jari.count":1}`) {
				t.Error("the daemon itself is PID 1")
			}
			switch ending {
			case "waits":
				_ = d.Process.Signal(syscall.SIGTERM)
			case "kill -9":
				_ = syscall.Kill(onlyChild(t, d.Process.Pid), syscall.SIGKILL)
			}
			lines := d.lines(t)
			_ = d.Wait() // the exit code is checked below
			if got := d.ProcessState.ExitCode(); got != code {
				t.Errorf("exit code %d, want %d; stderr: %s", got, code, d.err.String())
			}
			if got := strings.Count(d.read.String(), names.EventPanic); got != map[string]int{"goroutine": 1}[ending] {
				t.Errorf("%d panics logged: %v", got, lines)
			}
		})
	}
}

func onlyChild(t *testing.T, pid int) int {
	t.Helper()
	threads, _ := filepath.Glob(filepath.Join("/proc", strconv.Itoa(pid), "task/*/children"))
	if len(threads) == 0 {
		t.Skip("the kernel does not list children (/proc/PID/task/TID/children)")
	}
	var children []string
	for _, file := range threads {
		pids, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		children = append(children, strings.Fields(string(pids))...)
	}
	child, err := strconv.Atoi(strings.Join(children, " "))
	if err != nil {
		t.Fatalf("its children are %q", children)
	}
	return child
}
