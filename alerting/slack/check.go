package slack

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	slackapi "github.com/slack-go/slack"

	"jari.example/alerting/incident"
	"jari.example/alerting/notify"
	"jari.example/alerting/slo"
)

// Step is one step of Check.
type Step struct {
	Name string // what was tried, such as "#incidents: post a message"
	Err  error  // nil when it succeeded
	Do   string // what to do about Err
}

// scopes are what the token needs; of alternatives, separated by "|", one is enough.
var scopes = []string{"chat:write", "channels:read|groups:read", "channels:history|groups:history"}

// Check tries in the workspace of c, in every channel, what a Notifier does: it posts a
// message, updates it, replies in its thread, finds both by their metadata, and
// deletes them. It returns every step that it tried, in order; a step that others need
// and that failed is the last of its channel. now is part of what it posts.
func Check(ctx context.Context, c Config, now time.Time) []Step {
	n := New(c)
	steps := n.token(ctx)
	if steps[0].Err != nil {
		return steps
	}
	steps = append(steps, n.chartStep(ctx))
	for _, address := range slices.Sorted(maps.Keys(c.Channels)) {
		steps = append(steps, n.check(ctx, incident.Target{Medium: incident.Slack, Address: address}, now)...)
	}
	return steps
}

// Mistakes are what only an operator can correct in the token, its scopes and the
// channels of c. It changes nothing in the workspace and posts nothing. The error says
// that Slack did not answer all that was asked; the mistakes are not all then.
func Mistakes(ctx context.Context, c Config) (mistakes []notify.Mistake, err error) {
	n := New(c)
	steps := n.token(ctx)
	for _, address := range slices.Sorted(maps.Keys(c.Channels)) {
		if steps[0].Err == nil {
			t := incident.Target{Medium: incident.Slack, Address: address}
			steps = append(steps, Step{n.channels.names[address] + ": find the channel", n.member(ctx, t), doFindChannel})
		}
	}
	for _, s := range steps {
		failed, _ := errors.AsType[*notify.Error](outcome(s.Err, notify.Search))
		switch {
		case s.Err == nil:
		case failed.Outcome == notify.Misconfigured:
			mistakes = append(mistakes, notify.Mistake{What: fmt.Sprintf("%s: %v", s.Name, s.Err), Do: s.Do})
		default:
			err = errors.Join(err, fmt.Errorf("%s: %w", s.Name, s.Err))
		}
	}
	return mistakes, err
}

// token tries the token, and its scopes if Slack accepts it.
func (n *Notifier) token(ctx context.Context) []Step {
	who, err := n.client.AuthTestContext(ctx)
	steps := []Step{{"the token is accepted", err, "configure the bot token of the app, which begins with xoxb-"}}
	if err != nil {
		return steps
	}
	return append(steps, scopeSteps(who.Header.Get("X-OAuth-Scopes"))...)
}

const doFindChannel = "invite the bot to the channel, restore it if it is archived, or correct its name or id"

// misconfigured is a mistake that Slack does not answer with an error code.
func misconfigured(code, text string) error {
	return &notify.Error{Outcome: notify.Misconfigured, Type: code, Err: errors.New(text)}
}

func scopeSteps(granted string) (steps []Step) {
	has := strings.FieldsFunc(granted, func(r rune) bool { return r == ',' || r == ' ' })
	for _, scope := range scopes {
		step := Step{Name: "the token has the scope " + strings.ReplaceAll(scope, "|", " or ")}
		if !slices.ContainsFunc(strings.Split(scope, "|"), func(s string) bool { return slices.Contains(has, s) }) {
			step.Err = misconfigured("missing_scope", fmt.Sprintf("it has %q", granted))
			step.Do = "add the scope to the app's bot token and install the app again"
		}
		steps = append(steps, step)
	}
	return steps
}

// check tries one channel.
func (n *Notifier) check(ctx context.Context, t incident.Target, now time.Time) (steps []Step) {
	name := n.channels.names[t.Address]
	try := func(what, do string, call func() error) bool {
		err := call()
		steps = append(steps, Step{name + ": " + what, err, do})
		return err == nil
	}
	d := trial(t, now)
	reply := d
	reply.Kind = notify.Reply
	if !try("find the channel", doFindChannel, func() error { return n.member(ctx, t) }) {
		return steps
	}
	if !try("post a message", "invite the bot to the channel and let it post there", func() (err error) {
		d.Message, err = n.Post(ctx, d)
		reply.Message = d.Message
		return err
	}) {
		return steps
	}
	try("update it", "allow edits of messages in the settings of the workspace", func() error { return n.Update(ctx, d) })
	replied := try("reply in its thread", "allow threads in the channel", func() error { return n.Reply(ctx, reply) })
	searches := "add channels:history (private channels: groups:history) and metadata.message:read, and install the app again"
	try("find it by its metadata", searches, func() error { _, err := n.sought(ctx, d); return err })
	if replied {
		var ref incident.MessageRef
		if try("find the reply by its metadata", searches, func() (err error) { ref, err = n.sought(ctx, reply); return err }) {
			try("delete the reply", "delete it by hand", func() error { return n.remove(ctx, ref) })
		}
	}
	try("delete the message", "delete it by hand", func() error { return n.remove(ctx, d.Message) })
	return steps
}

// trial is a delivery that mentions nobody and says what it is.
func trial(t incident.Target, now time.Time) notify.Delivery {
	return notify.Delivery{
		ID: now.UnixNano(), Kind: notify.Post, Target: t, FirstTry: now, Note: notify.Note{Text: "A reply of the check."},
		Incident: incident.Incident{
			ID: fmt.Sprintf("check-%d", now.UnixNano()), Rule: "slack-check", Severity: slo.Ticket,
			StartedAt: now, OpenedAt: now, UpdatedAt: now, ResolvedAt: now,
			Facts: incident.Facts{Title: "A check of the connection to Slack", Affected: "nobody; this message is deleted at once", Scale: 1,
				Alert: &incident.Alert{When: slo.When{Within: time.Minute, Absent: true}}},
		},
	}
}

// member fails when the bot is not in the channel.
func (n *Notifier) member(ctx context.Context, t incident.Target) error {
	id, err := n.channels.id(ctx, t)
	if err != nil {
		return err
	}
	c, err := n.client.GetConversationInfoContext(ctx, &slackapi.GetConversationInfoInput{ChannelID: id})
	switch {
	case err != nil:
		return err
	case c.IsArchived:
		return misconfigured("is_archived", "the channel is archived")
	case !c.IsMember:
		return misconfigured("not_in_channel", "the bot is not a member")
	}
	return nil
}

// sought is Find with an error when there is nothing.
func (n *Notifier) sought(ctx context.Context, d notify.Delivery) (incident.MessageRef, error) {
	ref, found, err := n.Find(ctx, d)
	if err == nil && !found {
		err = errors.New("no message with the metadata is in the history")
	}
	return ref, err
}

func (n *Notifier) remove(ctx context.Context, ref incident.MessageRef) error {
	_, _, err := n.client.DeleteMessageContext(ctx, ref.Channel, ref.ID)
	return err
}
