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
	client := c.client()
	who, err := client.AuthTestContext(ctx)
	steps := []Step{{"the token is accepted", err, "configure the bot token of the app, which begins with xoxb-"}}
	if err != nil {
		return steps
	}
	steps = append(steps, scopeSteps(who.Header.Get("X-OAuth-Scopes"))...)
	n := New(c)
	for _, address := range slices.Sorted(maps.Keys(c.Channels)) {
		steps = append(steps, n.check(ctx, incident.Target{Medium: incident.Slack, Address: address}, now)...)
	}
	return steps
}

func scopeSteps(granted string) (steps []Step) {
	has := strings.FieldsFunc(granted, func(r rune) bool { return r == ',' || r == ' ' })
	for _, scope := range scopes {
		step := Step{Name: "the token has the scope " + strings.ReplaceAll(scope, "|", " or ")}
		if !slices.ContainsFunc(strings.Split(scope, "|"), func(s string) bool { return slices.Contains(has, s) }) {
			step.Err = fmt.Errorf("it has %q", granted)
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
	if !try("find the channel", "invite the bot to the channel, or correct its name or id", func() error { return n.member(ctx, t) }) {
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
		return errors.New("the channel is archived")
	case !c.IsMember:
		return errors.New("the bot is not a member")
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
