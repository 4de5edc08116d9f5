package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"jari.example/alerting/indicator/indicatortest"
	"jari.example/alerting/slack/slacktest"
	"jari.example/internal/postgres/postgrestest"
	"jari.example/internal/serve/servetest"
	"jari.example/internal/wait"
	"jari.example/telemetry"
	"jari.example/telemetry/names"
)

// The whole program with a real OpenSearch and a real PostgreSQL: bookings fail
// and one message is posted; they succeed again and that message is updated.
func TestPostsOneMessageAndUpdatesItWhenResolved(t *testing.T) {
	t.Parallel()
	accessLog := indicatortest.New(t)
	database := postgrestest.Database(t)
	slack := slacktest.Start(t)
	d := start(t, "--database-url", database, "--opensearch-url", accessLog.Server, "--log-index", accessLog.Index,
		"--slack-url", slack.URL, "--slack-token-file", tokenFile(t, slacktest.Token),
		// 1 h is 12 s, 5 min 1 s; 6 h is 72 s and 30 min 6 s.
		"--time-scale", "300")

	sent, stop := traffic(accessLog, 201)
	waitFor(t, time.Minute, "some good bookings", func() bool { return sent.Load() > 20 })
	stop()
	if n := len(slack.Messages()); n > 0 {
		t.Fatalf("%d messages without a failure: %+v", n, slack.Messages())
	}

	_, stop = traffic(accessLog, 503)
	message := func() slacktest.Message { return slack.Messages()[0] }
	waitFor(t, time.Minute, "a message", func() bool { return len(slack.Messages()) > 0 })
	stop()
	for _, want := range []string{
		"/runbooks/booking-availability|", "/dashboards/bookings-right-now?from=", "|Example trace 2",
		"booking attempts fail", "windows ÷300", "error budget", "kr (",
	} {
		if !strings.Contains(message().Blocks, jsonText(want)) {
			t.Errorf("the message lacks %q:\n%s", want, message().Blocks)
		}
	}

	_, stop = traffic(accessLog, 409)
	waitFor(t, time.Minute, "the message to be resolved", func() bool { return strings.Contains(message().Text, "Resolved") })
	stop()
	waitFor(t, 30*time.Second, "the last note in the thread", func() bool { return len(slack.Messages()) == 3 })
	for _, m := range slack.Messages()[1:] {
		if m.ThreadTS != message().TS {
			t.Errorf("a message outside the incident's thread: %+v", m)
		}
	}
	if err := d.Stop(); err != nil {
		t.Errorf("stop: %v", err)
	}
	if strings.Contains(d.log.String(), slacktest.Token) {
		t.Error("the token was logged")
	}
}

func TestAnotherReplicaContinuesAnIncident(t *testing.T) {
	t.Parallel()
	accessLog := indicatortest.New(t)
	database := postgrestest.Database(t)
	slack := slacktest.Start(t)
	replica := func() *running {
		return start(t, "--database-url", database, "--opensearch-url", accessLog.Server, "--log-index", accessLog.Index,
			"--slack-url", slack.URL, "--slack-token-file", tokenFile(t, slacktest.Token), "--time-scale", "300")
	}
	holdsLease := func(r *running) bool { return strings.Contains(r.log.String(), "lease acquired") }
	first := replica()
	waitFor(t, time.Minute, "the first to acquire the lease", func() bool { return holdsLease(first) })
	second := replica()
	_, stop := traffic(accessLog, 503)
	waitFor(t, time.Minute, "the message and its note", func() bool { return len(slack.Messages()) == 2 })
	if holdsLease(second) {
		t.Error("both acquired the lease")
	}
	if err := first.Stop(); err != nil {
		t.Error(err)
	}
	waitFor(t, time.Minute, "the second to acquire the lease", func() bool { return holdsLease(second) })
	stop()
	_, stop = traffic(accessLog, 201)
	waitFor(t, time.Minute, "the note that it is resolved", func() bool { return len(slack.Messages()) == 3 })
	stop()
	if m := slack.Messages(); !strings.Contains(m[0].Text, "Resolved") || m[2].ThreadTS != m[0].TS {
		t.Errorf("messages: %+v", m)
	}
}

func TestAnIncidentStaysOpenWithoutTelemetry(t *testing.T) {
	t.Parallel()
	accessLog := indicatortest.New(t)
	slack := slacktest.Start(t)
	d := start(t, "--opensearch-url", accessLog.Server, "--log-index", accessLog.Index,
		"--slack-url", slack.URL, "--slack-token-file", tokenFile(t, slacktest.Token), "--time-scale", "600")
	_, stop := traffic(accessLog, 500)
	waitFor(t, time.Minute, "a message", func() bool { return len(slack.Messages()) > 1 })
	stop()
	accessLog.Remove()
	waitFor(t, 30*time.Second, "a failed tick", func() bool { return strings.Contains(d.log.String(), names.EventTickFailed) })
	// Far longer than both short windows: 0.5 s and 3 s.
	time.Sleep(5 * time.Second)
	if m := slack.Messages()[0]; strings.Contains(m.Text, "Resolved") {
		t.Errorf("resolved without telemetry: %s", m.Text)
	}
}

func TestRunsWithoutAnyFlags(t *testing.T) {
	t.Parallel()
	d := start(t)
	if status, body := get(t, d.OpsURL+telemetry.LevelPath); status != http.StatusOK {
		t.Errorf("GET %s: %d %s", telemetry.LevelPath, status, body)
	}
	if err := d.Stop(); err != nil {
		t.Fatal(err)
	}
	if got := d.log.String(); !strings.Contains(got, names.EventStarted) || !strings.Contains(got, names.EventStopping) {
		t.Errorf("log:\n%s", got)
	}
}

// running is a daemon and its log.
type running struct {
	servetest.Running
	log *buffer
}

func start(t *testing.T, args ...string) *running {
	t.Helper()
	return startLogged(t, &buffer{}, args...)
}

// startLogged copies the log of the daemon to log, from the beginning on.
func startLogged(t *testing.T, log *buffer, args ...string) *running {
	t.Helper()
	logged := func(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) error {
		return run(ctx, args, getenv, io.MultiWriter(log, stdout), stderr)
	}
	return &running{log: log, Running: servetest.StartWorker(t, logged, args...)}
}

// traffic logs one booking every 50 ms until stop is called.
func traffic(accessLog *indicatortest.AccessLog, status int) (sent *atomic.Int32, stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	sent = new(atomic.Int32)
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			accessLog.AddBooking(time.Now(), status, strings.ToLower(rand.Text()), nil)
			sent.Add(1)
			_ = wait.For(ctx, 50*time.Millisecond)
		}
	}()
	return sent, func() { cancel(); <-done }
}

func get(t *testing.T, url string) (status int, body string) {
	t.Helper()
	res, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(b)
}

func tokenFile(t *testing.T, token string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte(token+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// jsonText is s as it appears inside a JSON string.
func jsonText(s string) string {
	b, _ := json.Marshal(s)
	return string(b[1 : len(b)-1])
}

func waitFor(t *testing.T, limit time.Duration, what string, ok func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	if wait.Until(ctx, 20*time.Millisecond, ok) != nil {
		t.Fatalf("waited %s for %s", limit, what)
	}
}

// buffer is a bytes.Buffer that is safe for concurrent use.
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
