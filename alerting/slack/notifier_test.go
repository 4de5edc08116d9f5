package slack_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"jari.example/alerting/incident"
	"jari.example/alerting/notify"
	"jari.example/alerting/slack"
	"jari.example/alerting/slack/slacktest"
	"jari.example/alerting/slo"
	"jari.example/internal/secret"
)

var (
	pages   = incident.Target{Medium: incident.Slack, Address: incident.Pages}
	tickets = incident.Target{Medium: incident.Slack, Address: incident.Tickets}
)

func newNotifier(s *slacktest.Server) *slack.Notifier {
	return slack.New(slack.Config{
		URL: s.URL, Token: secret.New(slacktest.Token), HTTP: s.Client(), Links: links,
		Channels: map[string]string{incident.Pages: slacktest.Channel, incident.Tickets: slacktest.TicketsID},
	})
}

func delivery(kind notify.Kind, target incident.Target, ref incident.MessageRef) notify.Delivery {
	at := time.Date(2026, 11, 22, 23, 50, 0, 0, time.UTC)
	return notify.Delivery{
		ID: 12_345_678, Kind: kind, Target: target, Message: ref, FirstTry: at, Note: notify.Note{Text: "It is worse.", Mention: "U0ONCALL01"},
		Incident: incident.Incident{ID: "i-1", Rule: "r", Severity: slo.Page, StartedAt: at, OpenedAt: at, UpdatedAt: at,
			Facts: incident.Facts{Title: "It fails", Scale: 1}},
	}
}

func outcomeOf(err error) notify.Outcome {
	if e, ok := errors.AsType[*notify.Error](err); ok {
		return e.Outcome
	}
	return 0
}

func TestAMessageGoesToTheChannelOfItsTarget(t *testing.T) {
	s := slacktest.New()
	n := newNotifier(s)
	for target, want := range map[incident.Target]string{pages: slacktest.ID, tickets: slacktest.TicketsID} {
		ref, err := n.Post(t.Context(), delivery(notify.Post, target, incident.MessageRef{}))
		if err != nil || ref.Channel != want || ref.ID == "" {
			t.Errorf("%s: %+v %v", target, ref, err)
		}
		d := delivery(notify.Update, target, ref)
		if err := errors.Join(n.Update(t.Context(), d), n.Reply(t.Context(), d)); err != nil {
			t.Error(err)
		}
	}
	unknown := delivery(notify.Post, incident.Target{Medium: incident.Slack, Address: "elsewhere"}, incident.MessageRef{})
	calls := len(s.Calls())
	_, err := n.Post(t.Context(), unknown)
	if _, _, again := n.Find(t.Context(), unknown); outcomeOf(err) != notify.Misconfigured || outcomeOf(again) != notify.Misconfigured {
		t.Errorf("an address without a channel: %v, %v", err, again)
	}
	if len(s.Calls()) != calls {
		t.Error("Slack was called for an address without a channel")
	}
}

// Slack shows a reply in the thread only to those who follow it.
func TestAReplyThatMentionsSomebodyIsShownInTheChannelExceptInTickets(t *testing.T) {
	for name, c := range map[string]struct {
		target   incident.Target
		severity slo.Severity
		mention  string
		notifies bool
	}{
		"a page":                           {pages, slo.Page, "U0ONCALL01", true},
		"nobody is mentioned":              {pages, slo.Page, "", false},
		"the id is not one of a person":    {pages, slo.Page, "!channel", false},
		"a ticket":                         {pages, slo.Ticket, "U0ONCALL01", false},
		"a page in the channel of tickets": {tickets, slo.Page, "U0ONCALL01", false},
	} {
		t.Run(name, func(t *testing.T) {
			s := slacktest.New()
			d := delivery(notify.Reply, c.target, incident.MessageRef{Channel: slacktest.ID, ID: "1.0"})
			d.Incident.Severity, d.Note.Mention = c.severity, c.mention
			d.Incident.Response.Notified = []incident.Notified{{Name: "Minsu", SlackID: c.mention, At: d.FirstTry}}
			n := newNotifier(s)
			if err := n.Reply(t.Context(), d); err != nil {
				t.Fatal(err)
			}
			d.Kind = notify.Post
			if _, err := n.Post(t.Context(), d); err != nil {
				t.Fatal(err)
			}
			m := s.Messages()
			if m[0].Broadcast != c.notifies || strings.Contains(m[0].Text, "<@") != c.notifies || !strings.HasSuffix(m[0].Text, "It is worse.") {
				t.Errorf("the reply: %+v", m[0])
			}
			for _, m := range m {
				if strings.Contains(m.Blocks, `"user"`) != c.notifies || strings.Contains(m.Shown(), "@U0ONCALL01") != c.notifies {
					t.Errorf("blocks: %s", m.Blocks)
				}
			}
		})
	}
}

