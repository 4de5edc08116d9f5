package demo

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"jari.example/infra/local/slack"
)

// message is a Slack message as the simulator's control endpoint shows it.
type message struct{ slack.Message }

// isIncident reports whether it is the message of an incident, and no reply to one.
func (m message) isIncident() bool {
	var metadata struct {
		EventType string `json:"event_type"`
	}
	_ = json.Unmarshal(m.Metadata, &metadata) // a message without metadata is no incident's
	return metadata.EventType == "jari_incident" && (m.ThreadTS == "" || m.ThreadTS == m.TS)
}

func (m message) headline() string { line, _, _ := strings.Cut(m.Text, "\n"); return line }
func (m message) resolved() bool   { return strings.Contains(strings.ToLower(m.Text), "resolved") }

type messages []message

func (c messages) firing() (open []message) {
	for _, m := range c {
		if !m.resolved() {
			open = append(open, m)
		}
	}
	return open
}

func (c messages) since(before messages) (added []message) {
	known := map[string]bool{}
	for _, m := range before {
		known[m.TS] = true
	}
	for _, m := range c {
		if !known[m.TS] {
			added = append(added, m)
		}
	}
	return added
}

// incidents lists the channel's messages about failing bookings, without thread
// replies. Other objectives may be missed at the same time, as by a rush on a small
// machine.
func (sc *scenario) incidents(ctx context.Context) (messages, error) {
	all, err := get[struct {
		Messages []message `json:"messages"`
	}](ctx, sc.Slack+"/control/messages"+query("channel", channel))
	var c messages
	for _, m := range all.Messages {
		if m.isIncident() && strings.Contains(m.headline(), bookingsFail) {
			c = append(c, m)
		}
	}
	return c, err
}

// channel is where incidents are posted.
const channel = "incidents"

// awaitMessage waits until the message m has become as it should be.
func (sc *scenario) awaitMessage(ctx context.Context, m message, what string, right func(message) bool) (message, error) {
	_, err := sc.waitFor(ctx, 20*time.Second, "the message "+what, func() (bool, string, error) {
		all, err := sc.incidents(ctx)
		for _, now := range all {
			if now.TS == m.TS {
				m = now
				return right(m), m.Shown(), err
			}
		}
		return false, "no message", err
	})
	return m, err
}
