package main

import (
	"bytes"
	"context"
	"crypto/rand"
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
	accessLog, slack := indicatortest.New(t), slacktest.Start(t)
	d := startAlerting(t, accessLog, slack, "--database-url", postgrestest.Database(t))
	heartbeats(t, accessLog)

	sent, stop := traffic(t, accessLog, 201)
	waitFor(t, time.Minute, "some good bookings", func() bool { return sent.Load() > 20 })
	stop()
	if n := len(slack.Messages()); n > 0 {
		t.Fatalf("%d messages without a failure: %+v", n, slack.Messages())
	}

	_, stop = traffic(t, accessLog, 503)
	message := func() slacktest.Message { return slack.Messages()[0] }
	waitFor(t, time.Minute, "a message", func() bool { return len(slack.Messages()) > 0 })
	stop()
	// On a busy machine it is found after the message has been posted.
	const line = "serviceName=gateway http.route=/v1/reservations http.response.status_code=503"
	waitFor(t, time.Minute, "its evidence", func() bool { return strings.Contains(message().Shown(), line) })
	for _, want := range []string{
		"/runbooks/booking-availability)", "/dashboards/bookings-right-now?from=", "[Example trace 2](",
		"booking attempts fail", "windows ÷300", "error budget", "budget known since", "kr (",
	} {
		if !strings.Contains(message().Shown(), want) {
			t.Errorf("the message lacks %q:\n%s", want, message().Shown())
		}
	}

	_, stop = traffic(t, accessLog, 409)
	waitFor(t, time.Minute, "the message to be resolved", func() bool { return strings.Contains(message().Text, "Resolved") })
	stop()
	waitFor(t, 30*time.Second, "the last note in the thread", func() bool { return len(slack.Messages()) == 3 })
	waitFor(t, time.Minute, "the chart of its end", func() bool {
		return strings.Contains(message().Shown(), "[image: Chart of the share of bad booking attempts per ") &&
			strings.Contains(message().Shown(), ". Ended ")
	})
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
	accessLog, slack := indicatortest.New(t), slacktest.Start(t)
	database := postgrestest.Database(t)
	replica := func() *running { return startAlerting(t, accessLog, slack, "--database-url", database) }
	heartbeats(t, accessLog)
	holdsLease := func(r *running) bool { return strings.Contains(r.log.String(), "lease acquired") }
	first := replica()
	waitFor(t, time.Minute, "the first to acquire the lease", func() bool { return holdsLease(first) })
	second := replica()
	_, stop := traffic(t, accessLog, 503)
	waitFor(t, time.Minute, "the message and its note", func() bool { return len(slack.Messages()) == 2 })
	if holdsLease(second) {
		t.Error("both acquired the lease")
	}
	if err := first.Stop(); err != nil {
		t.Error(err)
	}
	waitFor(t, time.Minute, "the second to acquire the lease", func() bool { return holdsLease(second) })
	stop()
	_, stop = traffic(t, accessLog, 201)
	waitFor(t, time.Minute, "the note that it is resolved", func() bool { return len(slack.Messages()) == 3 })
	stop()
	if m := slack.Messages(); !strings.Contains(m[0].Text, "Resolved") || m[2].ThreadTS != m[0].TS {
		t.Errorf("messages: %+v", m)
	}
}

// The agent's heartbeats end while bookings fail: that is an alert of its own,
// /readyz says so, and no incident resolves by lines that still arrive.
func TestWithoutHeartbeatsNothingResolvesAndOnCallHears(t *testing.T) {
	t.Parallel()
	accessLog, slack := indicatortest.New(t), slacktest.Start(t)
	d := startAlerting(t, accessLog, slack)
	stopHeartbeats := heartbeats(t, accessLog)
	_, stop := traffic(t, accessLog, 500)
	waitFor(t, time.Minute, "a message", func() bool { return len(slack.Messages()) > 1 })
	stopHeartbeats()
	ready := func() (int, string) { return get(t, d.OpsURL+"/readyz") }
	waitFor(t, 3*time.Minute, "/readyz to fail", func() bool { status, _ := ready(); return status == http.StatusServiceUnavailable })
	if _, reason := ready(); !strings.Contains(reason, "Telemetry is blind (ap-northeast-2)") {
		t.Errorf("/readyz gives the reason %s", reason)
	}
	stop()
	traffic(t, accessLog, 201)
	booking := func() slacktest.Message { return slack.Messages()[0] }
	waitFor(t, time.Minute, "the message to say that it is calm, and frozen", func() bool {
		shown := booking().Shown()
		return strings.Contains(shown, "Calm at present") && strings.Contains(shown, "*Frozen*: Telemetry is blind")
	})
	waitFor(t, time.Minute, "the alert", func() bool { return len(withHeadline(slack, "🔴 Telemetry is blind")) == 1 })
	if strings.Contains(booking().Text, "Resolved") {
		t.Errorf("resolved while blind: %s", booking().Text)
	}
	heartbeats(t, accessLog)
	waitFor(t, time.Minute, "both to be resolved", func() bool { return len(withHeadline(slack, "✅ Resolved")) == 2 })
	waitFor(t, time.Minute, "/readyz to succeed", func() bool { status, _ := ready(); return status == http.StatusOK })
	for _, event := range []string{names.EventBlind, names.EventBlindEnded} {
		if !strings.Contains(d.log.String(), `"`+event+`"`) {
			t.Errorf("the log has no line of %s", event)
		}
	}
}

