package incident

import "time"

// Entry is one line of an incident's timeline. With a text it is also delivered to
// the thread of its message.
type Entry struct {
	At    time.Time
	Kind  EntryKind
	Actor string // the name of the person who acted, or who was notified; "" for alertingd
	Text  string // "" when the message itself says it
	// Mention is the Slack id of a person whom the delivered text, or with an
	// EntryNotified the message, notifies.
	Mention string
}

// EntryKind is what happened.
type EntryKind string

// The kinds of entries. Their values are stored.
const (
	EntryOpened       EntryKind = "opened"
	EntryRaised       EntryKind = "raised" // from ticket to page
	EntryWorse        EntryKind = "worse"  // after it was acknowledged
	EntryReopened     EntryKind = "reopened"
	EntryResolved     EntryKind = "resolved"
	EntryWithdrawn    EntryKind = "withdrawn"
	EntryNotified     EntryKind = "notified" // a person on call
	EntryAcknowledged EntryKind = "acknowledged"
	EntrySilenced     EntryKind = "silenced"
	EntryUnsilenced   EntryKind = "unsilenced"
	EntryNotUseful    EntryKind = "not_useful"
	EntryUndelivered  EntryKind = "undelivered" // a channel has refused it, or not taken it in time
)

// Response is what people did about an incident, and who was notified. Its JSON
// names are those of the column incident.response.
type Response struct {
	AcknowledgedAt time.Time  `json:"acknowledged_at,omitzero"` // zero: not yet, or not since it reopened or was raised
	Assignee       string     `json:"assignee,omitempty"`       // who acknowledged it last
	AssigneeID     string     `json:"assignee_id,omitempty"`    // their Slack id; "" on the command line
	Notified       []Notified `json:"notified,omitempty"`       // since it opened, reopened or was raised, in order
	MailedAt       time.Time  `json:"mailed_at,omitzero"`       // when mail replaced a channel that did not take it
	ResolvedBy     string     `json:"resolved_by,omitempty"`    // the person who ended it; "" when alertingd did
	NotUseful      []string   `json:"not_useful,omitempty"`     // who did not need to know
	// AcknowledgedWorst is Facts.Worst at that time: what is much worse is said again.
	AcknowledgedWorst float64 `json:"acknowledged_worst,omitempty"`
}

// Notified is a person who was notified about an incident.
type Notified struct {
	Name    string    `json:"name"`
	SlackID string    `json:"slack_id,omitempty"`
	At      time.Time `json:"at"`
}

// Silenced is why a firing rule notifies nobody. The incident is recorded all the same.
type Silenced struct {
	Until       time.Time `json:"until,omitzero"` // zero: until it resolves
	By          string    `json:"by,omitempty"`   // who silenced it; "" for a maintenance window
	Reason      string    `json:"reason,omitempty"`
	Maintenance string    `json:"maintenance,omitempty"` // name of the planned window
}

// After is the response after the entries of a change: an incident that opens,
// reopens or becomes a page has to be acknowledged again.
func (r Response) After(entries []Entry) Response {
	for _, e := range entries {
		switch e.Kind {
		case EntryReopened, EntryRaised:
			r = Response{NotUseful: r.NotUseful}
		case EntryResolved:
			r.ResolvedBy = e.Actor
		case EntryNotified:
			r.Notified = append(r.Notified[:len(r.Notified):len(r.Notified)], Notified{e.Actor, e.Mention, e.At})
		}
	}
	return r
}

// Actor is a person who acts on incidents.
type Actor struct {
	ID   string // Slack's id of the user; "" on the command line
	Name string
}
