// Package delivery checks what a fault has done to telemetry. It compares the
// numbered records that were emitted with the documents that were found, and does
// nothing else.
package delivery

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Signal is the kind of a record.
type Signal string

// The signals.
const (
	Line  Signal = "line"
	Span  Signal = "span"
	Point Signal = "point"
)

// Numbers is Count consecutive numbers from First on.
type Numbers struct{ First, Count int64 }

func (n Numbers) contains(number int64) bool { return number >= n.First && number < n.First+n.Count }

// Found is how many documents with one number are in one index.
type Found struct {
	Signal Signal
	Number int64
	Index  string
	Copies int
}

// DeadLetter is the number of a document that OpenSearch refused, and why.
type DeadLetter struct {
	Signal Signal
	Number int64
	Reason string
}

// Evidence is how often something happened that shows that the fault was
// injected.
type Evidence struct {
	What    string
	Times   int
	AtLeast int // times are required; 0 means 1
}

// Control is what a negative control must show.
type Control string

// The negative controls: rows that must lose or duplicate records. If they do
// not, the other rows prove nothing.
const (
	NoControl     Control = ""
	MustDuplicate Control = "must duplicate"
	MustLose      Control = "must lose"
)

// Observation is everything that is known after the run of one row.
type Observation struct {
	Fault, Host string
	Control     Control
	Emitted     map[Signal]Numbers
	Found       []Found
	DeadLetters []DeadLetter
	Evidence    []Evidence
	Drain       time.Duration // from the fault's end until everything was searchable

	// Poisoned is the numbers of lines that must become dead letters.
	Poisoned []int64
	// MayEvict means that records may be lost, exactly as many as the counters
	// report in Evicted. The counters may report up to InFlight more: records
	// that were in flight when they were counted.
	MayEvict bool
	Evicted  int
	InFlight int
	// PerIndex is how many documents each index must have; nil: any.
	PerIndex map[string]int
}

// Row is one row of the loss table.
type Row struct {
	Fault        string  `json:"fault"`
	Host         string  `json:"host"`
	Expected     int     `json:"expected"`
	Indexed      int     `json:"indexed"`
	Lost         int     `json:"lost"`
	Duplicated   int     `json:"duplicated"`
	DeadLettered int     `json:"dead_lettered"`
	Drain        float64 `json:"drain_s"`
	Evidence     string  `json:"proof"`
	Control      bool    `json:"control"`
}

type key struct {
	signal Signal
	number int64
}

// Check returns the row and its violations: none if every record was delivered as
// it must be, or if a negative control has failed as it must.
func Check(o Observation) (row Row, violations []string) {
	report := func(format string, args ...any) {
		violations = append(violations, o.Fault+" ("+o.Host+"): "+fmt.Sprintf(format, args...))
	}
	row = Row{
		Fault: o.Fault, Host: o.Host, Control: o.Control != NoControl, DeadLettered: len(o.DeadLetters),
		Drain: float64(o.Drain.Round(10*time.Millisecond)) / float64(time.Second),
	}
	for signal, n := range o.Emitted {
		row.Expected += int(n.Count)
		if n.Count <= 0 {
			report("no %s was emitted", signal)
		}
	}
	if len(o.Emitted) == 0 {
		report("nothing was emitted")
	}
	copies := countCopies(o, &row, report)
	dead := countDeadLetters(o, copies, &row, report)
	lost := missing(o, copies, dead)
	row.Lost = len(lost)
	checkDelivery(o, row, lost, report)
	checkDeadLetters(o, dead, report)
	row.Evidence = checkEvidence(o, report)
	return row, violations
}

type reporter func(format string, args ...any)

// countCopies counts the documents of each record, and checks their indices.
func countCopies(o Observation, row *Row, report reporter) map[key]int {
	copies, unknown, perIndex := map[key]int{}, 0, map[string]int{}
	for _, f := range o.Found {
		if !o.Emitted[f.Signal].contains(f.Number) {
			unknown += f.Copies
			continue
		}
		copies[key{f.Signal, f.Number}] += f.Copies
		perIndex[f.Index] += f.Copies
	}
	row.Indexed = len(copies)
	for _, n := range copies {
		row.Duplicated += n - 1
	}
	if unknown > 0 {
		report("%d documents have a number that was never emitted", unknown)
	}
	for _, index := range sortedKeys(o.PerIndex) {
		if got := perIndex[index]; got != o.PerIndex[index] {
			report("%s has %d documents, want %d", index, got, o.PerIndex[index])
		}
	}
	return copies
}

