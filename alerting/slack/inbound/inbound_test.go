package inbound_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"jari.example/alerting/incident"
	"jari.example/alerting/slack"
	"jari.example/alerting/slack/inbound"
	"jari.example/internal/secret"
)

const signingSecret = "a signing secret"

// responder records what was done. It knows the incidents in open.
type responder struct {
	open        []incident.Incident
	calls       []string
	transitions int // changes of an incident
	err         error
	wait        bool // until the context ends
}

func (r *responder) act(ctx context.Context, id, call string, change func(*incident.Incident) bool) (incident.Incident, error) {
	r.calls = append(r.calls, call)
	if r.wait {
		<-ctx.Done()
		return incident.Incident{}, ctx.Err()
	}
	if r.err != nil {
		return incident.Incident{}, r.err
	}
	for n := range r.open {
		if r.open[n].ID == id {
			if change(&r.open[n]) {
				r.transitions++
			}
			return r.open[n], nil
		}
	}
	return incident.Incident{}, fmt.Errorf("get it: %w", incident.ErrNotFound)
}

func (r *responder) Acknowledge(ctx context.Context, id string, by incident.Actor) (incident.Incident, error) {
	return r.act(ctx, id, fmt.Sprintf("acknowledge %s by %s %s", id, by.ID, by.Name), func(i *incident.Incident) bool {
		same := i.Response.Assignee == by.Name
		i.Response.Assignee, i.Response.AcknowledgedAt = by.Name, time.Now()
		return !same
	})
}

func (r *responder) Silence(ctx context.Context, id string, by incident.Actor, until time.Time, _ string) (incident.Incident, error) {
	length := "until it resolves"
	if !until.IsZero() {
		length = "for " + time.Until(until).String()
	}
	return r.act(ctx, id, fmt.Sprintf("silence %s %s by %s", id, length, by.ID), func(*incident.Incident) bool { return true })
}

func (r *responder) NotUseful(ctx context.Context, id string, by incident.Actor) (incident.Incident, error) {
	return r.act(ctx, id, fmt.Sprintf("not useful %s by %s", id, by.ID), func(*incident.Incident) bool { return true })
}

func (r *responder) Open(ctx context.Context) ([]incident.Incident, error) {
	if r.wait {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return r.open, r.err
}

// fixture is a handler with what it reaches.
type fixture struct {
	inbound.Config
	responder *responder
	ephemeral []string
	reports   []string
}

func newFixture(open ...string) *fixture {
	f := &fixture{responder: &responder{}}
	for _, id := range open {
		f.responder.open = append(f.responder.open, incident.Incident{ID: id, Rule: "rule-of-" + id, StartedAt: time.Unix(0, 0),
			Facts: incident.Facts{Title: "It *fails* <!channel>"}})
	}
	f.Config = inbound.Config{
		SigningSecret: secret.New(signingSecret), Responder: f.responder, Replays: &inbound.Memory{Now: time.Now}, Now: time.Now,
		Ephemeral: func(_ context.Context, channel, user, text string) error {
			f.ephemeral = append(f.ephemeral, channel+" "+user+" "+text)
			return nil
		},
		Report: func(_ context.Context, err error) { f.reports = append(f.reports, err.Error()) },
	}
	return f
}

func (f *fixture) serve(r *http.Request) (status int, body string) {
	w := httptest.NewRecorder()
	inbound.New(f.Config).ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

// signed is a request with this body that Slack signs at that time.
func signed(body string, at time.Time) *http.Request {
	stamp := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(signingSecret))
	fmt.Fprintf(mac, "v0:%s:%s", stamp, body)
	r := httptest.NewRequest(http.MethodPost, "/slack", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("X-Slack-Request-Timestamp", stamp)
	r.Header.Set("X-Slack-Signature", "v0="+hex.EncodeToString(mac.Sum(nil)))
	return r
}

// button is the body for a pressed button.
func button(user, action, value string) string {
	b, _ := json.Marshal(map[string]any{
		"type": "block_actions", "user": map[string]string{"id": user, "username": "minsu"}, "channel": map[string]string{"id": "C0INC"},
		"actions": []any{map[string]string{"action_id": action, "value": value, "type": "button"}},
	})
	return url.Values{"payload": {string(b)}}.Encode()
}

// command is the body for the slash command.
func command(user, text string) string {
	return url.Values{"command": {"/jari"}, "text": {text}, "user_id": {user}, "user_name": {"minsu"}, "channel_id": {"C0INC"}}.Encode()
}

func TestAButtonDoesWhatItSays(t *testing.T) {
	for action, want := range map[string]string{
		slack.ActionAcknowledge:         "acknowledge i-1 by U1 minsu",
		slack.ActionSilenceHour:         "silence i-1 for 1h0m0s by U1",
		slack.ActionSilenceUntilResolve: "silence i-1 until it resolves by U1",
		slack.ActionNotUseful:           "not useful i-1 by U1",
	} {
		t.Run(action, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFixture("i-1")
				status, body := f.serve(signed(button("U1", action, "i-1"), time.Now()))
				if status != http.StatusOK || body != "" || fmt.Sprint(f.responder.calls) != "["+want+"]" || f.responder.transitions != 1 {
					t.Errorf("%d %q, calls %q", status, body, f.responder.calls)
				}
			})
		})
	}
}

