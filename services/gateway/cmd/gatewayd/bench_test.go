package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"jari.example/internal/secret"
	"jari.example/services/gateway"
	"jari.example/services/gateway/inmem"
	"jari.example/telemetry/names"
)

var (
	program = flag.String("gatewayd", "", "a gatewayd to measure instead of this tree's, to compare two of them")
	profile = flag.String("gatewayd-profile", "", "write profiles of the gateway, per benchmark, to files with this prefix")
)

const (
	firstSeen = "first-seen token"
	known     = "known token"

	connections = 256                   // how many diners wait at once
	latency     = 20 * time.Millisecond // of the service; so all of them wait for it
)

// BenchmarkRush measures the CPU time that the gateway's own process spends on
// one POST /v1/reservations for a slot that is sold out, at saturation and with all
// telemetry on. Load and service are in the benchmark's process, so that they do not
// count. Repeat it with -benchtime=20000x -count=3.
func BenchmarkRush(b *testing.B) {
	upstream := newUpstream(b)
	g := startGateway(b, upstream.Addr().String())
	warmUp := g.tokens(b, connections)
	for range 20 {
		g.send(b, warmUp)
	}
	for _, name := range []string{firstSeen, known} {
		b.Run(name, func(b *testing.B) {
			requests := make([]string, 0, b.N)
			if name == firstSeen {
				requests = g.tokens(b, b.N)
			}
			for len(requests) < b.N {
				requests = append(requests, warmUp[len(requests)%len(warmUp)])
			}
			profiled := g.profile(b, strings.ReplaceAll(name, " ", "-"))
			accepted, allocated, before := upstream.accepted.Load(), g.allocated(b), g.cpu(b)
			b.ResetTimer()
			g.send(b, requests)
			b.StopTimer()
			b.ReportMetric(float64((g.cpu(b)-before).Microseconds())/float64(b.N), "cpu-µs/op")
			b.ReportMetric(float64(g.allocated(b)-allocated)/float64(b.N), "alloc-B/op")
			b.ReportMetric(float64(upstream.accepted.Load()-accepted), "reconnects")
			profiled.Wait()
		})
	}
}

// process is a gatewayd in its own process, and a service with the same key that
// signs tokens which it accepts.
type process struct {
	addr, ops string
	pid       int
	service   *gateway.Service
}

func startGateway(b *testing.B, upstream string) *process {
	b.Helper()
	dir := b.TempDir()
	if *program == "" {
		*program = filepath.Join(dir, "gatewayd")
		if out, err := exec.CommandContext(b.Context(), "go", "build", "-o", *program, ".").CombinedOutput(); err != nil {
			b.Fatalf("%v: %s", err, out)
		}
	}
	key := filepath.Join(dir, "key.pem")
	service := newService(b, key)
	agent := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }))
	b.Cleanup(agent.Close)
	g := &process{addr: freeAddress(b), ops: freeAddress(b), service: service}
	cmd := exec.Command(*program, "-http-addr", g.addr, "-ops-addr", g.ops, "-signing-key-file", key,
		"-reservation-url", "http://"+upstream, "-otlp-endpoint", agent.URL)
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		b.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = log, os.Stderr
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	g.pid = cmd.Process.Pid
	b.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		_ = log.Close()
	})
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if res, err := http.Get("http://" + g.ops + "/readyz"); err == nil {
			res.Body.Close()
			return g
		} else if time.Now().After(deadline) {
			b.Fatal(err)
		}
	}
}

// newService writes a new key to a file and returns a service that signs with it.
func newService(b *testing.B, file string) *gateway.Service {
	b.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		b.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		b.Fatal(err)
	}
	encoded := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	if err := os.WriteFile(file, encoded, 0o600); err != nil {
		b.Fatal(err)
	}
	keys, err := gateway.ParseKeys(encoded)
	if err != nil {
		b.Fatal(err)
	}
	service, err := gateway.New(gateway.Config{Users: diners{}, Sessions: inmem.New(), Keys: keys,
		RefreshKey: make([]byte, gateway.MinRefreshKey), Issuer: "https://jari.example"})
	if err != nil {
		b.Fatal(err)
	}
	return service
}

// diners is a user service in which everybody is another diner.
type diners struct{}

func (diners) Verify(context.Context, gateway.Credentials) (gateway.Account, error) {
	return gateway.Account{ID: uuid.NewString(), Role: "diner"}, nil
}

func (d diners) Account(ctx context.Context, _ string) (gateway.Account, error) {
	return d.Verify(ctx, gateway.Credentials{})
}

