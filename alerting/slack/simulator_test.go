package slack_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"jari.example/alerting/inmem"
	"jari.example/alerting/notify"
	"jari.example/alerting/slack"
	"jari.example/alerting/slack/slacktest"
	"jari.example/internal/secret"
	"jari.example/internal/wait"
	"jari.example/telemetry/names/realpart"
)

// simulator is the Slack workspace of the local system.
type simulator struct {
	t   *testing.T
	url string
}

func newSimulator(t *testing.T) (simulator, secret.String) {
	s := simulator{t, strings.TrimRight(realpart.Need(t, realpart.Slack), "/")}
	token, err := os.ReadFile(realpart.Need(t, realpart.SlackToken))
	if err != nil {
		t.Fatal(err)
	}
	return s, secret.New(strings.TrimSpace(string(token)))
}

func (s simulator) fail(fault map[string]any) {
	s.t.Helper()
	body, err := json.Marshal(fault)
	if err != nil {
		s.t.Fatal(err)
	}
	r, err := http.Post(s.url+"/control/faults", "application/json", bytes.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	_ = r.Body.Close()
	if r.StatusCode != http.StatusOK {
		s.t.Fatalf("faults: %s", r.Status)
	}
}

// messagesOf lists the messages of one incident.
func (s simulator) messagesOf(id string) (found []slacktest.Message) {
	s.t.Helper()
	r, err := http.Get(s.url + "/control/messages?channel=incidents")
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = r.Body.Close() }()
	var all struct{ Messages []slacktest.Message }
	if err := json.NewDecoder(r.Body).Decode(&all); err != nil {
		s.t.Fatal(err)
	}
	for _, m := range all.Messages {
		if m.Metadata.EventPayload["incident_id"] == id {
			found = append(found, m)
		}
	}
	return found
}

// The same faults as in relay_test.go, with a server that was written from
// Slack's reference and not beside this code.
func TestDeliversExactlyOnceToTheSimulator(t *testing.T) {
	s, token := newSimulator(t)
	id := "test-" + rand.Text()
	s.fail(map[string]any{"method": "chat.postMessage", "rate_limit": 1, "drop_reply": 1})
	s.fail(map[string]any{"method": "chat.update", "error": 1, "drop_reply": 1})

	t.Cleanup(func() {
		s.fail(map[string]any{"method": "chat.postMessage"})
		s.fail(map[string]any{"method": "chat.update"})
	})

	f := &fixture{Store: inmem.New()}
	f.term, _, _ = f.Acquire(t.Context(), "me", time.Hour)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel()
	relay := newRelay(f, slack.Config{
		URL: s.url + "/api/", Token: token, Channels: channels,
		HTTP: &http.Client{Timeout: 10 * time.Second}, Links: links,
	}, func(_ context.Context, _ notify.Delivery, err error) {
		if err != nil {
			t.Log(err)
		}
	})
	running.Go(func() { relay.Run(ctx, f.term) })

	i := f.open(t, id)
	waitFor(t, func() bool { return len(s.messagesOf(id)) == 2 })
	f.resolve(t, i)
	waitFor(t, func() bool {
		m := s.messagesOf(id)
		return len(m) == 3 && strings.Contains(m[0].Text, "Resolved")
	})
	if m := s.messagesOf(id); m[1].ThreadTS != m[0].TS || m[2].ThreadTS != m[0].TS {
		t.Errorf("messages %+v", m)
	}
}

func waitFor(t *testing.T, ok func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if wait.Until(ctx, 100*time.Millisecond, ok) != nil {
		t.Fatal("the messages did not arrive within a minute")
	}
}