func TestAnIncidentStaysOpenWithoutAnyTelemetry(t *testing.T) {
	t.Parallel()
	accessLog, slack := indicatortest.New(t), slacktest.Start(t)
	d := startAlerting(t, accessLog, slack)
	_, stop := traffic(t, accessLog, 500)
	waitFor(t, time.Minute, "a message", func() bool { return len(slack.Messages()) > 1 })
	stop()
	accessLog.Remove()
	waitFor(t, time.Minute, "a failed tick", func() bool { return strings.Contains(d.log.String(), names.EventTickFailed) })
	waitFor(t, time.Minute, "the message to say that it is frozen", func() bool {
		return strings.Contains(slack.Messages()[0].Shown(), "*Frozen*: no telemetry")
	})
	if m := slack.Messages()[0]; strings.Contains(m.Text, "Resolved") {
		t.Errorf("resolved without telemetry: %s", m.Text)
	}
	if status, reason := get(t, d.OpsURL+"/readyz"); status != http.StatusServiceUnavailable || !strings.Contains(reason, "no telemetry") {
		t.Errorf("/readyz: %d %s", status, reason)
	}
}

func TestSilenceDoesNotResolveAndAFaultThatReturnsIsTheSameIncident(t *testing.T) {
	t.Parallel()
	accessLog, slack := indicatortest.New(t), slacktest.Start(t)
	// Half an hour, within which an incident is reopened, is 30 s.
	d := startAlerting(t, accessLog, slack, "--time-scale", "60")
	heartbeats(t, accessLog)
	message := func() slacktest.Message { return slack.Messages()[0] }
	_, stop := traffic(t, accessLog, 500)
	waitFor(t, time.Minute, "a message", func() bool { return len(slack.Messages()) > 1 })
	stop()
	waitFor(t, 2*time.Minute, "the message to say that nobody tries", func() bool {
		return strings.Contains(message().Shown(), "*No booking attempts since ")
	})
	if strings.Contains(message().Text, "Resolved") {
		t.Errorf("silence has resolved it: %s", message().Text)
	}
	_, stop = traffic(t, accessLog, 201)
	waitFor(t, time.Minute, "the incident to be resolved", func() bool {
		return strings.Contains(d.log.String(), `"`+names.EventIncidentResolved+`"`)
	})
	stop()
	_, stop = traffic(t, accessLog, 500)
	waitFor(t, time.Minute, "the note that it was reopened", func() bool {
		all := slack.Messages()
		return strings.Contains(all[len(all)-1].Text, "Reopened")
	})
	stop()
	if n := len(withHeadline(slack, "Bookings are failing")); n != 1 || strings.Contains(message().Text, "Resolved") {
		t.Errorf("%d messages, the first is %s", n, message().Text)
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
	return &running{log: log, Running: servetest.Start(t, logged, args...)}
}

// startAlerting starts a daemon with the objectives of testdata. With the time scale
// 300, an hour is 12 s, 5 min are 1 s, 6 h are 72 s and 30 min are 6 s.
func startAlerting(t *testing.T, accessLog *indicatortest.AccessLog, slack *slacktest.Server, args ...string) *running {
	t.Helper()
	return start(t, append([]string{
		"--slo-dir", "testdata/objectives", "--time-scale", "300",
		"--opensearch-url", accessLog.Server, "--log-index", accessLog.Index,
		"--slack-url", slack.URL, "--slack-token-file", tokenFile(t, slacktest.Token), "--digest-at", digestOff,
	}, args...)...)
}

// withHeadline are the messages whose text has this in it, without replies.
func withHeadline(slack *slacktest.Server, headline string) (found []slacktest.Message) {
	for _, m := range slack.Messages() {
		if m.ThreadTS == "" && strings.Contains(m.Text, headline) {
			found = append(found, m)
		}
	}
	return found
}

// heartbeats logs one heartbeat of the agent every 200 ms until stop is called.
func heartbeats(t *testing.T, accessLog *indicatortest.AccessLog) (stop func()) {
	return repeat(t, 200*time.Millisecond, func() {
		accessLog.Add(map[string]any{
			names.DocTime: time.Now().UTC().Format(time.RFC3339Nano), names.EventName: "heartbeat", names.CloudRegion: names.Regions["kr"],
		})
	})
}

// repeat calls f in this interval until stop is called, or the test ends.
func repeat(t *testing.T, interval time.Duration, f func()) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			f()
			_ = wait.For(ctx, interval)
		}
	}()
	stop = func() { cancel(); <-done }
	t.Cleanup(stop)
	return stop
}

// traffic logs one booking every 50 ms until stop is called.
func traffic(t *testing.T, accessLog *indicatortest.AccessLog, status int) (sent *atomic.Int32, stop func()) {
	sent = new(atomic.Int32)
	return sent, repeat(t, 50*time.Millisecond, func() {
		accessLog.AddBooking(time.Now(), status, strings.ToLower(rand.Text()), nil)
		sent.Add(1)
	})
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

func TestTaskMigrateMakesTheSchemaAndEnds(t *testing.T) { postgrestest.Migrates(t, run) }
