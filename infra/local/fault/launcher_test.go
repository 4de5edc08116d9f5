package fault

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"jari.example/infra/local/launch"
	"jari.example/infra/local/parts"
	"jari.example/infra/local/ports"
	"jari.example/internal/wait"
)

// target is a system of its own in which the parts given run, as far as the test is
// concerned with them.
func target(t *testing.T, all ...launch.Part) (Target, *launch.Supervisor) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), ".jari")
	offset, release, err := ports.Reserve(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(release)
	sys, err := parts.New(parts.System{Root: dir, Dir: dir, Ports: offset, Getenv: os.Getenv, WithFaultProxies: true})
	if err != nil {
		t.Fatal(err)
	}
	super, err := launch.New(all, sys.LogDir(), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- super.Run(context.Background()) }()
	t.Cleanup(func() { super.Stop(); <-ended })
	await(t, "the parts are up", func() bool { return super.Status().Phase == "running" })
	return Target{sys, super}, super
}

func await(t *testing.T, what string, ok func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if wait.Until(ctx, 20*time.Millisecond, ok) != nil {
		t.Fatalf("not within 30 s: %s", what)
	}
}

// idle is a part whose process does nothing.
func idle(name string) launch.Part {
	return launch.Part{
		Name: name, Healthy: func(context.Context) error { return nil },
		Command: func(context.Context) (launch.Command, error) {
			args := []string{"-c", "while :; do sleep 1; done", "--", "--signing-key-file", "own"}
			return launch.Command{Path: "/bin/sh", Args: args, Env: os.Environ()}, nil
		},
	}
}

// process is the process of a system's only part, 0 while it has none that is up.
func process(super *launch.Supervisor) int {
	if p := super.Status().Parts[0]; p.State == launch.Healthy {
		return p.Pid
	}
	return 0
}

// proc reads a file of a process.
func proc(pid int, file string) string {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/%s", pid, file))
	return strings.ReplaceAll(string(text), "\x00", " ")
}

