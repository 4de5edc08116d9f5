package verdict

import (
	"cmp"
	"fmt"
	"slices"
)

// Demand is what a campaign must have done for its verdict to mean anything.
type Demand struct {
	Kills int     // at least
	Early float64 // the share of them that must land before the sell-out
}

// Promise names what was broken.
type Promise string

// The promises, and Proof: a campaign that did too little has shown nothing.
const (
	NeverOverbooked Promise = "overbooked"
	NothingLost     Promise = "lost"
	NothingDoubled  Promise = "doubled"
	OutcomeKnown    Promise = "unknown"
	NobodySkipped   Promise = "skipped"
	LineCloses      Promise = "overdue"
	EventPerChange  Promise = "events"
	MailPerEvent    Promise = "mails missing"
	NoSurplusMail   Promise = "mails doubled"
	Proof           Promise = "proof"
)

// Finding is one broken promise.
type Finding struct {
	Promise Promise
	What    string
}

func (f Finding) String() string { return string(f.Promise) + ": " + f.What }

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

// Verdict is what the witnesses agree on, and where they do not.
type Verdict struct {
	Counts
	Findings []Finding
}

func (v *Verdict) find(p Promise, format string, args ...any) {
	v.Findings = append(v.Findings, Finding{p, fmt.Sprintf(format, args...)})
}

// Judge compares the witnesses. It is pure: the same world has the same verdict.
func Judge(w World, d Demand) Verdict {
	var v Verdict
	v.Requests, v.Kills = len(w.Tries), len(w.Kills)
	v.judgeKills(w, d)
	diners := listen(w)
	v.judgeRows(w, diners)
	v.judgeSeats(w, diners)
	v.judgeLines(w)
	v.judgeEvents(w)
	v.judgeMails(w)
	return v
}

func (v *Verdict) judgeKills(w World, d Demand) {
	for _, k := range w.Kills {
		if k.Left > 0 {
			v.KillsEarly++
		}
		for _, t := range w.Tries {
			if t.Op != Read && k.Caught(t) {
				v.InFlight++
			}
		}
	}
	for _, t := range w.Tries {
		if t.Replayed {
			v.Replayed++
		}
		if t.Lost {
			v.AnswersLost++
		}
	}
	if v.Kills < d.Kills {
		v.find(Proof, "%d kills, %d are wanted", v.Kills, d.Kills)
	}
	if float64(v.KillsEarly) < d.Early*float64(v.Kills) {
		v.find(Proof, "%d of %d kills came before the sell-out, too few", v.KillsEarly, v.Kills)
	}
	if v.Kills > 0 && (v.InFlight == 0 || v.Replayed == 0 || v.AnswersLost == 0) {
		v.find(Proof, "%d requests in flight at kills, %d answers lost, %d given again: nothing was put to the test",
			v.InFlight, v.AnswersLost, v.Replayed)
	}
}

// intention is what a diner wanted once, and every try of it.
type intention struct {
	Try    // the first
	tries  []Try
	heard  *Answer // of a success; nil if none was heard
	killed bool    // a try that nobody answered was in flight at a kill
}

// gaveUp reports whether the diner left without knowing what became of it.
func (i intention) gaveUp() bool { return i.heard == nil && !i.tries[len(i.tries)-1].answered() }

// open reports whether it may have succeeded unheard. A refusal after a lost
// answer settles it, because the key would have found a success; but a Move has
// no key, only a version that may have been raised by itself. And what a killed
// replica had sent to the database may still wait there, and be decided after
// the refusal.
func (i intention) open() bool {
	unanswered := slices.ContainsFunc(i.tries, func(t Try) bool { return !t.answered() })
	return i.heard == nil && i.Op != Read && (i.gaveUp() || i.killed || i.Op == Move && unanswered)
}

// listen groups the tries by diner and intention, both in the order of time. A
// diner wants one thing at a time.
func listen(w World) map[string][]*intention {
	diners := map[string][]*intention{}
	tries := slices.SortedStableFunc(slices.Values(w.Tries), func(a, b Try) int { return a.Began.Compare(b.Began) })
	for _, t := range tries {
		mine := diners[t.Diner]
		at := slices.IndexFunc(mine, func(i *intention) bool { return i.Op == t.Op && i.Key == t.Key })
		if at < 0 {
			at = len(mine)
			diners[t.Diner] = append(mine, &intention{Try: t})
		}
		i := diners[t.Diner][at]
		i.tries = append(i.tries, t)
		if t.succeeded() && i.heard == nil {
			i.heard = &t.Answer
		}
		i.killed = i.killed || !t.answered() && slices.ContainsFunc(w.Kills, func(k Kill) bool { return k.Caught(t) })
	}
	return diners
}

// ordered is the keys of m, so that findings come in the same order each time.
func ordered[K cmp.Ordered, V any](m map[K]V) []K {
	keys := make([]K, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
