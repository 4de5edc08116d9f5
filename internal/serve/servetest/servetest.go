// Package servetest runs whole daemons inside a test.
package servetest

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"jari.example/internal/serve"
	"jari.example/telemetry/names"
)

// Running is a daemon that serves.
type Running struct {
	URL    string // of its API, "" when it has none
	OpsURL string
	Stop   func() error // stops it as SIGTERM does, and returns the program's error
}

// Start runs the program on free ports until the test ends. It fails the test
// when the program does not start or does not stop cleanly. args are added after
// the two addresses.
func Start(t *testing.T, run serve.Program, args ...string) Running {
	t.Helper()
	return start(t, run, append([]string{"--http-addr", "127.0.0.1:0", "--ops-addr", "127.0.0.1:0"}, args...))
}

// StartWorker is Start for a daemon without an API.
func StartWorker(t *testing.T, run serve.Program, args ...string) Running {
	t.Helper()
	return start(t, run, append([]string{"--ops-addr", "127.0.0.1:0"}, args...))
}

// StartProcess is Start for a program in a process of its own, so that the test can
// stop or kill it: cmd gets the two addresses, and is killed when the test ends. It
// returns the URL of the program's API.
func StartProcess(t *testing.T, cmd *exec.Cmd) (url string) {
	t.Helper()
	cmd.Args = append(cmd.Args, "--http-addr", "127.0.0.1:0", "--ops-addr", "127.0.0.1:0")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	return address(startedLine(t, out), names.HTTPAddr)
}

func start(t *testing.T, run serve.Program, args []string) Running {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	out, in := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := run(ctx, args, func(string) string { return "" }, in, io.Discard)
		in.CloseWithError(io.EOF)
		ended <- err
	}()
	stopped := false
	stop := func() error {
		if stopped {
			return nil
		}
		stopped = true
		cancel()
		select {
		case err := <-ended:
			return err
		case <-time.After(20 * time.Second):
			t.Fatal("the daemon did not stop within 20 s")
			return nil
		}
	}
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Errorf("the daemon ended with: %v", err)
		}
	})
	line := startedLine(t, out)
	r := Running{Stop: stop, OpsURL: address(line, names.OpsAddr), URL: address(line, names.HTTPAddr)}
	WaitReady(t, r.OpsURL)
	return r
}

// startedLine reads stdout until the daemon logs its addresses, then keeps
// reading so that the daemon never blocks on its log.
func startedLine(t *testing.T, out io.Reader) map[string]any {
	t.Helper()
	found := make(chan map[string]any, 1)
	go func() {
		scan := bufio.NewScanner(out)
		scan.Buffer(nil, 1<<20)
		defer close(found)
		for scan.Scan() {
			var line map[string]any
			if json.Unmarshal(scan.Bytes(), &line) == nil && line[names.EventName] == names.EventStarted {
				found <- line
				break
			}
		}
		_, _ = io.Copy(io.Discard, out)
	}()
	select {
	case line, ok := <-found:
		if ok {
			return line
		}
		t.Fatal("the daemon ended before it started serving")
	case <-time.After(60 * time.Second):
		t.Fatal("the daemon did not start serving within 60 s")
	}
	return nil
}

func address(line map[string]any, key string) string {
	if a, ok := line[key].(string); ok {
		return "http://" + a
	}
	return ""
}

// WaitReady polls /readyz until it returns 200, for at most 30 s.
func WaitReady(t *testing.T, opsURL string) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		res, err := http.Get(opsURL + "/readyz")
		if err != nil {
			continue
		}
		res.Body.Close()
		if res.StatusCode == http.StatusOK {
			return
		}
	}
	t.Fatal("the daemon was not ready within 30 s")
}

// Exchange sends a request as it stands, which an HTTP client might refuse to send,
// and returns the response after any 100, with what follows it on the connection. A
// server that never responds fails the test after a minute. With halfClose it closes
// the sending side after the request.
func Exchange(t *testing.T, url, request string, halfClose bool) (*http.Response, *bufio.Reader) {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(time.Minute))
	_, _ = io.WriteString(conn, request) // fails when the server refuses the request before its end
	if halfClose {
		if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
			t.Fatal(err)
		}
	}
	rest := bufio.NewReader(conn)
	res, err := http.ReadResponse(rest, nil)
	if err == nil && res.StatusCode == http.StatusContinue {
		res, err = http.ReadResponse(rest, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	return res, rest
}

// Help compares the output of -h with testdata/help.txt, or rewrites that file.
func Help(t *testing.T, run serve.Program, update bool) {
	t.Helper()
	var out bytes.Buffer
	if err := run(t.Context(), []string{"-h"}, func(string) string { return "" }, &out, io.Discard); !errors.Is(err, flag.ErrHelp) {
		t.Fatalf("-h ended with %v", err)
	}
	Golden(t, "help.txt", out.Bytes(), update)
}

// Golden compares got with a file under testdata, or rewrites that file.
func Golden(t *testing.T, name string, got []byte, update bool) {
	t.Helper()
	file := filepath.Join("testdata", filepath.FromSlash(name))
	if update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s has changed; -update rewrites it:\n%s", file, got)
	}
}
