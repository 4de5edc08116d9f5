package invariants

import (
	"cmp"
	"fmt"
	"slices"
)

// Minimum is what a campaign must have done for its verdict to mean anything.
type Minimum struct {
	Kills      int     // at least
	EarlyShare float64 // the share of them that must land before the sell-out
}

// Invariant names what was broken.
type Invariant string

// The promises, and Proof: a campaign that did too little has shown nothing.
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
	EnoughFaults      Invariant = "proof"
)

// Violation is one broken promise.
type Violation struct {
	Invariant Invariant
	Detail    string
}

func (f Violation) String() string { return string(f.Invariant) + ": " + f.Detail }

// Counts is what a campaign reports.
type Counts struct {
	Sellouts     int `json:"sellouts"`
	Kills        int `json:"kills"`
	Requests     int `json:"requests"`
	Booked       int `json:"booked"`        // reservations that were confirmed once
	Overbooked   int `json:"overbooked"`    // slots that held more than they have, at any time
	Lost         int `json:"lost"`          // successes told to a diner that the database does not have
	Doubled      int `json:"doubled"`       // rows that nobody asked for, or not twice
	MailsMissing int `json:"mails_missing"` // events without a mail
	MailsDoubled int `json:"mails_doubled"` // mails beyond one per event and one per lost answer of SES

	KillsEarly    int `json:"kills_before_sellout"`
	InFlight      int `json:"in_flight_at_kills"` // requests
	Unknown       int `json:"unknown"`            // changes whose diner gave up before hearing what became of them
	Replayed      int `json:"replayed"`           // answers that were given again to the same key
	AnswersLost   int `json:"answers_lost"`       // by the proxy before the service, deliberately
	Waited        int `json:"waited"`             // entries in a line
	Offers        int `json:"offers"`
	Expired       int `json:"expired"` // entries and offers, at the cut-off
	Events        int `json:"events"`
	EventsMissing int `json:"events_missing"` // changes without an event
	EventsDoubled int `json:"events_doubled"` // events without a change
	Mails         int `json:"mails"`
	SESLost       int `json:"ses_answers_lost"` // SES has the mail, its sender never heard so
	MailsSurplus  int `json:"mails_surplus"`    // explained by the former, or counted as doubled
}

// Result is what the witnesses agree on, and where they do not.
type Result struct {
	Counts
	Violations []Violation
}

func (v *Result) report(p Invariant, format string, args ...any) {
	v.Violations = append(v.Violations, Violation{p, fmt.Sprintf(format, args...)})
}

// Check compares the witnesses. It is pure: the same world has the same invariants.
func Check(w History, d Minimum) Result {
	var v Result
	v.Requests, v.Kills = len(w.Attempts), len(w.Kills)
	v.checkFaults(w, d)
	diners := operations(w)
	v.checkRows(w, diners)
	v.checkSeats(w, diners)
	v.checkWaitlists(w)
	v.checkEvents(w)
	v.checkMails(w)
	return v
}

func (v *Result) checkFaults(w History, d Minimum) {
	for _, k := range w.Kills {
		if k.CoversLeft > 0 {
			v.KillsEarly++
		}
		for _, t := range w.Attempts {
			if t.Op != Read && k.MayHaveHit(t) {
				v.InFlight++
			}
		}
	}
	for _, t := range w.Attempts {
		if t.Replayed {
			v.Replayed++
		}
		if t.Lost {
			v.AnswersLost++
		}
	}
	if v.Kills < d.Kills {
		v.report(EnoughFaults, "%d kills, %d are wanted", v.Kills, d.Kills)
	}
	if float64(v.KillsEarly) < d.EarlyShare*float64(v.Kills) {
		v.report(EnoughFaults, "%d of %d kills came before the sell-out, too few", v.KillsEarly, v.Kills)
	}
	if v.Kills > 0 && (v.InFlight == 0 || v.Replayed == 0 || v.AnswersLost == 0) {
		v.report(EnoughFaults, "%d requests in flight at kills, %d answers lost, %d given again: nothing was put to the test",
			v.InFlight, v.AnswersLost, v.Replayed)
	}
}

// operation is what a diner wanted once, and every try of it.
type operation struct {
	Attempt     // the first
	attempts    []Attempt
	success     *Response // of a success; nil if none was heard
	interrupted bool      // a try that nobody answered was in flight at a kill
}

// abandoned reports whether the diner left without knowing what became of it.
func (i operation) abandoned() bool {
	return i.success == nil && !i.attempts[len(i.attempts)-1].decided()
}

// uncertain reports whether it may have succeeded unheard. A refusal after a lost
// answer settles it, because the key would have found a success; but a Move has
// no key, only a version that may have been raised by itself. And what a killed
// replica had sent to the database may still wait there, and be decided after
// the refusal.
func (i operation) uncertain() bool {
	unanswered := slices.ContainsFunc(i.attempts, func(t Attempt) bool { return !t.decided() })
	return i.success == nil && i.Op != Read && (i.abandoned() || i.interrupted || i.Op == Move && unanswered)
}

// operations groups the tries by diner and intention, both in the order of time. A
// diner wants one thing at a time.
func operations(w History) map[string][]*operation {
	diners := map[string][]*operation{}
	tries := slices.SortedStableFunc(slices.Values(w.Attempts), func(a, b Attempt) int { return a.Began.Compare(b.Began) })
	for _, t := range tries {
		mine := diners[t.Diner]
		at := slices.IndexFunc(mine, func(i *operation) bool { return i.Op == t.Op && i.Key == t.Key })
		if at < 0 {
			at = len(mine)
			diners[t.Diner] = append(mine, &operation{Attempt: t})
		}
		i := diners[t.Diner][at]
		i.attempts = append(i.attempts, t)
		if t.succeeded() && i.success == nil {
			i.success = &t.Response
		}
		i.interrupted = i.interrupted || !t.decided() && slices.ContainsFunc(w.Kills, func(k Kill) bool { return k.MayHaveHit(t) })
	}
	return diners
}

// sortedKeys is the keys of m, so that findings come in the same order each time.
func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K {
	keys := make([]K, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
