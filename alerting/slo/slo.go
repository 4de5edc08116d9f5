// Package slo is the domain of alerting: service level objectives and direct
// alerts, which events count, how fast an error budget burns, and whether that is
// statistically significant. It does no I/O and imports only the standard library.
// The method is the multiwindow, multi-burn-rate alert of the SRE Workbook,
// chapter "Alerting on SLOs", with a significance test for low traffic.
package slo

import "time"

// Set is everything that one daemon evaluates. Package spec returns only valid
// ones, sorted by name. Names are unique among SLOs and alerts together.
type Set struct {
	SLOs   []SLO
	Alerts []Alert
}

// Rule is what an SLO and an alert have in common: what its incident is called and
// whom it affects.
type Rule struct {
	Name        string // stable slug
	Service     string // the name of the service that it concerns; "" if it is none in particular
	Title       string // the headline while it fails: "Bookings are failing"
	Affected    string // whom it affects: "diners who press Book"
	Dashboard   string // the dashboard to open
	Runbook     string // the name of its runbook; several rules may share one
	Description string
	// MutedBy are the names of rules that it depends on: while one of them has an
	// open incident, this one opens none.
	MutedBy []string
}

// SLO is an objective, how it is measured and when missing it notifies somebody.
// Its target lies between 0 and 1, and the short window of every pair is shorter
// than its long one.
type SLO struct {
	Rule
	EventLabel string // what is counted, in the plural: "booking attempts"
	Objective  Objective
	Indicator  Indicator
	Policy     Policy
}

// Objective is the share of events that shall be good over Window.
type Objective struct {
	Target float64
	Window time.Duration
}

// Budget is the error budget: the share of events that may be bad.
func (o Objective) Budget() float64 { return 1 - o.Target }

// Policy is the multiwindow policy: when burning becomes an incident.
type Policy struct {
	// MaxPValue is the significance level: a pair that pages fires only when the
	// p-value of its short window is below it.
	MaxPValue float64
	// MinBadEvents is the least number of bad events in the long window of a pair
	// that opens a ticket.
	MinBadEvents int64
	Pairs        []WindowPair // the fastest first
}

// WindowPair fires when both its windows burn: the long one shows that it is
// significant, the short one that it still happens. It is stored as JSON by the
// names of its fields.
type WindowPair struct {
	Severity    Severity
	Long, Short time.Duration
	Burn        float64 // the burn rate at which a window burns
}

// Severity is how urgently an incident is notified.
type Severity string

// The severities.
const (
	Page   Severity = "page"   // notifies the person on call at once
	Ticket Severity = "ticket" // can wait for working hours
)

// AtLeast reports whether s is as urgent as t or more. No severity at all, "", is
// the least urgent.
func (s Severity) AtLeast(t Severity) bool {
	return s.rank() >= t.rank()
}

func (s Severity) rank() int {
	switch s {
	case Page:
		return 2
	case Ticket:
		return 1
	}
	return 0
}

// WithTimeScale returns s with every window divided by n, for a demo or a test
// that cannot wait an hour. Rates and counts keep their meaning.
func (s SLO) WithTimeScale(n int) SLO {
	s.Objective.Window /= time.Duration(n)
	pairs := make([]WindowPair, len(s.Policy.Pairs))
	for i, p := range s.Policy.Pairs {
		p.Long /= time.Duration(n)
		p.Short /= time.Duration(n)
		pairs[i] = p
	}
	s.Policy.Pairs = pairs
	s.Indicator.Within = scaledAbsence(s.Indicator.Within, n)
	return s
}

// WithTimeScale returns the set with every window divided by n.
func (s Set) WithTimeScale(n int) Set {
	scaled := Set{SLOs: make([]SLO, len(s.SLOs)), Alerts: make([]Alert, len(s.Alerts))}
	for i, o := range s.SLOs {
		scaled.SLOs[i] = o.WithTimeScale(n)
	}
	for i, a := range s.Alerts {
		scaled.Alerts[i] = a.WithTimeScale(n)
	}
	return scaled
}

// Rules are what all SLOs and alerts of the set have in common, SLOs first.
func (s Set) Rules() []Rule {
	all := make([]Rule, 0, len(s.SLOs)+len(s.Alerts))
	for _, o := range s.SLOs {
		all = append(all, o.Rule)
	}
	for _, a := range s.Alerts {
		all = append(all, a.Rule)
	}
	return all
}

// Indicators are all indicators of the set, by key, for buckets of the given
// width.
func (s Set) Indicators(width time.Duration) map[Key]Indicator {
	all := map[Key]Indicator{}
	for _, o := range s.SLOs {
		all[o.Indicator.Key(width)] = o.Indicator
	}
	for _, a := range s.Alerts {
		for _, subject := range a.Subjects {
			all[subject.Indicator.Key(width)] = subject.Indicator
		}
	}
	return all
}
