package invariants

import (
	"cmp"
	"fmt"
	"slices"
)

// Minimum is what an experiment must have done to prove anything.
type Minimum struct {
	Kills      int
	EarlyShare float64 // the share of kills that must happen before the sell-out
}

// Invariant names what was violated.
type Invariant string

// The invariants. EnoughFaults is violated by an experiment that injected too
// few faults to prove the others.
const (
	NeverOverbooked   Invariant = "overbooked"
	NothingLost       Invariant = "lost"
	NothingDuplicated Invariant = "doubled"
	OutcomeKnown      Invariant = "unknown"
	WaitlistServed    Invariant = "skipped"
	WaitlistCloses    Invariant = "overdue"
	EventPerChange    Invariant = "events"
	MailPerEvent      Invariant = "mails missing"
	NoExtraMail       Invariant = "mails doubled"
	EnoughFaults      Invariant = "too few faults"
)

// Violation is one violation of an invariant.
type Violation struct {
	Invariant Invariant
	Detail    string
}

func (v Violation) String() string { return string(v.Invariant) + ": " + v.Detail }

// Counts is the row that an experiment reports.
type Counts struct {
	Sellouts     int `json:"sellouts"`
	Kills        int `json:"kills"`
	Requests     int `json:"requests"`
	Booked       int `json:"booked"`        // reservations that were confirmed, once each
	Overbooked   int `json:"overbooked"`    // slots that held more than their capacity, at any time
	Lost         int `json:"lost"`          // successes in a response that the database does not have
	Doubled      int `json:"doubled"`       // rows that were requested by nobody, or only once and exist twice
	MailsMissing int `json:"mails_missing"` // events without a mail
	MailsDoubled int `json:"mails_doubled"` // mails beyond one per event and one per lost response of SES

	KillsEarly       int `json:"kills_before_sellout"`
	InFlight         int `json:"in_flight_at_kills"` // requests
	Unknown          int `json:"unknown"`            // changes whose client gave up before it knew the result
	Replayed         int `json:"replayed"`           // responses that replayed a stored result
	ResponsesLost    int `json:"answers_lost"`       // by the proxies before the service, on purpose
	Waited           int `json:"waited"`             // waitlist entries
	Offers           int `json:"offers"`
	Expired          int `json:"expired"` // entries and offers, at the cut-off
	Events           int `json:"events"`
	EventsMissing    int `json:"events_missing"` // changes without an event
	EventsDoubled    int `json:"events_doubled"` // events without a change
	Mails            int `json:"mails"`
	SESResponsesLost int `json:"ses_answers_lost"` // SES has the mail, but its sender got no response
	MailsExtra       int `json:"mails_surplus"`    // explained by the former, or counted as doubled
}

// Result is the counts of an experiment and the violations in it.
type Result struct {
	Counts
	Violations []Violation
}

func (r *Result) report(i Invariant, format string, args ...any) {
	r.Violations = append(r.Violations, Violation{i, fmt.Sprintf(format, args...)})
}

// Check compares the records of a history. It is pure: the same history has the
// same result.
func Check(h History, m Minimum) Result {
	var r Result
	r.Requests, r.Kills = len(h.Attempts), len(h.Kills)
	r.checkFaults(h, m)
	diners := operations(h)
	r.checkRows(h, diners)
	r.checkSeats(h, diners)
	r.checkWaitlists(h)
	r.checkEvents(h)
	r.checkMails(h)
	return r
}

func (r *Result) checkFaults(h History, m Minimum) {
	for _, k := range h.Kills {
		if k.CoversLeft > 0 {
			r.KillsEarly++
		}
		for _, a := range h.Attempts {
			if a.Op != Read && k.MayHaveHit(a) {
				r.InFlight++
			}
		}
	}
	for _, a := range h.Attempts {
		if a.Replayed {
			r.Replayed++
		}
		if a.Lost {
			r.ResponsesLost++
		}
	}
	if r.Kills < m.Kills {
		r.report(EnoughFaults, "%d kills, want %d", r.Kills, m.Kills)
	}
	if float64(r.KillsEarly) < m.EarlyShare*float64(r.Kills) {
		r.report(EnoughFaults, "only %d of %d kills were before the sell-out", r.KillsEarly, r.Kills)
	}
	if r.Kills > 0 && (r.InFlight == 0 || r.Replayed == 0 || r.ResponsesLost == 0) {
		r.report(EnoughFaults, "%d requests in flight at kills, %d responses lost, %d replayed: recovery was not tested",
			r.InFlight, r.ResponsesLost, r.Replayed)
	}
}

// sortedKeys is the keys of m in order, so that violations have the same order
// each time.
func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K {
	keys := make([]K, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
