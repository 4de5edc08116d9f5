package slack_test

import (
	"strings"
	"testing"

	"jari.example/alerting/incident"
	"jari.example/alerting/notify"
	"jari.example/alerting/slack"
	"jari.example/alerting/slack/slacktest"
	"jari.example/internal/secret"
)

// charted is an update of an incident with a chart.
func charted(ref incident.MessageRef) notify.Delivery {
	d := delivery(notify.Update, pages, ref)
	d.Incident.Chart = incident.Chart{File: slacktest.FileID, Alt: "Chart of the share of bad attempts."}
	return d
}

func TestAChartIsBelowTheRestOfTheMessageAndNoPostWaitsForIt(t *testing.T) {
	s := slacktest.New()
	n := newNotifier(s)
	d := charted(incident.MessageRef{})
	d.Kind = notify.Post
	ref, err := n.Post(t.Context(), d)
	if err != nil || strings.Contains(s.Messages()[0].Blocks, "image") {
		t.Fatalf("the post: %v %s", err, s.Messages()[0].Blocks)
	}
	if err := n.Update(t.Context(), charted(ref)); err != nil {
		t.Fatal(err)
	}
	m := s.Messages()[0]
	if !strings.HasSuffix(m.Shown(), "incident i-1\n\n[image: Chart of the share of bad attempts.]") ||
		!strings.Contains(m.Blocks, `"slack_file":{"id":"F0123456789"}`) {
		t.Errorf("the update: %s\n%s", m.Shown(), m.Blocks)
	}
	d = charted(ref)
	d.Incident.Chart.File = "https://evil.example/x.png"
	if err := n.Update(t.Context(), d); err != nil || strings.Contains(s.Messages()[0].Blocks, "evil") {
		t.Errorf("what is no id of a file: %v %s", err, s.Messages()[0].Blocks)
	}
}

func TestAMessageWhoseChartIsRefusedIsShownWithoutIt(t *testing.T) {
	s := slacktest.New()
	var refused []string
	n := slack.New(slack.Config{
		URL: s.URL, Token: secret.New(slacktest.Token), HTTP: s.Client(), Links: links, Channels: channels,
		ChartRefused: func(i incident.Incident, err error) { refused = append(refused, i.Chart.File+" "+err.Error()) },
	})
	ref, err := n.Post(t.Context(), delivery(notify.Post, pages, incident.MessageRef{}))
	if err != nil {
		t.Fatal(err)
	}
	s.Refuse("chat.update", "invalid_blocks")
	if err := n.Update(t.Context(), charted(ref)); err != nil {
		t.Fatal(err)
	}
	m := s.Messages()[0]
	if strings.Contains(m.Blocks, "image") || !strings.Contains(m.Blocks, "header") || m.Edits != 1 {
		t.Errorf("after the refusal, %d edits: %s", m.Edits, m.Blocks)
	}
	if len(refused) != 1 || refused[0] != "F0123456789 invalid_blocks" {
		t.Errorf("told %q", refused)
	}
	// It was not the chart: the text alone goes out, and nothing is said about the chart.
	s.Refuse("chat.update", "invalid_blocks", "invalid_blocks")
	if err := n.Update(t.Context(), charted(ref)); err != nil || s.Messages()[0].Blocks != "[]" || len(refused) != 1 {
		t.Errorf("when all blocks are refused: %v, told %q, %s", err, refused, s.Messages()[0].Blocks)
	}
}

func TestAnUploadIsEndedAndInNoChannel(t *testing.T) {
	s := slacktest.New()
	file, err := newNotifier(s).Upload(t.Context(), "chart.png", "alt", []byte("png"))
	var called []string
	for _, c := range s.Calls() {
		called = append(called, c.Method)
	}
	want := "files.getUploadURLExternal upload files.completeUploadExternal"
	if err != nil || file != slacktest.FileID || strings.Join(called, " ") != want || len(s.Messages()) > 0 {
		t.Errorf("%s, %v after %q, messages %+v", file, err, called, s.Messages())
	}
}

func TestTheOutcomeOfAnUploadSaysWhoHasToAct(t *testing.T) {
	for code, want := range map[string]notify.Outcome{
		"missing_scope": notify.Misconfigured, "file_uploads_disabled": notify.Misconfigured, "invalid_arguments": notify.Never,
		"ratelimited": notify.RateLimited, "internal_error": notify.Ambiguous, "a_code_of_tomorrow": notify.Refused,
	} {
		s := slacktest.New()
		s.Refuse("files.getUploadURLExternal", code)
		if _, err := newNotifier(s).Upload(t.Context(), "chart.png", "alt", []byte("png")); outcomeOf(err) != want {
			t.Errorf("%s: %v, want the outcome %d", code, err, want)
		}
	}
}
