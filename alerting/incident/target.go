package incident

// Target is a place where messages about incidents go. It has the name that rules and
// operators know, so that the channel behind it can change while an incident is open.
type Target struct {
	Medium  string // Slack or Mail
	Address string // of Slack: Pages or Tickets; of Mail: a mail address
}

// The media, and the addresses in Slack.
const (
	Slack   = "slack"
	Mail    = "mail"
	Pages   = "pages"
	Tickets = "tickets"
)

// String is the target for a log line: "slack:pages".
func (t Target) String() string { return t.Medium + ":" + t.Address }

// MessageRef identifies a message by the names that its medium uses.
type MessageRef struct {
	Channel string // Slack's id of the channel
	ID      string // of the message within Channel; Slack's ts
}

// IsZero reports whether nothing was posted.
func (r MessageRef) IsZero() bool { return r == MessageRef{} }