// tokens returns the access tokens of n diners.
func (g *process) tokens(b *testing.B, n int) []string {
	b.Helper()
	all := make([]string, n)
	for i := range all {
		in, err := g.service.LogIn(b.Context(), gateway.Credentials{Email: secret.New("kim@example.com"), Password: secret.New("x")})
		if err != nil {
			b.Fatal(err)
		}
		all[i] = in.Access.Reveal()
	}
	return all
}

// send sends one request for each token and waits for all responses.
func (g *process) send(b *testing.B, tokens []string) {
	b.Helper()
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(connections, len(tokens)) {
		wg.Go(func() {
			conn, err := net.Dial("tcp", g.addr)
			if err != nil {
				b.Error(err)
				return
			}
			defer conn.Close()
			in := bufio.NewReader(conn)
			for i := next.Add(1); i <= int64(len(tokens)); i = next.Add(1) {
				const body = `{"slot_id":"1","party":2}`
				_, _ = fmt.Fprintf(conn, "POST /v1/reservations HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\n"+
					"Content-Type: application/json\r\n%s: %s\r\nContent-Length: %d\r\n\r\n%s",
					g.addr, tokens[i-1], names.HeaderIdempotency, uuid.NewString(), len(body), body)
				if first, err := readMessage(in); err != nil || first != "HTTP/1.1 409 Conflict" {
					b.Errorf("got %q, %v", first, err)
					return
				}
			}
		})
	}
	wg.Wait()
}

// cpu is the CPU time that the process has used so far, in steps of 10 ms.
func (g *process) cpu(b *testing.B) time.Duration {
	b.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", g.pid))
	if err != nil {
		b.Skip("CPU time is read from Linux's /proc: ", err)
	}
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * 10 * time.Millisecond
}

// allocated is how many bytes the process has allocated so far.
func (g *process) allocated(b *testing.B) int {
	b.Helper()
	_, after, _ := bytes.Cut(g.pprof(b, "allocs?debug=1"), []byte("# TotalAlloc = "))
	digits, _, _ := bytes.Cut(after, []byte("\n"))
	n, err := strconv.Atoi(string(digits))
	if err != nil {
		b.Fatal(err)
	}
	return n
}

func (g *process) pprof(b *testing.B, what string) []byte {
	b.Helper()
	res, err := http.Get("http://" + g.ops + "/debug/pprof/" + what)
	if err != nil {
		b.Error(err)
		return nil
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		b.Error(err)
	}
	return body
}

// profile profiles the process for the next seconds, if it is asked for.
func (g *process) profile(b *testing.B, name string) *sync.WaitGroup {
	var wg sync.WaitGroup
	if *profile == "" || b.N == 1 {
		return &wg
	}
	wg.Go(func() {
		for _, what := range []string{"profile?seconds=5", "allocs"} {
			file := *profile + name + "." + strings.TrimSuffix(what, "?seconds=5")
			if err := os.WriteFile(file, g.pprof(b, what), 0o644); err != nil {
				b.Error(err)
			}
		}
	})
	return &wg
}

// upstream is a reservation service that refuses every booking at hardly any cost.
type upstream struct {
	net.Listener
	accepted atomic.Int64 // connections so far
}

func newUpstream(b *testing.B) *upstream {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = l.Close() })
	const problem = `{"type":"about:blank","title":"Conflict","status":409,"detail":"This time is fully booked.",` +
		`"reason":"slot_full","trace_id":"0af7651916cd43dd8448eb211c80319c","latched":true}` + "\n"
	response := []byte("HTTP/1.1 409 Conflict\r\nCache-Control: no-store\r\nContent-Type: application/problem+json\r\n" +
		"X-Content-Type-Options: nosniff\r\nDate: Sun, 22 Nov 2026 01:00:00 GMT\r\nContent-Length: " + strconv.Itoa(len(problem)) +
		"\r\n\r\n" + problem)
	u := &upstream{Listener: l}
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			u.accepted.Add(1)
			go func() {
				defer conn.Close()
				for in := bufio.NewReader(conn); ; {
					if _, err := readMessage(in); err != nil {
						return
					}
					time.Sleep(latency)
					_, _ = conn.Write(response)
				}
			}()
		}
	}()
	return u
}

// readMessage reads one request or response with a Content-Length and returns its
// first line.
func readMessage(in *bufio.Reader) (first string, err error) {
	length := 0
	for {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return first, err
		}
		line = bytes.TrimRight(line, "\r\n")
		switch {
		case first == "":
			first = string(line)
		case len(line) == 0:
			_, err := in.Discard(length)
			return first, err
		}
		if value, ok := bytes.CutPrefix(line, []byte("Content-Length: ")); ok {
			length, _ = strconv.Atoi(string(value))
		}
	}
}

func freeAddress(b *testing.B) string {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