func TestADoubleClickIsTwoRequestsAndOneTransition(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture("i-1")
		for range 2 {
			if status, body := f.serve(signed(button("U1", slack.ActionAcknowledge, "i-1"), time.Now())); status != http.StatusOK || body != "" {
				t.Errorf("%d %q", status, body)
			}
			time.Sleep(time.Second) // of the fake clock; Slack's stamps have whole seconds
		}
		if len(f.responder.calls) != 2 || f.responder.transitions != 1 {
			t.Errorf("%d transitions by %q", f.responder.transitions, f.responder.calls)
		}
	})
}

func TestACopyOfARequestIsAnsweredAndNotCarriedOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture("i-1")
		other := *f // another replica, with the same replay store
		at, body := time.Now(), button("U1", slack.ActionNotUseful, "i-1")
		for _, replica := range []*fixture{f, &other, f} {
			if status, _ := replica.serve(signed(body, at)); status != http.StatusOK {
				t.Errorf("status %d", status)
			}
		}
		upper := signed(body, at)
		upper.Header.Set("X-Slack-Signature", "v0="+strings.ToUpper(strings.TrimPrefix(upper.Header.Get("X-Slack-Signature"), "v0=")))
		if status, _ := f.serve(upper); status != http.StatusOK {
			t.Errorf("in upper case: status %d", status)
		}
		if len(f.responder.calls) != 1 {
			t.Errorf("carried out %d times", len(f.responder.calls))
		}
		// While the request would be accepted, it is remembered.
		time.Sleep(5 * time.Minute)
		if status, _ := f.serve(signed(body, at)); status != http.StatusOK || len(f.responder.calls) != 1 {
			t.Errorf("at the end of the window: status %d, %d calls", status, len(f.responder.calls))
		}
	})
}