// countDeadLetters returns the records that are dead letters, and checks that each
// is one only once and has a reason.
func countDeadLetters(o Observation, copies map[key]int, row *Row, report reporter) map[key]bool {
	dead := map[key]bool{}
	for _, d := range o.DeadLetters {
		k := key{d.Signal, d.Number}
		switch {
		case dead[k]:
			row.Duplicated++
		case copies[k] > 0:
			report("%s %d is in its index and a dead letter", d.Signal, d.Number)
		}
		dead[k] = true
		if d.Reason == "" {
			report("the dead letter of %s %d has no reason", d.Signal, d.Number)
		}
	}
	return dead
}

// missing lists the records that are neither in an index nor dead letters.
func missing(o Observation, copies map[key]int, dead map[key]bool) (lost []key) {
	for signal, n := range o.Emitted {
		for number := n.First; number < n.First+n.Count; number++ {
			if k := (key{signal, number}); copies[k] == 0 && !dead[k] {
				lost = append(lost, k)
			}
		}
	}
	return lost
}

func checkDelivery(o Observation, row Row, lost []key, report reporter) {
	switch {
	case o.Control == MustDuplicate && row.Duplicated == 0:
		report("nothing is duplicated: the control did not fail, so the other rows prove nothing")
	case o.Control == MustLose && row.Lost == 0:
		report("nothing is lost: the control did not fail, so the other rows prove nothing")
	case o.Control != NoControl:
		return
	case o.MayEvict && row.Lost == 0:
		report("nothing was evicted: the limit was not reached")
	case o.MayEvict && (o.Evicted < row.Lost || o.Evicted > row.Lost+o.InFlight):
		report("%d records are lost, but the counters report %d, of which at most %d may have been in flight", row.Lost, o.Evicted, o.InFlight)
	case !o.MayEvict && row.Lost > 0:
		report("%d records are lost: %s", row.Lost, summary(lost))
	}
	if o.Control == NoControl && row.Duplicated > 0 {
		report("%d records are duplicated", row.Duplicated)
	}
}

// checkDeadLetters requires that exactly the poisoned records are dead letters.
func checkDeadLetters(o Observation, dead map[key]bool, report reporter) {
	poisoned := map[key]bool{}
	for _, number := range o.Poisoned {
		k := key{Line, number}
		poisoned[k] = true
		if !dead[k] {
			report("line %d was poisoned and is not a dead letter", number)
		}
	}
	for k := range dead {
		if !poisoned[k] {
			report("%s %d is a dead letter", k.signal, k.number)
		}
	}
}

// checkEvidence requires that the fault was injected, and returns the evidence as
// text.
func checkEvidence(o Observation, report reporter) string {
	if len(o.Evidence) == 0 {
		report("there is no evidence that the fault was injected")
	}
	var texts []string
	for _, e := range o.Evidence {
		if least := max(1, e.AtLeast); e.Times < least {
			report("the fault was not injected: %s %d times, want %d", e.What, e.Times, least)
		}
		texts = append(texts, fmt.Sprintf("%s %d", e.What, e.Times))
	}
	return strings.Join(texts, ", ")
}

// summary lists the first few ranges of consecutive numbers among keys, and how
// many more there are.
func summary(keys []key) string {
	slices.SortFunc(keys, func(a, b key) int {
		return cmp.Or(cmp.Compare(a.signal, b.signal), cmp.Compare(a.number, b.number))
	})
	const most = 8
	var shown []string
	for i, from := 0, 0; i < len(keys); i++ {
		if i+1 < len(keys) && keys[i+1] == (key{keys[i].signal, keys[i].number + 1}) {
			continue
		}
		shown = append(shown, fmt.Sprintf("%s %d…%d", keys[from].signal, keys[from].number, keys[i].number))
		from = i + 1
	}
	if len(shown) > most {
		shown = append(shown[:most], fmt.Sprintf("and %d more ranges", len(shown)-most))
	}
	return strings.Join(shown, ", ")
}

func sortedKeys(m map[string]int) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
