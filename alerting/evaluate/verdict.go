package evaluate

import (
	"time"

	"jari.example/alerting/count"
	"jari.example/alerting/slo"
)

// Event is what a verdict does to a rule's incident.
type Event string

// The events.
const (
	None      Event = ""          // no incident is open, and none opens
	Opened    Event = "opened"    // a new incident
	Reopened  Event = "reopened"  // the last incident goes on
	Raised    Event = "raised"    // the open ticket becomes a page
	Ongoing   Event = "ongoing"   // the incident stays open
	Resolved  Event = "resolved"  // the incident ends
	Withdrawn Event = "withdrawn" // it ends, because its rule is not in the set any more
)

// Incident is what judging has to know about an incident that is open or ended
// recently.
type Incident struct {
	ID        string
	Rule      string
	Severity  slo.Severity
	OpenedAt  time.Time
	StartedAt time.Time
	EndedAt   time.Time      // zero while open
	LastBad   time.Time      // the last bad event
	Worst     float64        // the largest share of bad events, in the short window of a firing pair
	Pair      slo.WindowPair // of an objective: that fired last
	Subjects  []string       // of an alert: that fired so far
}

// Open reports whether i has not ended.
func (i Incident) Open() bool { return i.EndedAt.IsZero() }

// Pair is a pair of windows at one moment.
type Pair struct {
	slo.WindowPair
	LongCount, ShortCount slo.Count
	LongBurn, ShortBurn   float64
	PValue                float64 // of the short window's count
	Fires                 bool
}

// Subject is a subject of an alert at one moment.
type Subject struct {
	Name      string
	Indicator slo.Indicator
	Count     slo.Count // in the time that the alert looks at
	LastEvent time.Time // zero when there was none in that time; of an absent subject: in the last day
	Fires     bool
	// Unknown: it is not known whether the subject is absent, because this daemon
	// has not counted for long enough.
	Unknown bool
}

// Waiting is why an incident stays open although nothing fires any more: Seen good
// events were counted since the last bad one, and Needed are.
type Waiting struct {
	Seen, Needed int64
	LastEvent    time.Time // good or bad; zero when there was none
}

// Verdict is what one tick decides about one rule, and the figures that its message
// needs. All figures are of one snapshot of the counts.
type Verdict struct {
	Event    Event
	At       time.Time
	Name     string       // of the rule
	SLO      *slo.SLO     // nil for an alert, and when Withdrawn
	Alert    *slo.Alert   // nil for an SLO, and when Withdrawn
	Incident Incident     // as it was; zero when Opened
	Severity slo.Severity // of the incident from now on
	// StartedAt is when the fault began, and Since what was counted since then.
	StartedAt time.Time
	Since     count.Sum
	Worst     float64

	Pair   Pair // of an SLO: the one that fires, or fired last
	Budget slo.Budget

	Subjects []Subject // of an alert: those that fire

	Waiting      *Waiting // nil when the incident does not wait for good events
	Frozen       string   // why nothing resolves now; "" when it may
	AlsoAffected []string // names of the firing rules that this incident mutes
}

// Rule is what an SLO and an alert have in common. Of a rule that was withdrawn, only
// the name is known.
func (v Verdict) Rule() slo.Rule {
	switch {
	case v.SLO != nil:
		return v.SLO.Rule
	case v.Alert != nil:
		return v.Alert.Rule
	}
	return slo.Rule{Name: v.Name}
}

// State is what a tick has found. Its zero value says that nothing is known.
type State struct {
	Blindness
	Open map[slo.Severity]int64 // how many incidents are open, by severity; nil: not known
	At   time.Time              // when the tick began
	Took time.Duration          // how long it took
}
