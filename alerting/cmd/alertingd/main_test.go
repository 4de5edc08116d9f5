package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"jari.example/alerting/indicator/indicatortest"
	"jari.example/alerting/postgres/postgrestest"
	"jari.example/alerting/slack/slacktest"
	"jari.example/telemetry"
	"jari.example/telemetry/names"
)

// The whole program with a real OpenSearch and a real Postgres: bookings fail
// and one message appears; they work again and the same message says so.
func TestAFailureIsToldOnceAndTakenBack(t *testing.T) {
	t.Parallel()
	lines := indicatortest.New(t)
	database := postgrestest.Database(t)
	slack := slacktest.Start(t)
	d := start(t, "--database-url", database, "--opensearch-url", lines.Server, "--log-index", lines.Index,
		"--slack-url", slack.URL, "--slack-token-file", secret(t, slacktest.Token),
		// 1 h is 12 s, 5 min 1 s; 6 h is 72 s and 30 min 6 s.
		"--time-scale", "300")

	sent, stop := traffic(lines, 201)
	wait(t, time.Minute, "some good bookings", func() bool { return sent.Load() > 20 })
	stop()
	if n := len(slack.Messages()); n > 0 {
		t.Fatalf("all is well, yet there are %d messages: %+v", n, slack.Messages())
	}

	_, stop = traffic(lines, 503)
	message := func() slacktest.Message { return slack.Messages()[0] }
	wait(t, time.Minute, "a message", func() bool { return len(slack.Messages()) > 0 })
	stop()
	for _, want := range []string{
		"/runbooks/booking-availability|", "/dashboards/bookings-right-now?from=", "|Example trace 2",
		"booking attempts fail", "windows ÷300", "error budget", "kr (",
	} {
		if !strings.Contains(message().Blocks, jsonText(want)) {
			t.Errorf("the message lacks %q:\n%s", want, message().Blocks)
		}
	}

	_, stop = traffic(lines, 409)
	wait(t, time.Minute, "the end", func() bool { return strings.Contains(message().Text, "Resolved") })
	stop()
	wait(t, 30*time.Second, "the thread's last line", func() bool { return len(slack.Messages()) == 3 })
	for _, m := range slack.Messages()[1:] {
		if m.ThreadTS != message().TS {
			t.Errorf("a message outside the incident's thread: %+v", m)
		}
	}
	if err := d.stop(); err != nil {
		t.Errorf("SIGTERM: %v", err)
	}
	if strings.Contains(d.out.String(), slacktest.Token) {
		t.Error("the token was logged")
	}
}

// Two replicas tell a thing once, and one goes on where the other ended.
func TestReplicasActAsOne(t *testing.T) {
	t.Parallel()
	lines := indicatortest.New(t)
	database := postgrestest.Database(t)
	slack := slacktest.Start(t)
	replica := func() *daemon {
		return start(t, "--database-url", database, "--opensearch-url", lines.Server, "--log-index", lines.Index,
			"--slack-url", slack.URL, "--slack-token-file", secret(t, slacktest.Token), "--time-scale", "300")
	}
	first := replica()
	wait(t, time.Minute, "the first to act", func() bool { return strings.Contains(first.out.String(), "this replica acts") })
	second := replica()
	_, stop := traffic(lines, 503)
	wait(t, time.Minute, "the message and its note", func() bool { return len(slack.Messages()) == 2 })
	if strings.Contains(second.out.String(), "this replica acts") {
		t.Error("both act")
	}
	if err := first.stop(); err != nil {
		t.Error(err)
	}
	wait(t, time.Minute, "the second to act", func() bool { return strings.Contains(second.out.String(), "this replica acts") })
	stop()
	_, stop = traffic(lines, 201)
	wait(t, time.Minute, "the end", func() bool { return len(slack.Messages()) == 3 })
	stop()
	if m := slack.Messages(); !strings.Contains(m[0].Text, "Resolved") || m[2].ThreadTS != m[0].TS {
		t.Errorf("messages: %+v", m)
	}
}

