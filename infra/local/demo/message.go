package demo

import (
	"context"
	"encoding/json"
	"strings"
	"time"
)

// message is a Slack message as the simulator's control endpoint shows it.
type message struct {
	TS       string    `json:"ts"`
	ThreadTS string    `json:"thread_ts,omitempty"`
	Text     string    `json:"text"`
	Blocks   []element `json:"blocks,omitempty"`
	Metadata struct {
		EventType string `json:"event_type"`
	} `json:"metadata"`
}

// element is a block, or a part of one, in the fields that the demo reads
// (https://docs.slack.dev/reference/block-kit/blocks/rich-text-block).
type element struct {
	Type     string          `json:"type"`
	Text     json.RawMessage `json:"text,omitempty"` // a string, or an object that has one
	URL      string          `json:"url,omitempty"`
	UserID   string          `json:"user_id,omitempty"`
	Fallback string          `json:"fallback,omitempty"` // of a date
	Elements []element       `json:"elements,omitempty"`
}

func (e element) text() string {
	var plain string
	var object struct{ Text string }
	if json.Unmarshal(e.Text, &plain) != nil {
		_ = json.Unmarshal(e.Text, &object)
	}
	return plain + object.Text + e.Fallback
}

// walk calls do for each element of the message in the order of reading.
func (m message) walk(do func(element)) {
	var deeper func([]element)
	deeper = func(all []element) {
		for _, e := range all {
			do(e)
			deeper(e.Elements)
		}
	}
	deeper(m.Blocks)
}

// shown is the text of the message.
func (m message) shown() string {
	var b strings.Builder
	m.walk(func(e element) { b.WriteString(e.text()) })
	return b.String()
}

// mentions reports whether Slack notifies this user of the message.
func (m message) mentions(user string) (found bool) {
	m.walk(func(e element) { found = found || e.Type == "user" && e.UserID == user })
	return found
}

// link is a link of a message.
type link struct{ text, url string }

func (m message) links() (all []link) {
	m.walk(func(e element) {
		if e.Type == "link" {
			all = append(all, link{e.text(), e.URL})
		}
	})
	return all
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
		isIncident := m.Metadata.EventType == "jari_incident" && (m.ThreadTS == "" || m.ThreadTS == m.TS)
		if isIncident && strings.Contains(m.headline(), bookingsFail) {
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
				return right(m), m.shown(), err
			}
		}
		return false, "no message", err
	})
	return m, err
}