func TestARequestThatSlackHasNotJustSignedIsRejected(t *testing.T) {
	body := button("U1", slack.ActionAcknowledge, "i-1")
	for name, r := range map[string]func() *http.Request{
		"forged": func() *http.Request {
			return with(signed(body, time.Now()), "X-Slack-Signature", "v0="+strings.Repeat("0", 64))
		},
		"of another body":    func() *http.Request { return of(signed(body, time.Now()), body+"&x=1") },
		"of another time":    func() *http.Request { return with(signed(body, time.Now()), "X-Slack-Request-Timestamp", "1") },
		"not hexadecimal":    func() *http.Request { return with(signed(body, time.Now()), "X-Slack-Signature", "v0=xyz") },
		"of another version": func() *http.Request { return with(signed(body, time.Now()), "X-Slack-Signature", "v1=00") },
		"no signature":       func() *http.Request { return with(signed(body, time.Now()), "X-Slack-Signature", "") },
		"no time":            func() *http.Request { return with(signed(body, time.Now()), "X-Slack-Request-Timestamp", "") },
		"stale":              func() *http.Request { return signed(body, time.Now().Add(-5*time.Minute-time.Second)) },
		"from the future":    func() *http.Request { return signed(body, time.Now().Add(5*time.Minute+time.Second)) },
		"the time is too long": func() *http.Request {
			return with(signed(body, time.Now()), "X-Slack-Request-Timestamp", strings.Repeat("9", 40))
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFixture("i-1")
				status, reason := f.serve(r())
				if status != http.StatusUnauthorized || !strings.Contains(reason, "signature") || len(f.responder.calls) > 0 || len(f.reports) != 1 {
					t.Errorf("%d %q, calls %q", status, reason, f.responder.calls)
				}
			})
		})
	}
	// The negative control: as old as is allowed.
	synctest.Test(t, func(t *testing.T) {
		f := newFixture("i-1")
		if status, reason := f.serve(signed(body, time.Now().Add(-5*time.Minute))); status != http.StatusOK || len(f.responder.calls) != 1 {
			t.Errorf("%d %q", status, reason)
		}
	})
	f := newFixture("i-1")
	f.SigningSecret = secret.New("")
	if status, _ := f.serve(signed(body, time.Now())); status != http.StatusUnauthorized {
		t.Errorf("without a secret: %d", status)
	}
}

func with(r *http.Request, header, value string) *http.Request { r.Header.Set(header, value); return r }

func of(r *http.Request, body string) *http.Request {
	r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
	return r
}

func TestAMalformedRequestIsRejectedWithAReason(t *testing.T) {
	payload := func(s string) string { return url.Values{"payload": {s}}.Encode() }
	for name, c := range map[string]struct{ body, reason string }{
		"not a form":            {"%zz", "not a form"},
		"empty":                 {"", "neither"},
		"something else":        {"event=x", "neither"},
		"not JSON":              {payload("{"), "not JSON"},
		"another type":          {payload(`{"type":"view_submission"}`), "view_submission"},
		"no action":             {payload(`{"type":"block_actions","user":{"id":"U1"},"channel":{"id":"C1"}}`), "0 actions"},
		"two actions":           {payload(`{"type":"block_actions","actions":[{},{}]}`), "2 actions"},
		"an action without id":  {payload(`{"type":"block_actions","actions":[{"value":"i-1"}]}`), "no action_id"},
		"no value":              {payload(`{"type":"block_actions","actions":[{"action_id":"acknowledge"}]}`), "no value"},
		"no user":               {button("", slack.ActionAcknowledge, "i-1"), "the user"},
		"a user of wrong form":  {button("U1> <!channel", slack.ActionAcknowledge, "i-1"), "the user"},
		"a command of no user":  {command("", "status"), "the user"},
		"an action not ours":    {button("U1", "delete_everything", "i-1"), `"delete_everything" is not known`},
		"fields of other types": {payload(`{"type":5,"actions":"x"}`), "not JSON of the expected form"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture("i-1")
			status, reason := f.serve(signed(c.body, time.Now()))
			if status != http.StatusBadRequest || !strings.Contains(reason, c.reason) || len(f.responder.calls) > 0 || len(f.reports) != 1 {
				t.Errorf("%d %q, calls %q, reports %q", status, reason, f.responder.calls, f.reports)
			}
		})
	}
	f := newFixture()
	if status, _ := f.serve(httptest.NewRequest(http.MethodGet, "/slack", nil)); status != http.StatusMethodNotAllowed {
		t.Errorf("GET: %d", status)
	}
}

// counting counts what is read.
type counting struct {
	io.Reader
	read int
}

func (c *counting) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.read += n
	return n, err
}

