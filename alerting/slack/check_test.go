package slack_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"jari.example/alerting/incident"
	"jari.example/alerting/slack"
	"jari.example/alerting/slack/slacktest"
	"jari.example/internal/secret"
)

func check(t *testing.T, s *slacktest.Server, token string, channels map[string]string) (steps []slack.Step, failed string) {
	steps = slack.Check(t.Context(), slack.Config{
		URL: s.URL, Token: secret.New(token), HTTP: s.Client(), Links: links, Channels: channels,
	}, time.Now())
	for _, step := range steps {
		if step.Err != nil {
			failed += fmt.Sprintf("%s: %v (%s)\n", step.Name, step.Err, step.Do)
		}
	}
	return steps, failed
}

func TestCheckTriesEveryChannelAndLeavesNothingBehind(t *testing.T) {
	s := slacktest.New()
	steps, failed := check(t, s, slacktest.Token, channels)
	if failed != "" || len(steps) != 1+3+1+2*8 {
		t.Errorf("%d steps: %s", len(steps), failed)
	}
	if m := s.Messages(); len(m) > 0 {
		t.Errorf("left behind: %+v", m)
	}
	called := map[string]bool{}
	for _, c := range s.Calls() {
		called[c.Method] = true
	}
	for _, method := range []string{
		"auth.test", "conversations.info", "chat.postMessage", "chat.update", "conversations.history", "conversations.replies", "chat.delete",
	} {
		if !called[method] {
			t.Errorf("%s was not called", method)
		}
	}
}

func TestCheckSaysWhatFailsAndWhatToDo(t *testing.T) {
	pagesOnly := map[string]string{incident.Pages: slacktest.Channel}
	for name, c := range map[string]struct {
		change   func(*slacktest.Server)
		channels map[string]string
		want     []string // in what failed
	}{
		"a scope is missing": {func(s *slacktest.Server) { s.Scopes = "chat:write,channels:read" }, pagesOnly,
			[]string{"channels:history or groups:history", `it has "chat:write,channels:read"`, "add the scope"}},
		"no such channel": {func(*slacktest.Server) {}, map[string]string{incident.Pages: "#elsewhere"},
			[]string{"#elsewhere: find the channel", "invite the bot"}},
		"the bot is not a member": {func(s *slacktest.Server) { s.Left = slacktest.ID }, pagesOnly,
			[]string{"#incidents: find the channel: the bot is not a member"}},
		"posting is refused": {func(s *slacktest.Server) { s.Refuse("chat.postMessage", "restricted_action") }, pagesOnly,
			[]string{"post a message: restricted_action"}},
		"edits are refused": {func(s *slacktest.Server) { s.Refuse("chat.update", "edit_window_closed") }, pagesOnly,
			[]string{"update it: edit_window_closed", "allow edits"}},
		"threads are refused": {func(s *slacktest.Server) {
			s.Refuse("chat.postMessage", "", "restricted_action_non_threadable_channel")
		}, pagesOnly,
			[]string{"reply in its thread: restricted_action_non_threadable_channel"}},
		"the history is refused": {func(s *slacktest.Server) { s.Refuse("conversations.history", "missing_scope") }, pagesOnly,
			[]string{"find it by its metadata: missing_scope", "metadata.message:read"}},
		"deleting is refused": {func(s *slacktest.Server) { s.Refuse("chat.delete", "", "cant_delete_message") }, pagesOnly,
			[]string{"delete the message: cant_delete_message", "by hand"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := slacktest.New()
			c.change(s)
			_, failed := check(t, s, slacktest.Token, c.channels)
			for _, want := range c.want {
				if !strings.Contains(failed, want) {
					t.Errorf("%q is missing in:\n%s", want, failed)
				}
			}
			if strings.Count(failed, "\n") != 1 {
				t.Errorf("more than one step failed:\n%s", failed)
			}
		})
	}
	steps, failed := check(t, slacktest.New(), "xoxb-wrong", pagesOnly)
	if len(steps) != 1 || !strings.Contains(failed, "invalid_auth") || strings.Contains(failed, "xoxb-wrong") {
		t.Errorf("a wrong token: %d steps, %s", len(steps), failed)
	}
}

func TestCheckPassesAgainstTheSimulator(t *testing.T) {
	s := slacktest.NewSimulator(t)
	for _, step := range slack.Check(t.Context(), slack.Config{
		URL: s.URL + "/api/", Token: s.Token, HTTP: &http.Client{Timeout: 10 * time.Second}, Links: links,
		Channels: map[string]string{incident.Pages: "#incidents"},
	}, time.Now()) {
		if step.Err != nil {
			t.Errorf("%s: %v", step.Name, step.Err)
		}
	}
}
