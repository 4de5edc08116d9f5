package launch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestMain lets the test binary act as a part's program; the first argument
// selects what it does.
func TestMain(m *testing.M) {
	if os.Getenv("JARI_LAUNCH_TEST_CHILD") == "" {
		os.Exit(m.Run())
	}
	switch os.Args[1] {
	case "serve": // until SIGTERM
		stop := make(chan os.Signal, 1)
		signal.Notify(stop, syscall.SIGTERM)
		l, err := net.Listen("tcp", "127.0.0.1:"+os.Args[2])
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		go func() { _ = http.Serve(l, http.NotFoundHandler()) }()
		<-stop
		fmt.Println("stopped", os.Args[2], time.Now().UnixNano())
	case "fail":
		fmt.Fprintln(os.Stderr, "no such table: slots")
		os.Exit(3)
	case "log": // a line whenever the file named by the argument has grown, as a slow start writes
		for written := 0; ; time.Sleep(time.Millisecond) {
			if b, _ := os.ReadFile(os.Args[2]); len(b) > written {
				written = len(b)
				fmt.Println("step", written)
			}
		}
	case "ignore-signals": // all but SIGKILL, which cannot be ignored
		signal.Ignore(syscall.SIGTERM, syscall.SIGINT)
		fmt.Println("ready")
		select {}
	}
}