// inject begins a fault, and returns what ends it.
func inject(t *testing.T, target Target, r Request) (in Injection, end func()) {
	t.Helper()
	f, err := Find(Faults(), r.Fault)
	if err != nil {
		t.Fatal(err)
	}
	ins, err := f.injections(r, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	stop, err := f.begin(t.Context(), target, ins[0])
	if err != nil {
		t.Fatal(err)
	}
	return ins[0], func() {
		t.Helper()
		if err := stop(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAGatewayHasAnOldKeyUntilTheFaultEnds(t *testing.T) {
	target, super := target(t, idle("gateway-kr"))
	if err := os.MkdirAll(filepath.Dir(target.SigningKeyFile()), 0o700); err != nil {
		t.Fatal(err)
	}
	const key = "-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----\n"
	if err := os.WriteFile(target.SigningKeyFile(), []byte("Created: 2026-11-28T10:00:00Z\n"+key), 0o600); err != nil {
		t.Fatal(err)
	}
	in, end := inject(t, target, Request{Fault: "signing-key-old"})
	file := target.oldKeyFile(in)
	await(t, "it runs with the old file", func() bool {
		args := proc(process(super), "cmdline")
		return strings.Contains(args, "--signing-key-file "+file+" ") && !strings.Contains(args, "own")
	})
	text, err := os.ReadFile(file)
	created, rest, _ := strings.Cut(string(text), "\n")
	made, parseErr := time.Parse(time.RFC3339, strings.TrimPrefix(created, "Created: "))
	if age := time.Since(made); err != nil || parseErr != nil || rest != key || age < 99*24*time.Hour || age > 101*24*time.Hour {
		t.Errorf("the file has %q, %v, %v", text, err, parseErr)
	}
	if st, err := os.Stat(file); err != nil || st.Mode() != 0o600 {
		t.Errorf("%v, %v", st, err)
	}
	end()
	await(t, "it runs with its own", func() bool { return strings.Contains(proc(process(super), "cmdline"), "--signing-key-file own ") })
	if _, err := os.Stat(file); !os.IsNotExist(err) {
		t.Errorf("the file is left: %v", err)
	}
	f, _ := Find(Faults(), "signing-key-old")
	if err := f.undo(t.Context(), target, in); err != nil { // after a launcher that was killed later
		t.Errorf("undo what is not there: %v", err)
	}
}

func TestAFullVolumeIsSeenByTheAgentOnlyAndUntilTheFaultEnds(t *testing.T) {
	if err := canMount(t.Context()); err != nil {
		t.Skip(err)
	}
	target, super := target(t, idle("agent"))
	dir := target.AgentDir()
	if err := os.MkdirAll(filepath.Join(dir, "storage"), 0o755); err != nil {
		t.Fatal(err)
	}
	positions := filepath.Join(dir, "storage", "positions")
	if err := os.WriteFile(positions, []byte("7"), 0o600); err != nil {
		t.Fatal(err)
	}
	share := func(dir string) float64 {
		var v syscall.Statfs_t
		if err := syscall.Statfs(dir, &v); err != nil || v.Blocks == 0 {
			return -1
		}
		return float64(v.Bavail) / float64(v.Blocks)
	}
	before := share(dir)
	seen := func() string { return fmt.Sprintf("/proc/%d/root%s", process(super), dir) } // as the agent sees it
	for percent, most := range map[int]float64{95: 0.06, 100: 0.001} {
		_, end := inject(t, target, Request{Fault: "agent-disk-full", Percent: percent})
		await(t, "its volume is nearly full", func() bool { s := share(seen()); return s >= 0 && s <= most })
		if text, err := os.ReadFile(filepath.Join(seen(), "storage", "positions")); err != nil || string(text) != "7" {
			t.Errorf("what it has stored is %q, %v", text, err)
		}
		if err := os.WriteFile(filepath.Join(seen(), "more"), make([]byte, 64<<10), 0o600); (err == nil) != (percent < 100) {
			t.Errorf("at %d %%: a write: %v", percent, err)
		}
		if s := share(dir); s < before-0.05 {
			t.Errorf("the volume of others has %.3f free, before %.3f", s, before)
		}
		end()
		await(t, "it has its own volume again", func() bool { s := share(seen()); return s >= 0 && s > most })
		if _, err := os.Stat(filepath.Join(dir, "filler")); !os.IsNotExist(err) {
			t.Errorf("something is left: %v", err)
		}
	}
}

func TestTheCertificateOfTheFaultEndsSoon(t *testing.T) {
	target, super := target(t, idle("gateway-kr"))
	_, end := inject(t, target, Request{Fault: "certificate-expiring"})
	var address string
	await(t, "it has the address", func() bool {
		_, address, _ = strings.Cut(proc(process(super), "cmdline"), "--public-url https://")
		return address != ""
	})
	dial := func() (*tls.Conn, error) {
		return tls.Dial("tcp", strings.TrimSpace(address), &tls.Config{InsecureSkipVerify: true}) // as the gateway does
	}
	conn, err := dial()
	if err != nil {
		t.Fatal(err)
	}
	left := time.Until(conn.ConnectionState().PeerCertificates[0].NotAfter)
	_ = conn.Close()
	if left < 2*24*time.Hour || left > 3*24*time.Hour {
		t.Errorf("it ends in %s", left)
	}
	end()
	await(t, "it runs without the address", func() bool {
		return process(super) != 0 && !strings.Contains(proc(process(super), "cmdline"), "--public-url")
	})
	if _, err := dial(); err == nil {
		t.Error("the certificate is still served")
	}
}

// holder is a launcher that notes what is done to parts.
type holder struct {
	log  []string
	fail string // the part that fails
	add  func(launch.Part) func()
}

func (h *holder) Hold(part string, how launch.Hold, _ string) (func(), error) {
	if part == h.fail {
		return nil, errors.New("it is down")
	}
	h.log = append(h.log, how.String()+" "+part)
	return func() { h.log = append(h.log, "released "+part) }, nil
}

func (h *holder) Change(string, func(launch.Command) launch.Command, string) (func(), error) {
	return nil, errors.New("not of this test")
}

func (h *holder) Add(_ context.Context, p launch.Part) (func(), error) {
	if p.Name == h.fail {
		return nil, errors.New("it does not start")
	}
	return h.add(p), nil
}

func TestARegionIsAwayWithAllItsServices(t *testing.T) {
	f, err := Find(Faults(), "region-away")
	if err != nil {
		t.Fatal(err)
	}
	h := &holder{}
	end, err := f.begin(t.Context(), Target{Launcher: h}, Injection{Region: "us"})
	if err != nil || len(h.log) != len(services) {
		t.Fatalf("%v, %q", err, h.log)
	}
	for _, service := range services {
		if want := "stopped " + service + "-us"; !slices.Contains(h.log, want) {
			t.Errorf("without %q: %q", want, h.log)
		}
	}
	if err := end(t.Context()); err != nil || len(h.log) != 2*len(services) {
		t.Errorf("%v, %q", err, h.log)
	}
	h = &holder{fail: "user-kr"}
	_, err = f.begin(t.Context(), Target{Launcher: h}, Injection{Region: "kr"})
	var held, released int
	for _, entry := range h.log {
		if strings.HasPrefix(entry, "released ") {
			released++
		} else {
			held++
		}
	}
	if err == nil || held == 0 || held != released {
		t.Errorf("when one cannot be held: %v, and what was held is not released: %q", err, h.log)
	}
}

// Only the second process has the flag, and only while the fault lasts it gets requests.
func TestAWorseVersionGetsHalfOfTheRequestsUntilTheFaultEnds(t *testing.T) {
	target, _ := target(t, idle("other"))
	serve := func(name string) func() {
		server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, name) })}
		l, err := net.Listen("tcp", target.Ports.Addr(name))
		if err != nil {
			t.Fatal(err)
		}
		go func() { _ = server.Serve(l) }()
		t.Cleanup(func() { _ = server.Close() })
		return func() { _ = server.Close() }
	}
	serve("reservation-us")
	h := &holder{add: func(p launch.Part) func() { return serve(p.Name) }}
	target.Launcher = h
	if err := target.Balancer("us").Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(target.Balancer("us").Stop)
	responses := func() map[string]int {
		t.Helper()
		all := map[string]int{}
		for range 100 {
			res, err := http.Get(target.Ports.URL("fault-proxies/reservation-us"))
			if err != nil {
				t.Fatal(err)
			}
			name, _ := io.ReadAll(res.Body)
			res.Body.Close()
			all[string(name)]++
		}
		return all
	}
	flags := target.FaultFlagsFile("reservation-us-next")
	for fault, flag := range map[string]string{"version-failing": `"percent": 60`, "version-slow": `"delay_ms": 1500`} {
		in, end := inject(t, target, Request{Fault: fault, Region: "us"})
		if got := responses(); got["reservation-us-next"] < 20 || got["reservation-us"] < 20 {
			t.Errorf("%s: %v", fault, got)
		}
		if text, err := os.ReadFile(flags); err != nil || !strings.Contains(string(text), flag) {
			t.Errorf("%s: its flags are %s, %v", fault, text, err)
		}
		end()
		if got := responses(); got["reservation-us"] != 100 {
			t.Errorf("after %s: %v", fault, got)
		}
		h.fail = "reservation-us-next"
		f, _ := Find(Faults(), fault)
		if _, err := f.begin(t.Context(), target, in); err == nil || !strings.Contains(err.Error(), "does not start") {
			t.Errorf("%s of a process that does not start: %v", fault, err)
		}
		h.fail = ""
		if _, err := os.Stat(flags); !os.IsNotExist(err) {
			t.Errorf("%s: its flags are left: %v", fault, err)
		}
	}
	without := Target{System: &parts.System{}, Launcher: h}
	f, _ := Find(Faults(), "version-slow")
	_, err := f.begin(t.Context(), without, Injection{Region: "us"})
	if err == nil || !strings.Contains(err.Error(), "jari up --fault-proxies") {
		t.Errorf("without proxies: %v", err)
	}
}
