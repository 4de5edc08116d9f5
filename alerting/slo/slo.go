// Package slo is the arithmetic of service level objectives: which events count,
// how fast the error budget burns, and whether that is statistically
// significant. It does no I/O and imports only the standard library. The method
// is the multiwindow, multi-burn-rate alert of the SRE Workbook, chapter
// "Alerting on SLOs", with a significance test for low traffic.
package slo

import "time"

// SLO is an objective, how it is measured and when missing it pages somebody.
// Package spec returns only valid ones: the target lies between 0 and 1, and the
// short window of every pair is shorter than its long one.
type SLO struct {
	Name        string // stable slug; also the name of its runbook
	Title       string // the headline while it fails: "Bookings are failing"
	EventLabel  string // what is counted, in the plural: "booking attempts"
	Affected    string // whom it affects: "diners who press Book"
	Dashboard   string // the dashboard to open
	Description string
	Objective   Objective
	Indicator   Indicator
	Policy      Policy
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
	// MaxPValue is the significance level: a pair fires only when the p-value
	// of its short window is below it.
	MaxPValue float64
	Pairs     []WindowPair
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

// Page notifies the person on call at once.
const Page Severity = "page"

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
	return s
}
