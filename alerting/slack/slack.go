// Package slack is the notifier for Slack: an incident is one message that is
// rewritten in place, with its history as replies in the thread. Message
// metadata identifies both, so that a message whose response was lost can be
// found and is not posted twice.
package slack

import (
	"context"
	"net/http"
	"time"

	slackapi "github.com/slack-go/slack"

	"jari.example/alerting/incident"
	"jari.example/alerting/notify"
	"jari.example/internal/secret"
)

// MessageInterval is what Slack allows: one message a second and channel.
// https://docs.slack.dev/apis/web-api/rate-limits
const MessageInterval = time.Second

// Config is what a Notifier needs to reach Slack.
type Config struct {
	URL     string // base URL of the Web API; ends in a slash
	Token   secret.String
	Channel string // the channel's id, or its name with '#'
	Links   notify.Links
	HTTP    *http.Client
}

// Notifier implements notify.Notifier. It is not safe for concurrent use.
type Notifier struct {
	client  *slackapi.Client
	channel *channel
	links   notify.Links
}

// New returns a Notifier for the channel c.Channel.
func New(c Config) *Notifier {
	return &Notifier{
		client:  slackapi.New(c.Token.Reveal(), slackapi.OptionAPIURL(c.URL), slackapi.OptionHTTPClient(c.HTTP)),
		channel: &channel{name: c.Channel},
		links:   c.Links,
	}
}

// Post implements notify.Notifier.
func (n *Notifier) Post(ctx context.Context, i incident.Incident) (ref incident.MessageRef, err error) {
	ref.Channel, ref.ID, err = n.client.PostMessageContext(ctx, n.channel.name, message(i, n.links))
	return ref, outcome(err)
}

// Update implements notify.Notifier.
func (n *Notifier) Update(ctx context.Context, i incident.Incident) error {
	_, _, _, err := n.client.UpdateMessageContext(ctx, i.Message.Channel, i.Message.ID, message(i, n.links))
	return outcome(err)
}

// Reply implements notify.Notifier.
func (n *Notifier) Reply(ctx context.Context, i incident.Incident, note notify.Note) error {
	_, _, err := n.client.PostMessageContext(ctx, i.Message.Channel, reply(i, note))
	return outcome(err)
}
