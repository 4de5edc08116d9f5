// Package slo is the arithmetic of service level objectives: what counts,
// how fast a budget burns, and when that is more than bad luck. It does no
// I/O and imports only the standard library.
package slo

import "time"

// SLO is a promise to users, how it is measured and when breaking it wakes
// somebody up. One from package spec is valid: the target lies between 0 and
// 1, every pair's short window is shorter than its long one.
type SLO struct {
	Name        string // stable slug; also the name of its runbook
	Title       string // the headline while it fails: "Bookings are failing"
	EventLabel  string // what is counted, in the plural: "booking attempts"
	Affected    string // who notices: "diners who press Book"
	Dashboard   string // the dashboard to open
	Description string
	Objective   Objective
	Indicator   Indicator
	Policy      Policy
}

// Objective promises that the share Target of events is good over Window.
type Objective struct {
	Target float64
	Window time.Duration
}

// Budget is the share of events that may be bad.
func (o Objective) Budget() float64 { return 1 - o.Target }

// Policy says when a burning budget becomes an incident.
type Policy struct {
	// MaxChance is how probable the short window's bad events may at most be
	// under the objective: above it, a page is bad luck and not sent.
	MaxPValue float64
	Pairs     []WindowPair
}

// WindowPair fires when both its windows burn: the long one says it matters, the
// short one that it still goes on.
type WindowPair struct {
	Severity    Severity
	Long, Short time.Duration
	Burn        float64 // how many times faster than sustainable
}

// Severity is how loudly an incident is told.
type Severity string

// Page wakes somebody up.
const Page Severity = "page"

// Longest is the policy's longest window.
func (p Policy) Longest() time.Duration {
	var d time.Duration
	for _, pair := range p.Pairs {
		d = max(d, pair.Long)
	}
	return d
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
	return s
}