// When OpenSearch cannot be read, nothing may look healthy.
func TestABlindDaemonKeepsTheIncidentOpen(t *testing.T) {
	t.Parallel()
	lines := indicatortest.New(t)
	slack := slacktest.Start(t)
	d := start(t, "--opensearch-url", lines.Server, "--log-index", lines.Index,
		"--slack-url", slack.URL, "--slack-token-file", secret(t, slacktest.Token), "--time-scale", "600")
	_, stop := traffic(lines, 500)
	wait(t, time.Minute, "a message", func() bool { return len(slack.Messages()) > 1 })
	stop()
	lines.Remove()
	wait(t, 30*time.Second, "the daemon to notice", func() bool {
		return strings.Contains(d.out.String(), names.EventTickFailed)
	})
	// Far longer than both short windows: 0.5 s and 3 s.
	time.Sleep(5 * time.Second)
	if m := slack.Messages()[0]; strings.Contains(m.Text, "Resolved") {
		t.Errorf("resolved while blind: %s", m.Text)
	}
}

func TestItRunsOnAFreshCloneWithNothingInstalled(t *testing.T) {
	t.Parallel()
	d := start(t)
	r, err := http.Get("http://" + d.ops + telemetry.LevelPath)
	if err != nil {
		t.Fatal(err)
	}
	_ = r.Body.Close()
	if r.StatusCode != http.StatusOK {
		t.Errorf("GET %s: %d", telemetry.LevelPath, r.StatusCode)
	}
	if err := d.stop(); err != nil {
		t.Fatal(err)
	}
	if got := d.out.String(); !strings.Contains(got, names.EventStarted) || !strings.Contains(got, names.EventStopping) {
		t.Errorf("log:\n%s", got)
	}
}

// daemon is a running program.
type daemon struct {
	out  *buffer
	stop func() error // SIGTERM, then how it ended
	ops  string
}

func start(t *testing.T, args ...string) *daemon {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	d := &daemon{out: &buffer{}}
	ended := make(chan error, 1)
	go func() {
		ended <- runDaemon(ctx, append([]string{"--ops-addr", "127.0.0.1:0"}, args...), func(string) string { return "" }, d.out)
	}()
	d.stop = sync.OnceValue(func() error {
		cancel()
		select {
		case err := <-ended:
			return err
		case <-time.After(10 * time.Second):
			return fmt.Errorf("did not stop")
		}
	})
	t.Cleanup(func() { _ = d.stop() })
	wait(t, time.Minute, "the daemon's start", func() bool {
		select {
		case err := <-ended:
			t.Fatalf("ended at once: %v\n%s", err, d.out)
		default:
		}
		_, after, ok := strings.Cut(d.out.String(), `"jari.ops.addr":"`)
		d.ops, _, _ = strings.Cut(after, `"`)
		return ok
	})
	wait(t, 10*time.Second, "readiness", func() bool {
		r, err := http.Get("http://" + d.ops + "/readyz")
		if err != nil {
			return false
		}
		_ = r.Body.Close()
		return r.StatusCode == http.StatusOK
	})
	return d
}

// traffic is a diner every 50 ms, until stopped.
func traffic(lines *indicatortest.AccessLog, status int) (sent *atomic.Int32, stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	sent = new(atomic.Int32)
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			lines.AddBooking(time.Now(), status, strings.ToLower(rand.Text()), nil)
			sent.Add(1)
			select {
			case <-ctx.Done():
			case <-time.After(50 * time.Millisecond):
			}
		}
	}()
	return sent, func() { cancel(); <-done }
}

func secret(t *testing.T, s string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte(s+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// jsonText is how s stands inside a JSON string.
func jsonText(s string) string {
	b, _ := json.Marshal(s)
	return string(b[1 : len(b)-1])
}

func wait(t *testing.T, limit time.Duration, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(limit); !ok(); {
		if time.Now().After(deadline) {
			t.Fatalf("waited %s for %s", limit, what)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}
