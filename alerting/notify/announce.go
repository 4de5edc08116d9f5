package notify

import (
	"context"
	"time"

	"jari.example/alerting/incident"
	"jari.example/alerting/lease"
)

// Announcements queue what is said once, by however many replicas and across restarts.
type Announcements interface {
	// Announced returns what was announced last on the topic; "" when nothing was.
	Announced(ctx context.Context, topic string) (news string, err error)
	// Announce queues a Notice for each of the targets, unless what was announced last
	// on the topic is the same news. Notices on the topic that wait, and of which no
	// attempt may have arrived, are removed: the new one replaces them. Without targets
	// the news is only remembered. It fails with lease.ErrLost when the term has ended.
	Announce(ctx context.Context, term lease.Term, a Announcement) error
}

// Announcement is a note that is said once.
type Announcement struct {
	Topic   string // such as "digest"
	News    string // identifies what is said; not ""
	Targets []incident.Target
	Note    Note
}

// Digest is what the daily message about all error budgets says. It is complete, so that
// the message can be written much later or by another replica. The JSON names are those
// of the column outbox.digest and stay as they are.
type Digest struct {
	At      time.Time         `json:"at"`      // when it was read
	Zone    string            `json:"zone"`    // IANA name; a medium that does not know its reader's zone uses it
	Budgets []ObjectiveBudget `json:"budgets"` // the worst first
	Open    []OpenIncident    `json:"open"`    // the oldest first
	Ended   int               `json:"ended"`   // incidents that ended on the day before, in the zone
}

// ObjectiveBudget is the error budget of one SLO.
type ObjectiveBudget struct {
	Rule        string        `json:"rule"`
	Window      time.Duration `json:"window"`
	NoData      bool          `json:"no_data,omitempty"` // nothing was counted in the window
	Remaining   float64       `json:"remaining"`         // share of the budget; below 0 it is overspent
	BurnRate    float64       `json:"burn_rate"`         // over the period Over
	Over        time.Duration `json:"over"`
	ExhaustedAt time.Time     `json:"exhausted_at,omitzero"` // at that rate; zero when it is not spent
}

// OpenIncident is an incident that is open.
type OpenIncident struct {
	ID             string    `json:"id"`
	Title          string    `json:"title"`
	Page           bool      `json:"page"`
	StartedAt      time.Time `json:"started_at"`
	AcknowledgedBy string    `json:"acknowledged_by,omitempty"` // "": nobody has
	Silenced       bool      `json:"silenced,omitempty"`
}
