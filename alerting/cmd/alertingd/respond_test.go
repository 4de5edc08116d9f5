package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"jari.example/alerting/indicator/indicatortest"
	"jari.example/alerting/slack/slacktest"
	"jari.example/internal/postgres/postgrestest"
)

const signingSecret = "test-signing-secret"

// press sends the daemon what Slack sends when somebody presses a button.
func press(t *testing.T, daemon, secret, action, incident string) (status int) {
	t.Helper()
	payload, err := json.Marshal(map[string]any{
		"type": "block_actions", "user": map[string]string{"id": "U0ONCALL01", "name": "mina"},
		"channel": map[string]string{"id": slacktest.ID},
		"actions": []map[string]any{{"type": "button", "action_id": action, "value": incident, "block_id": "b"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	body, at := url.Values{"payload": {string(payload)}}.Encode(), fmt.Sprint(time.Now().Unix())
	mac := hmac.New(sha256.New, []byte(secret))
	fmt.Fprintf(mac, "v0:%s:%s", at, body)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, daemon+"/slack/actions", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("X-Slack-Request-Timestamp", at)
	r.Header.Set("X-Slack-Signature", "v0="+hex.EncodeToString(mac.Sum(nil)))
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	return res.StatusCode
}

// call runs one of alertingd's commands.
func call(t *testing.T, args ...string) (code int, output string) {
	t.Helper()
	var out bytes.Buffer
	code, _ = dispatch(t.Context(), args, &out, &out)
	return code, out.String()
}

// A page mentions who is on call; a button acknowledges it, and the command line
// silences, resolves and exports it.
func TestPeopleActOnAnIncident(t *testing.T) {
	t.Parallel()
	accessLog, slack := indicatortest.New(t), slacktest.Start(t)
	database := postgrestest.Database(t)
	onCallDir := t.TempDir()
	rota, err := os.ReadFile("../../oncall/example/rota.yaml")
	if err == nil {
		err = os.WriteFile(filepath.Join(onCallDir, "rota.yaml"), rota, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	d := startAlerting(t, accessLog, slack, "--database-url", database, "--slack-signing-secret-file", tokenFile(t, signingSecret),
		"--on-call-dir", onCallDir)
	heartbeats(t, accessLog)
	traffic(t, accessLog, 503)
	message := func() slacktest.Message { return slack.Messages()[0] }
	says := func(text string) {
		t.Helper()
		waitFor(t, time.Minute, "the message to say "+text, func() bool {
			return len(slack.Messages()) > 0 && strings.Contains(message().Shown(), text)
		})
	}
	says("On call")
	if shown := message().Shown(); !strings.Contains(shown, "@U0") {
		t.Errorf("the message mentions nobody:\n%s", shown)
	}
	id := fmt.Sprint(message().Metadata.EventPayload["incident_id"])

	if status := press(t, d.URL, "another secret", "acknowledge", id); status != http.StatusUnauthorized {
		t.Errorf("a request that Slack has not signed: %d", status)
	}
	if status := press(t, d.URL, signingSecret, "acknowledge", id); status != http.StatusOK {
		t.Fatalf("the button: %d", status)
	}
	says("Acknowledged")

	flags := []string{"-database-url", database, "-by", "Jo", id}
	run := func(name string, want string, args ...string) {
		t.Helper()
		if code, out := call(t, append(append([]string{name}, args...), flags...)...); code != exitOK || !strings.Contains(out, want) {
			t.Errorf("%s: %d %s", name, code, out)
		}
	}
	run("ack", "acknowledged by Jo")
	run("silence", "by Jo: deploy", "-for", "1h", "-reason", "deploy")
	says("deploy")
	code, out := call(t, "export", "-database-url", database, id)
	for _, want := range []string{"# Bookings are failing", "Jo takes over from", "Silenced until", "/runbooks/booking-availability"} {
		if code != exitOK || !strings.Contains(out, want) {
			t.Errorf("export lacks %q: %d\n%s", want, code, out)
		}
	}
	run("resolve", "resolved by Jo")
}

func TestActionsWithMistakesSayWhatToDo(t *testing.T) {
	database := postgrestest.Database(t)
	start(t, "--database-url", database) // creates the schema
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"without a database":  {[]string{"ack", "-by", "Jo", "x"}, "needs -database-url"},
		"without an incident": {[]string{"ack", "-by", "Jo", "-database-url", database}, "needs the id of one incident"},
		"without a name":      {[]string{"ack", "-by", "", "-database-url", database, "x"}, "needs -by with your name"},
		"an unknown incident": {[]string{"resolve", "-by", "Jo", "-database-url", database, "x"}, `there is no incident "x"`},
		"too long":            {[]string{"silence", "-for", "200h", "-by", "Jo", "-database-url", database, "x"}, "write at most"},
		"nothing to export":   {[]string{"export", "-database-url", database, "x"}, `there is no incident "x"`},
		"no token":            {[]string{"slack-check"}, "needs -slack-token-file"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("ALERTING_DATABASE_URL", "")
			if code, out := call(t, c.args...); code == exitOK || !strings.Contains(out, c.want) {
				t.Errorf("%d %s", code, out)
			}
		})
	}
}

func TestSlackIsCheckedStepByStep(t *testing.T) {
	slack := slacktest.Start(t)
	code, out := call(t, "slack-check", "-slack-url", slack.URL, "-slack-token-file", tokenFile(t, slacktest.Token))
	if code != exitOK || !strings.Contains(out, "ok") || !strings.Contains(out, "#tickets: delete the message") {
		t.Errorf("%d\n%s", code, out)
	}
	if left := slack.Messages(); len(left) > 0 {
		t.Errorf("it has left %+v", left)
	}
	code, out = call(t, "slack-check", "-slack-url", slack.URL, "-slack-token-file", tokenFile(t, "xoxb-wrong"))
	if code != exitFound || !strings.Contains(out, "FAILED  the token is accepted") || !strings.Contains(out, "1 of 1 steps failed") {
		t.Errorf("with a wrong token: %d\n%s", code, out)
	}
}
