package slack_test

import (
	"context"
	"crypto/rand"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"jari.example/alerting/inmem"
	"jari.example/alerting/notify"
	"jari.example/alerting/slack"
	"jari.example/alerting/slack/slacktest"
	"jari.example/internal/wait"
)

// The same faults as in relay_test.go, with a server that was written from
// Slack's reference and not beside this code.
func TestDeliversExactlyOnceToTheSimulator(t *testing.T) {
	s := slacktest.NewSimulator(t)
	id := "test-" + rand.Text()
	s.Fail("chat.postMessage", map[string]any{"rate_limit": 1, "drop_reply": 1})
	s.Fail("chat.update", map[string]any{"error": 1, "drop_reply": 1})

	f := &fixture{Store: inmem.New()}
	f.term, _, _ = f.Acquire(t.Context(), "me", time.Hour)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel()
	relay := newRelay(f, slack.Config{
		URL: s.URL + "/api/", Token: s.Token, Channels: channels,
		HTTP: &http.Client{Timeout: 10 * time.Second}, Links: links,
	}, func(_ context.Context, _ notify.Delivery, err error) {
		if err != nil {
			t.Log(err)
		}
	})
	running.Go(func() { relay.Run(ctx, f.term) })

	i := f.open(t, id)
	waitFor(t, func() bool { return len(s.MessagesOf(id)) == 2 })
	f.resolve(t, i)
	waitFor(t, func() bool {
		m := s.MessagesOf(id)
		return len(m) == 3 && strings.Contains(m[0].Text, "Resolved")
	})
	if m := s.MessagesOf(id); m[1].ThreadTS != m[0].TS || m[2].ThreadTS != m[0].TS {
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
