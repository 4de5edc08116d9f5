package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"jari.example/infra/local/launch"
)

// TestMain lets the test binary act as jari: up copies its own program and runs
// the copy as the launcher, which runs it again as Redis.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && (os.Args[1] == "supervise" || os.Args[1] == "run") {
		main()
		return
	}
	os.Exit(m.Run())
}

// jari runs a command on the system in dir, with the embedded Redis.
func jari(t *testing.T, dir string, args ...string) (string, error) {
	t.Helper()
	t.Setenv("JARI_REDIS", "embedded") // the launcher inherits it
	var out bytes.Buffer
	getenv := func(key string) string {
		if key == "JARI_DIR" {
			return dir
		}
		return os.Getenv(key)
	}
	err := run(t.Context(), args, getenv, &out, &out)
	return out.String(), err
}

func must(t *testing.T, dir string, args ...string) string {
	t.Helper()
	out, err := jari(t, dir, args...)
	if err != nil {
		t.Fatalf("jari %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

func statusOf(t *testing.T, dir string) launch.Status {
	t.Helper()
	out, _ := jari(t, dir, "status", "--json") // its exit code depends on the health, which the caller checks
	var st launch.Status
	if err := json.Unmarshal([]byte(out), &st); err != nil {
		t.Fatalf("status: %v\n%s", err, out)
	}
	return st
}

func TestASystemStartsRecoversAndStops(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "jari")
	t.Cleanup(func() {
		var out bytes.Buffer
		_ = run(context.Background(), []string{"down", "--dir", dir}, os.Getenv, &out, &out)
	})
	if _, err := jari(t, dir, "env"); !errors.Is(err, launch.ErrNotRunning) {
		t.Errorf("env of a system that does not run: %v", err)
	}
	out := must(t, dir, "up", "--port-offset", "auto", "--only", "redis")
	if !strings.Contains(out, "redis") || !strings.Contains(out, "miniredis") {
		t.Errorf("up does not print what it started:\n%s", out)
	}
	first := statusOf(t, dir)
	if out := must(t, dir, "up", "--port-offset", "auto", "--only", "redis"); !strings.Contains(out, "already running") {
		t.Errorf("the second up prints\n%s", out)
	}
	if second := statusOf(t, dir); second.Pid != first.Pid || second.Parts[0].Pid != first.Parts[0].Pid {
		t.Error("the second up started something")
	}
	if _, err := jari(t, dir, "up", "--only", "slack"); err == nil || !strings.Contains(err.Error(), "without slack") {
		t.Errorf("up of a part that the running system lacks: %v", err)
	}
	out = must(t, dir, "env")
	if !strings.Contains(out, "export JARI_TEST_REDIS_URL='redis://127.0.0.1:") || strings.Contains(out, "POSTGRES") {
		t.Errorf("env prints\n%s", out)
	}
	if out := must(t, dir, "logs", "redis"); !strings.Contains(out, "listening on") {
		t.Errorf("logs prints\n%s", out)
	}

	pid := first.Parts[0].Pid
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if p := statusOf(t, dir).Parts[0]; p.Restarts == 1 && p.State == launch.Healthy {
			break
		} else if time.Now().After(deadline) {
			t.Fatalf("Redis was not restarted: %+v", p)
		}
	}

	last := statusOf(t, dir)
	must(t, dir, "down")
	for _, pid := range []int{last.Pid, last.Parts[0].Pid} {
		// the launcher is this test's child, so it exists until it has been waited for
		for deadline := time.Now().Add(10 * time.Second); syscall.Kill(pid, 0) == nil; time.Sleep(10 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("process %d still runs", pid)
			}
		}
	}
	if out, err := jari(t, dir, "status"); !errors.Is(err, exitCode(3)) {
		t.Errorf("status afterwards: %v\n%s", err, out)
	}
	must(t, dir, "down") // a second down is no error
	must(t, dir, "clean")
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("clean left %s (%v)", dir, err)
	}
}

func TestEveryCommandHasHelp(t *testing.T) {
	for _, c := range commands() {
		out, err := jari(t, t.TempDir(), c.name, "-h")
		if !errors.Is(err, flag.ErrHelp) || !strings.Contains(out, "usage: jari "+c.name) {
			t.Errorf("jari %s -h: %v\n%s", c.name, err, out)
		}
	}
}

func TestWrongUseIsAnError(t *testing.T) {
	for args, want := range map[string]string{
		"unknown":                 `no command "unknown"`,
		"up --port-offset wrong":  "--port-offset",
		"up --alert-time-scale 0": "--alert-time-scale",
		"fault maybe":             "jari fault on",
		"fault on --region moon":  "--region",
		"fault on":                "name a fault: agent-",
		"fault on ghost":          `no fault called "ghost"; the faults are: agent-`,
		"fault off ghost":         "the faults are:",
		"fault list ghost":        "jari fault list",
		"logs":                    "name of one log",
		"logs ghost":              `no log of "ghost"`,
		"run ghost":               `no program "ghost"`,
	} {
		if _, err := jari(t, t.TempDir(), strings.Fields(args)...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("jari %s: %v", args, err)
		}
	}
}

func TestLogsPrintsTheLastLinesOfEachRegion(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "log"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"user-kr.log": "a\nb\nc\n", "user-us.log": "x\n", "user-us.err": "panic\n", "user-kr.err": "", "redis.log": "no\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, "log", name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want := "user-kr | b\nuser-kr | c\nuser-us | x\nuser-us.err | panic\n"
	if got := must(t, dir, "logs", "-n", "2", "user"); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}
