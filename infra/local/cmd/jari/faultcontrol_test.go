package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"jari.example/infra/local/fault"
	"jari.example/infra/local/launch"
	"jari.example/internal/wait"
	"jari.example/telemetry/names"
)

// upRedis starts a system of its own that has only Redis.
func upRedis(t *testing.T) (dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "jari")
	t.Cleanup(func() {
		var out bytes.Buffer
		_ = run(context.Background(), []string{"down", "--dir", dir}, os.Getenv, &out, &out)
	})
	must(t, dir, "up", "--port-offset", "auto", "--only", "redis")
	return dir
}

// awaitPart waits until the state of the only part is as it should be.
func awaitPart(t *testing.T, dir, what string, ok func(launch.PartStatus) bool) {
	t.Helper()
	var p launch.PartStatus
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if wait.Until(ctx, 50*time.Millisecond, func() bool { p = statusOf(t, dir).Parts[0]; return ok(p) }) != nil {
		t.Fatalf("%s: not within 30 s: %+v", what, p)
	}
}

func isUp(p launch.PartStatus) bool   { return p.State == launch.Healthy }
func isGone(p launch.PartStatus) bool { return p.Pid == 0 && strings.Contains(p.Note, "redis-away") }

// events are the changes of faults in the log that the agent reads, such as
// "redis-away fault_injection.began".
func events(t *testing.T, dir string) (all []string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "log", "launcher-events.log"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		var e map[string]any
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		if e[names.ServiceName] != names.ServiceLauncher || e[names.FaultUntil] == nil {
			t.Errorf("the line is %s", line)
		}
		all = append(all, e[names.Fault].(string)+" "+e[names.EventName].(string))
	}
	return all
}

func TestAFaultOutlivesItsCommandAndEndsByItself(t *testing.T) {
	dir := upRedis(t)
	out := must(t, dir, "fault", "on", "redis-away", "--for", "3s")
	if !strings.Contains(out, "redis-away is on until ") || !strings.Contains(out, "jari fault off redis-away") {
		t.Errorf("on prints\n%s", out)
	}
	awaitPart(t, dir, "gone", isGone)
	list := func() string { return strings.Join(strings.Fields(must(t, dir, "fault", "list")), " ") }
	out = list()
	if !strings.Contains(out, " redis-away until ") || !strings.Contains(out, "login-availability") {
		t.Errorf("list prints\n%s", out)
	}
	awaitPart(t, dir, "up again", isUp)
	if out := list(); !strings.Contains(out, " redis-away - ") {
		t.Errorf("list prints\n%s", out)
	}
	if out := must(t, dir, "fault", "off"); !strings.Contains(out, "It was not on.") {
		t.Errorf("off prints\n%s", out)
	}
	must(t, dir, "fault", "on", "redis-hung")
	awaitPart(t, dir, "hung", func(p launch.PartStatus) bool { return p.State == launch.Unhealthy })
	if out := must(t, dir, "fault", "off", "redis-hung"); !strings.Contains(out, "redis-hung is off.") {
		t.Errorf("off prints\n%s", out)
	}
	awaitPart(t, dir, "up again", isUp)
	if _, err := jari(t, dir, "fault", "on", "agent-stopped"); err == nil || !strings.Contains(err.Error(), "no part called agent") {
		t.Errorf("a fault of a part that this system lacks: %v", err)
	}
	want := "redis-away fault_injection.began redis-away fault_injection.ended " +
		"redis-hung fault_injection.began redis-hung fault_injection.ended"
	if got := strings.Join(events(t, dir), " "); got != want {
		t.Errorf("the events are %s", got)
	}
}

func TestDownEndsEveryFault(t *testing.T) {
	dir := upRedis(t)
	must(t, dir, "fault", "on", "redis-hung")
	must(t, dir, "fault", "on", "route-errors", "--region", "all")
	flags := filepath.Join(dir, "run", "flags", "reservation-us.json")
	if _, err := os.Stat(flags); err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	must(t, dir, "down")
	t.Logf("down took %s", time.Since(begin).Round(time.Millisecond))
	if _, err := os.Stat(flags); !os.IsNotExist(err) {
		t.Errorf("the flags are still on: %v", err)
	}
	if got := events(t, dir); len(got) != 6 {
		t.Errorf("the events are %q", got)
	}
}

// The processes of a launcher that is killed end with it, a flag does not.
func TestTheNextUpEndsWhatAKilledLauncherLeftOn(t *testing.T) {
	dir := upRedis(t)
	must(t, dir, "fault", "on", "redis-away")
	must(t, dir, "fault", "on", "route-errors", "--percent", "7")
	if err := syscall.Kill(statusOf(t, dir).Pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		if _, err := launch.Dial(launch.SocketPath(dir)).Status(t.Context()); err != nil {
			break
		} else if time.Now().After(deadline) {
			t.Fatal("the launcher still responds")
		}
	}
	flags := filepath.Join(dir, "run", "flags", "reservation-kr.json")
	if text, err := os.ReadFile(flags); err != nil || !strings.Contains(string(text), `"percent": 7`) {
		t.Fatalf("the kill removed the flag itself: %s, %v", text, err)
	}
	must(t, dir, "up", "--port-offset", "auto", "--only", "redis")
	awaitPart(t, dir, "up", isUp)
	if _, err := os.Stat(flags); !os.IsNotExist(err) {
		t.Errorf("the flag is still on: %v", err)
	}
	on, err := fault.Client{Launcher: launch.Dial(launch.SocketPath(dir))}.List(t.Context())
	if err != nil || len(on) != 0 {
		t.Errorf("on is %+v, %v", on, err)
	}
	if got := events(t, dir); got[len(got)-1] != "route-errors fault_injection.ended" {
		t.Errorf("the events are %q", got)
	}
}