func child(args ...string) func(context.Context) (Command, error) {
	return func(context.Context) (Command, error) {
		return Command{Path: os.Args[0], Args: args, Env: append(os.Environ(), "JARI_LAUNCH_TEST_CHILD=1")}, nil
	}
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// server is a part that listens on a free port.
func server(t *testing.T, name string, needs ...string) Part {
	port := freePort(t)
	return Part{
		Name: name, Needs: needs, Ports: []int{port}, StartTimeout: 10 * time.Second,
		Command: child("serve", strconv.Itoa(port)),
		Healthy: func(context.Context) error {
			conn, err := net.DialTimeout("tcp", fmt.Sprintf("127.0.0.1:%d", port), time.Second)
			if err != nil {
				return err
			}
			return conn.Close()
		},
	}
}

// responding is a server whose check needs a response, and not only a connection,
// which the kernel accepts for a process that is stopped.
func responding(t *testing.T, name string) Part {
	p := server(t, name)
	client := &http.Client{Timeout: time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	p.Healthy = func(context.Context) error {
		res, err := client.Get(fmt.Sprintf("http://127.0.0.1:%d/", p.Ports[0]))
		if err != nil {
			return err
		}
		return res.Body.Close()
	}
	p.StopTimeout = 200 * time.Millisecond
	return p
}

// system runs parts, and stops them when the test ends.
type system struct {
	*Supervisor
	logs   string
	result chan error
}

func start(t *testing.T, parts ...Part) *system { return startWith(t, HangTimeout, parts...) }

func startWith(t *testing.T, hangTimeout time.Duration, parts ...Part) *system {
	t.Helper()
	logs := t.TempDir()
	s, err := New(parts, logs, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	s.HangTimeout = hangTimeout
	sys := &system{Supervisor: s, logs: logs, result: make(chan error, 1)}
	finished := make(chan struct{})
	go func() { sys.result <- s.Run(context.Background()); close(finished) }()
	t.Cleanup(func() { s.Stop(); <-finished })
	return sys
}

func (s *system) until(t *testing.T, what string, ok func(Status) bool) Status {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if st := s.Status(); ok(st) {
			return st
		}
	}
	t.Fatalf("%s: not within 20 s; the status is %+v", what, s.Status())
	return Status{}
}

// warnings are the warnings of the journal.
func (s *system) warnings() (text string) {
	s.journal.mu.Lock()
	defer s.journal.mu.Unlock()
	for _, e := range s.journal.events {
		if e.Kind == Warn {
			text += e.Text + "\n"
		}
	}
	return text
}

func running(st Status) bool { return st.Phase == "running" }

func alive(pid int) bool { return syscall.Kill(pid, 0) == nil }

func TestPartsStartAfterTheirDependenciesAndStopBeforeThem(t *testing.T) {
	base := server(t, "base")
	top := server(t, "top", "base")
	var baseUp time.Time
	base.Initialize = func(context.Context, Progress) error { baseUp = time.Now(); return nil }
	inner := top.Command
	var topStarted time.Time
	top.Command = func(ctx context.Context) (Command, error) { topStarted = time.Now(); return inner(ctx) }

	sys := start(t, top, base) // listed in the wrong order
	sys.until(t, "running", running)
	if !topStarted.After(baseUp) {
		t.Error("top was started before base was initialized")
	}
	sys.Stop()
	if err := <-sys.result; err != nil {
		t.Fatal(err)
	}
	if stopped(t, sys, "top") > stopped(t, sys, "base") {
		t.Error("base was stopped before top")
	}
}

func stopped(t *testing.T, sys *system, name string) int64 {
	t.Helper()
	log, err := os.ReadFile(filepath.Join(sys.logs, name+".log"))
	if err != nil {
		t.Fatal(err)
	}
	fields := strings.Fields(string(log))
	if len(fields) != 3 {
		t.Fatalf("%s did not stop in an orderly way: %q", name, log)
	}
	at, err := strconv.ParseInt(fields[2], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func TestRestartsAPartThatExitsAndCountsIt(t *testing.T) {
	sys := start(t, server(t, "crashing"))
	first := sys.until(t, "running", running).Parts[0].Pid
	if err := syscall.Kill(first, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	st := sys.until(t, "a healthy second process", func(st Status) bool {
		return st.Parts[0].Restarts == 1 && st.Parts[0].State == Healthy
	})
	if st.Parts[0].Pid == first {
		t.Error("the pid is still that of the dead process")
	}
	if warnings := sys.warnings(); !strings.Contains(warnings, "exited: signal: killed") {
		t.Errorf("the exit is not reported: %q", warnings)
	}
}

func TestStopsEverythingWithOneMessageWhenAPartFailsToStart(t *testing.T) {
	bad := Part{
		Name: "bad", Needs: []string{"good"}, Hint: "create the table",
		Command: child("fail"), Healthy: func(context.Context) error { return errors.New("not yet") },
	}
	good := server(t, "good")
	sys := start(t, good, bad)
	err := <-sys.result
	if err == nil {
		t.Fatal("the start succeeded")
	}
	for _, want := range []string{
		"bad did not start", "exit status 3", filepath.Join(sys.logs, "bad.err"), "no such table: slots", "what to do: create the table",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the message lacks %q:\n%s", want, err)
		}
	}
	for _, p := range sys.Status().Parts {
		if p.State != Down || p.Pid != 0 {
			t.Errorf("%s is %s, pid %d", p.Name, p.State, p.Pid)
		}
	}
	stopped(t, sys, "good")
}

func TestFailsBeforeAnyPartStartsWhenAPortIsInUse(t *testing.T) {
	p := server(t, "late")
	l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", p.Ports[0]))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	prepared := false
	p.Prepare = func(context.Context, Progress) error { prepared = true; return nil }
	sys := start(t, p)
	err = <-sys.result
	want := fmt.Sprintf("late needs 127.0.0.1:%d", p.Ports[0])
	if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "JARI_PORT_OFFSET") {
		t.Errorf("the message is %v", err)
	}
	if prepared {
		t.Error("a part was prepared")
	}
}

func TestKillsAProcessThatIgnoresSIGTERM(t *testing.T) {
	logs := ""
	p := Part{Name: "stubborn", Command: child("ignore-signals"), StopTimeout: 100 * time.Millisecond}
	p.Healthy = func(context.Context) error { // once it ignores signals
		if b, _ := os.ReadFile(filepath.Join(logs, "stubborn.log")); len(b) == 0 {
			return errors.New("not yet")
		}
		return nil
	}
	dir := t.TempDir()
	logs = dir
	s, err := New([]Part{p}, dir, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	sys := &system{Supervisor: s, result: make(chan error, 1)}
	go func() { sys.result <- s.Run(t.Context()) }()
	pid := sys.until(t, "running", running).Parts[0].Pid
	s.Stop()
	if err := <-sys.result; err != nil {
		t.Error(err)
	}
	if alive(pid) {
		t.Error("the process is still running")
	}
}

func TestOrderRejectsWrongDependencies(t *testing.T) {
	for name, parts := range map[string][]Part{
		"a cycle":             {{Name: "a", Needs: []string{"b"}}, {Name: "b", Needs: []string{"a"}}},
		"a cycle over feeds":  {{Name: "a", Needs: []string{"b"}}, {Name: "b", Feeds: []string{"a"}}},
		"two parts of a name": {{Name: "a"}, {Name: "a"}},
		"an unknown need":     {{Name: "a", Needs: []string{"ghost"}}},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := order(parts); err == nil {
				t.Error("accepted")
			}
		})
	}
}

func TestSelectIncludesNeedsButNotFeeds(t *testing.T) {
	parts := []Part{
		{Name: "db"}, {Name: "agent"},
		{Name: "app", Needs: []string{"db"}, Feeds: []string{"agent"}},
		{Name: "web", Needs: []string{"app"}},
	}
	got, err := Select(parts, []string{"app"})
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 2 || got[0].Name != "db" || got[1].Name != "app" {
		t.Errorf("selected %+v", got)
	}
	if _, err := Select(parts, []string{"appp"}); err == nil || !strings.Contains(err.Error(), "db, agent, app, web") {
		t.Errorf("an unknown part: %v", err)
	}
}

func TestTheSocketServesStatusProgressAndStop(t *testing.T) {
	deep := filepath.Join(t.TempDir(), strings.Repeat("deep/", 30))
	if err := os.MkdirAll(deep, 0o755); err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(deep, "jari.sock")
	if _, err := Dial(socket).Status(t.Context()); !errors.Is(err, ErrNotRunning) {
		t.Errorf("without a supervisor: %v", err)
	}
	sys := start(t, server(t, "one"))
	stop, err := sys.Serve(socket)
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	c := Dial(socket)
	var events []Event
	last, err := c.Follow(t.Context(), true, func(e Event) { events = append(events, e) })
	if err != nil || last.Kind != Ready || len(events) < 2 {
		t.Errorf("followed to %+v, %v, over %d events", last, err, len(events))
	}
	if st, err := c.Status(t.Context()); err != nil || st.Parts[0].State != Healthy {
		t.Errorf("status %+v, %v", st, err)
	}
	if err := c.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	if err := <-sys.result; err != nil {
		t.Error(err)
	}
}

func TestALateClientReceivesTheReasonOfAFailedStart(t *testing.T) {
	p := server(t, "late")
	l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", p.Ports[0]))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	s, err := New([]Part{p}, t.TempDir(), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(t.TempDir(), "jari.sock")
	stop, err := s.Serve(socket)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Run(t.Context()); err == nil {
		t.Fatal("the start succeeded")
	}
	stopped := make(chan struct{})
	go func() { stop(); close(stopped) }()
	last, err := Dial(socket).Follow(t.Context(), true, func(Event) {})
	if err != nil || last.Kind != Failed || !strings.Contains(last.Text, "late needs") {
		t.Errorf("got %+v, %v", last, err)
	}
	<-stopped
}

func TestWaitsForPortsThatAnEarlierLauncherStillHolds(t *testing.T) {
	p := server(t, "next")
	l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", p.Ports[0]))
	if err != nil {
		t.Fatal(err)
	}
	s, err := New([]Part{p}, t.TempDir(), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	s.PortWait = 20 * time.Second
	time.AfterFunc(300*time.Millisecond, func() { l.Close() })
	sys := &system{Supervisor: s, result: make(chan error, 1)}
	go func() { sys.result <- s.Run(t.Context()) }()
	sys.until(t, "running", running)
	s.Stop()
	if err := <-sys.result; err != nil {
		t.Error(err)
	}
}

func TestCancelsTheStartWhenItsOwnerDisconnects(t *testing.T) {
	never := server(t, "never")
	never.Healthy = func(context.Context) error { return errors.New("not yet") }
	sys := start(t, never)
	socket := filepath.Join(t.TempDir(), "jari.sock")
	stop, err := sys.Serve(socket)
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	ctx, leave := context.WithCancel(t.Context())
	sys.until(t, "starting", func(st Status) bool { return st.Parts[0].Pid != 0 })
	time.AfterFunc(50*time.Millisecond, leave)
	_, _ = Dial(socket).Follow(ctx, true, func(Event) {})
	if err := <-sys.result; err == nil || !strings.Contains(err.Error(), "ended before everything was up") {
		t.Errorf("it ended with %v", err)
	}
}