func TestARefusalOfBlocksSendsTheTextAloneInTheSameAttempt(t *testing.T) {
	for _, code := range []string{"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "msg_too_long", "block_mismatch"} {
		s := slacktest.New()
		n := newNotifier(s)
		s.Refuse("chat.postMessage", code, "", code)
		s.Refuse("chat.update", "", code)
		ref, err := n.Post(t.Context(), delivery(notify.Post, pages, incident.MessageRef{}))
		if m := s.Messages(); err != nil || len(m) != 1 || m[0].Blocks != "[]" || !strings.Contains(m[0].Text, "Runbook") {
			t.Fatalf("%s: %v %+v", code, err, m)
		}
		d := delivery(notify.Update, pages, ref)
		if err := n.Update(t.Context(), d); err != nil || s.Messages()[0].Blocks == "[]" {
			t.Fatalf("%s: the update: %v %+v", code, err, s.Messages())
		}
		if err := n.Update(t.Context(), d); err != nil || s.Messages()[0].Blocks != "[]" {
			t.Errorf("%s: an update must remove the earlier blocks: %v %+v", code, err, s.Messages())
		}
		if err := n.Reply(t.Context(), d); err != nil || s.Messages()[1].Blocks != "[]" || s.Messages()[1].Text != "<@U0ONCALL01> It is worse." {
			t.Errorf("%s: the reply: %v %+v", code, err, s.Messages())
		}
	}
	s := slacktest.New()
	s.Refuse("chat.postMessage", "invalid_blocks", "msg_too_long")
	_, err := newNotifier(s).Post(t.Context(), delivery(notify.Post, pages, incident.MessageRef{}))
	if outcomeOf(err) != notify.Never || len(s.Calls()) != 2 {
		t.Errorf("both refused: %v after %d calls", err, len(s.Calls()))
	}
}

func TestWhatWasSentIsFoundByItsMetadata(t *testing.T) {
	s := slacktest.New()
	n := newNotifier(s)
	ref, err := n.Post(t.Context(), delivery(notify.Post, pages, incident.MessageRef{}))
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range []notify.Kind{notify.Post, notify.Reply, notify.Notice} {
		d := delivery(kind, pages, ref)
		if _, found, err := n.Find(t.Context(), d); err != nil || found != (kind == notify.Post) {
			t.Errorf("%s before it was sent: %v %v", kind, found, err)
		}
		switch kind {
		case notify.Reply:
			err = n.Reply(t.Context(), d)
		case notify.Notice:
			_, err = n.Post(t.Context(), d)
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, found, err := n.Find(t.Context(), d); err != nil || !found {
			t.Errorf("%s is not found: %v", kind, err)
		}
		d.ID++
		d.Incident.ID = "i-2"
		if _, found, err := n.Find(t.Context(), d); err != nil || found {
			t.Errorf("another %s is found: %v", kind, err)
		}
		d.Target = tickets
		if _, found, err := n.Find(t.Context(), d); err != nil || found {
			t.Errorf("%s is found in another channel: %v", kind, err)
		}
	}
	notice := s.Messages()[2]
	if notice.Text != "<@U0ONCALL01> It is worse." || notice.ThreadTS != "" || notice.Metadata.EventType != "jari_notice" {
		t.Errorf("the notice is %+v", notice)
	}
}

func TestAnErrorCodeOfSlackDecidesWhatBecomesOfTheDelivery(t *testing.T) {
	for want, codes := range map[notify.Outcome]string{
		notify.RateLimited: "ratelimited rate_limited",
		notify.Ambiguous:   "internal_error fatal_error service_unavailable request_timeout update_failed",
		notify.Gone:        "message_not_found thread_not_found",
		notify.Misconfigured: "channel_not_found is_archived not_in_channel is_inactive invalid_auth not_authed token_revoked token_expired " +
			"account_inactive missing_scope no_permission restricted_action restricted_action_read_only_channel restricted_action_of_tomorrow " +
			"org_login_required ekm_access_denied team_access_not_granted",
		notify.Never:   "edit_window_closed cant_update_message no_text invalid_arguments metadata_too_large",
		notify.Refused: "team_added_to_org a_code_of_tomorrow message_limit_exceeded",
	} {
		for code := range strings.FieldsSeq(codes) {
			s := slacktest.New()
			s.Refuse("chat.update", code)
			err := newNotifier(s).Update(t.Context(), delivery(notify.Update, pages, incident.MessageRef{Channel: slacktest.ID, ID: "1.0"}))
			if e, ok := errors.AsType[*notify.Error](err); !ok || e.Outcome != want || e.Type != code {
				t.Errorf("%s: %+v, want the outcome %d", code, e, want)
			}
		}
	}
}

func TestARateLimitNamesTheMethodThatIsLimited(t *testing.T) {
	ref := incident.MessageRef{Channel: slacktest.ID, ID: "1.0"}
	for method, call := range map[string]func(*slack.Notifier) error{
		"chat.postMessage send": func(n *slack.Notifier) error { return n.Reply(t.Context(), delivery(notify.Reply, pages, ref)) },
		"chat.update edit":      func(n *slack.Notifier) error { return n.Update(t.Context(), delivery(notify.Update, pages, ref)) },
		"conversations.replies search": func(n *slack.Notifier) error {
			_, _, err := n.Find(t.Context(), delivery(notify.Reply, pages, ref))
			return err
		},
	} {
		called, want, _ := strings.Cut(method, " ")
		s := slacktest.New()
		s.Fail(called, slacktest.RateLimited)
		s.Refuse(called, "ratelimited")
		n := newNotifier(s)
		e, _ := errors.AsType[*notify.Error](call(n))
		if e == nil || e.Outcome != notify.RateLimited || e.Method != notify.Method(want) || e.RetryAfter != time.Second {
			t.Errorf("%s: %+v", called, e)
		}
		if e, _ = errors.AsType[*notify.Error](call(n)); e == nil || e.Outcome != notify.RateLimited || e.Method != notify.Method(want) {
			t.Errorf("%s, refused by its code: %+v", called, e)
		}
	}
}