func TestABodyOverTheLimitIsRejectedWithoutReadingItAll(t *testing.T) {
	for name, length := range map[string]int64{"with its length": 8 << 20, "of unknown length": -1} {
		t.Run(name, func(t *testing.T) {
			body := &counting{Reader: strings.NewReader(strings.Repeat("x", 8<<20))}
			r := signed("", time.Now())
			r.Body, r.ContentLength = io.NopCloser(body), length
			f := newFixture("i-1")
			if status, reason := f.serve(r); status != http.StatusRequestEntityTooLarge || !strings.Contains(reason, "1 MiB") {
				t.Errorf("%d %q", status, reason)
			}
			if body.read > 1<<20+1 || length > 0 && body.read > 0 {
				t.Errorf("%d bytes were read", body.read)
			}
		})
	}
}

func TestOnlyThoseWhoAreAllowedMayAct(t *testing.T) {
	f := newFixture("i-1")
	f.Allowed = []string{"U1", "U2"}
	status, body := f.serve(signed(button("U9", slack.ActionAcknowledge, "i-1"), time.Now()))
	if status != http.StatusOK || body != "" || len(f.ephemeral) != 1 || !strings.HasPrefix(f.ephemeral[0], "C0INC U9 You may not") {
		t.Errorf("a button: %d %q, ephemeral %q", status, body, f.ephemeral)
	}
	for _, text := range []string{"ack i-1", "status"} {
		status, body = f.serve(signed(command("U9", text), time.Now()))
		if status != http.StatusOK || !strings.Contains(body, `"ephemeral"`) || !strings.Contains(body, "You may not") {
			t.Errorf("%s: %d %q", text, status, body)
		}
	}
	if len(f.responder.calls) > 0 {
		t.Errorf("calls %q", f.responder.calls)
	}
	status, _ = f.serve(signed(button("U2", slack.ActionAcknowledge, "i-1"), time.Now()))
	if status != http.StatusOK || len(f.responder.calls) != 1 {
		t.Errorf("somebody who is allowed: %d, calls %q", status, f.responder.calls)
	}
}

func TestAButtonOfAnUnknownIncidentIsExplained(t *testing.T) {
	f := newFixture()
	status, body := f.serve(signed(button("U1", slack.ActionAcknowledge, "i-9"), time.Now()))
	if status != http.StatusOK || body != "" || len(f.ephemeral) != 1 || !strings.Contains(f.ephemeral[0], "no such incident") {
		t.Errorf("%d %q, ephemeral %q", status, body, f.ephemeral)
	}
	f.Ephemeral = func(context.Context, string, string, string) error { return errors.New("slack is down") }
	if status, _ = f.serve(signed(button("U1", slack.ActionNotUseful, "i-9"), time.Now())); status != http.StatusOK || len(f.reports) != 1 {
		t.Errorf("when it cannot be explained: %d, reports %q", status, f.reports)
	}
}

func TestAnActionThatFailsOrTakesTooLongIsUnavailable(t *testing.T) {
	for name, body := range map[string]string{
		"a button": button("U1", slack.ActionAcknowledge, "i-1"), "ack": command("U1", "ack i-1"), "status": command("U1", "status"),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFixture("i-1")
				f.responder.err = errors.New("password=hunter2 refused")
				status, reason := f.serve(signed(body, time.Now()))
				if status != http.StatusServiceUnavailable || strings.Contains(reason, "hunter2") ||
					!strings.Contains(fmt.Sprint(f.reports), "hunter2") {
					t.Errorf("a failure: %d %q, reports %q", status, reason, f.reports)
				}
				f = newFixture("i-1")
				f.responder.wait = true
				began := time.Now()
				status, _ = f.serve(signed(body, time.Now()))
				if took := time.Since(began); status != http.StatusServiceUnavailable || took >= 3*time.Second {
					t.Errorf("without an answer: %d after %s", status, took)
				}
			})
		})
	}
	f := newFixture("i-1")
	f.Replays = broken{}
	if status, _ := f.serve(signed(button("U1", slack.ActionAcknowledge, "i-1"), time.Now())); status != http.StatusServiceUnavailable ||
		len(f.responder.calls) > 0 {
		t.Errorf("without the replay store: %d, calls %q", status, f.responder.calls)
	}
}

type broken struct{}

func (broken) First(context.Context, string, time.Time) (bool, error) {
	return false, errors.New("no connection")
}
