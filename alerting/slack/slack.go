// Package slack is the notifier for Slack: an incident is one message per channel that
// is rewritten in place, with its history as replies in the thread. Message metadata
// identifies both, so that a message whose response was lost can be found and is not
// posted twice. Package inbound receives what people do with its buttons.
package slack

import (
	"context"
	"net/http"
	"strconv"
	"time"

	slackapi "github.com/slack-go/slack"

	"jari.example/alerting/incident"
	"jari.example/alerting/notify"
	"jari.example/alerting/slo"
	"jari.example/internal/secret"
)

// MessageInterval is what Slack allows: one message a second and channel.
// https://docs.slack.dev/apis/web-api/rate-limits
const MessageInterval = time.Second

// Config is what a Notifier needs to reach Slack.
type Config struct {
	URL   string // base URL of the Web API; ends in a slash
	Token secret.String
	// Channels are the channels by the address of a target, such as incident.Pages:
	// each a channel's id, or its name with '#'.
	Channels map[string]string
	Links    notify.Links
	HTTP     *http.Client
	// ChartRefused is called when Slack refuses the chart of an incident's message, which is
	// shown without it; nil calls nothing. Slack also refuses one that it is still processing.
	ChartRefused func(incident.Incident, error)
}

func (c Config) client() *slackapi.Client {
	return slackapi.New(c.Token.Reveal(), slackapi.OptionAPIURL(c.URL), slackapi.OptionHTTPClient(c.HTTP))
}

// Notifier implements notify.Notifier. It is safe for concurrent use.
type Notifier struct {
	client   *slackapi.Client
	channels *channels
	links    notify.Links
	refused  func(incident.Incident, error) // of a chart
}

// New returns a Notifier for the channels of c.
func New(c Config) *Notifier {
	client := c.client()
	n := &Notifier{
		client: client, channels: &channels{client: client, names: c.Channels, ids: map[string]string{}}, links: c.Links,
		refused: c.ChartRefused,
	}
	if n.refused == nil {
		n.refused = func(incident.Incident, error) {}
	}
	return n
}

// Metadata that identifies our messages.
const (
	eventIncident = "jari_incident"
	eventNote     = "jari_incident_note"
	eventNotice   = "jari_notice"
	keyIncident   = "incident_id"
	keyNote       = "note_id" // the delivery's id, of notes and notices
)

// metadata is that of d's message. Ids are text, because a JSON number of more than 15
// digits is not exact.
func metadata(d notify.Delivery) slackapi.SlackMetadata {
	id := strconv.FormatInt(d.ID, 10)
	switch d.Kind {
	case notify.Reply:
		return slackapi.SlackMetadata{EventType: eventNote, EventPayload: map[string]any{keyIncident: d.Incident.ID, keyNote: id}}
	case notify.Notice:
		return slackapi.SlackMetadata{EventType: eventNotice, EventPayload: map[string]any{keyNote: id}}
	}
	return slackapi.SlackMetadata{EventType: eventIncident, EventPayload: map[string]any{keyIncident: d.Incident.ID}}
}

// Post implements notify.Notifier.
func (n *Notifier) Post(ctx context.Context, d notify.Delivery) (ref incident.MessageRef, err error) {
	channel, err := n.channels.of(d.Target)
	if err != nil {
		return ref, err
	}
	m := render(d.Incident, n.links, quiet(d))
	m.chart = nil // nobody waits for a chart: it comes with an update
	switch {
	case d.Kind == notify.Notice && d.Note.Digest != nil:
		m = digest(*d.Note.Digest, n.links)
	case d.Kind == notify.Notice:
		m = noted(d.Note, quiet(d))
	}
	return n.send(ctx, channel, d, m)
}

// Update implements notify.Notifier.
func (n *Notifier) Update(ctx context.Context, d notify.Delivery) error {
	_, err := n.send(ctx, d.Message.Channel, d, render(d.Incident, n.links, quiet(d)), slackapi.MsgOptionUpdate(d.Message.ID))
	return err
}

// Reply implements notify.Notifier. A reply that mentions somebody is shown in the
// channel, too: those in a thread alone are easy to miss.
func (n *Notifier) Reply(ctx context.Context, d notify.Delivery) error {
	options := []slackapi.MsgOption{slackapi.MsgOptionTS(d.Message.ID)}
	if !quiet(d) && userID.MatchString(d.Note.Mention) {
		options = append(options, slackapi.MsgOptionBroadcast())
	}
	_, err := n.send(ctx, d.Message.Channel, d, noted(d.Note, quiet(d)), options...)
	return err
}

// send makes one attempt. When Slack refuses how the message looks, it goes out without its
// chart, and then as text alone, in the same attempt. Slack has not accepted what it
// refuses, so that nothing appears twice.
func (n *Notifier) send(
	ctx context.Context, channel string, d notify.Delivery, m message, more ...slackapi.MsgOption,
) (incident.MessageRef, error) {
	with := func(text string, blocks ...slackapi.Block) (ref incident.MessageRef, err error) {
		options := append([]slackapi.MsgOption{
			slackapi.MsgOptionText(text, false), slackapi.MsgOptionBlocks(blocks...), slackapi.MsgOptionMetadata(metadata(d)),
			slackapi.MsgOptionDisableLinkUnfurl(), slackapi.MsgOptionDisableMediaUnfurl(),
			// chat.update finds names and links in the text otherwise.
			slackapi.MsgOptionParse(false),
		}, more...)
		ref.Channel, ref.ID, _, err = n.client.SendMessageContext(ctx, channel, options...)
		return ref, err
	}
	ref, err := with(m.text, m.all()...)
	if refusesBlocks[codeOf(err)] && m.chart != nil {
		refusal := err
		if ref, err = with(m.text, m.blocks...); err == nil {
			n.refused(d.Incident, refusal)
		}
	}
	if refusesBlocks[codeOf(err)] {
		ref, err = with(m.alone)
	}
	return ref, outcome(err, d.Kind.Method())
}

// Ephemeral shows a text to one user in a channel, and to nobody else.
func (n *Notifier) Ephemeral(ctx context.Context, channel, user, text string) error {
	_, err := n.client.PostEphemeralContext(ctx, channel, user, slackapi.MsgOptionText(Mrkdwn(text, maxSection), false))
	return outcome(err, notify.Send)
}

// quiet: a ticket mentions nobody, neither in its own channel nor elsewhere.
func quiet(d notify.Delivery) bool {
	return d.Target.Address == incident.Tickets || d.Kind != notify.Notice && d.Incident.Severity == slo.Ticket
}
