// Package verdict decides what a fault has done to telemetry: it compares the
// numbered records that were emitted with the documents that were found.
package delivery

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Signal is what kind of record it was.
type Signal string

// The signals.
const (
	Line  Signal = "line"
	Span  Signal = "span"
	Point Signal = "point"
)

// Numbers is a run of Count numbers from First on.
type Numbers struct{ First, Count int64 }

func (n Numbers) contains(number int64) bool { return number >= n.First && number < n.First+n.Count }

// Found is how many documents of one index carry one number.
type Found struct {
	Signal Signal
	Number int64
	Index  string
	Copies int
}

// DeadLetter is a dead letter: the document that OpenSearch refused.
type DeadLetter struct {
	Signal Signal
	Number int64
	Reason string
}

// Evidence is how often something happened that makes the fault a fault.
type Evidence struct {
	What    string
	Times   int
	AtLeast int // that makes it one; 0 means 1
}

// Control is what a negative control must show.
type Control string

// The controls: rows that must fail to keep the promise, or the others prove
// nothing.
const (
	NoControl     Control = ""
	MustDuplicate Control = "must double"
	MustLose      Control = "must lose"
)

// Observation is all that is known of one row when it is over.
type Observation struct {
	Fault, Host string
	Control     Control
	Emitted     map[Signal]Numbers
	Found       []Found
	DeadLetters []DeadLetter
	Evidence    []Evidence
	Drain       time.Duration // from the fault's end until everything was searchable

	// Poisoned are the numbers of lines that belong among the dead letters.
	Poisoned []int64
	// Evicts says that records may be lost, but as many as Evicted, which is
	// what the counters tell. They may tell of up to Overtold more: of what was
	// underway when it was counted.
	MayEvict bool
	Evicted  int
	InFlight int
	// Filed is how many documents each index must hold; nil: wherever they are.
	PerIndex map[string]int
}

// Row is one line of the loss table.
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

// Check returns the row, and what is wrong with it: nothing if every promise
// was kept, or broken as a control must break it.
func Check(w Observation) (row Row, findings []string) {
	find := func(format string, args ...any) {
		findings = append(findings, w.Fault+" ("+w.Host+"): "+fmt.Sprintf(format, args...))
	}
	row = Row{
		Fault: w.Fault, Host: w.Host, Control: w.Control != NoControl, Drain: float64(w.Drain.Round(10*time.Millisecond)) / float64(time.Second),
		DeadLettered: len(w.DeadLetters),
	}
	for signal, n := range w.Emitted {
		row.Expected += int(n.Count)
		if n.Count <= 0 {
			find("no %s was emitted", signal)
		}
	}
	if len(w.Emitted) == 0 {
		find("nothing was emitted")
	}
	copies, stray, filed := map[key]int{}, 0, map[string]int{}
	for _, f := range w.Found {
		if !w.Emitted[f.Signal].contains(f.Number) {
			stray += f.Copies
			continue
		}
		copies[key{f.Signal, f.Number}] += f.Copies
		filed[f.Index] += f.Copies
	}
	row.Indexed = len(copies)
	for _, n := range copies {
		row.Duplicated += n - 1
	}
	if stray > 0 {
		find("%d documents carry a number that was never emitted", stray)
	}
	dead := map[key]bool{}
	for _, d := range w.DeadLetters {
		k := key{d.Signal, d.Number}
		switch {
		case dead[k]:
			row.Duplicated++
		case copies[k] > 0:
			find("%s %d is in its index and among the dead letters", d.Signal, d.Number)
		}
		dead[k] = true
		if d.Reason == "" {
			find("the dead letter of %s %d has no reason", d.Signal, d.Number)
		}
	}
	var lost []key
	for signal, n := range w.Emitted {
		for number := n.First; number < n.First+n.Count; number++ {
			if k := (key{signal, number}); copies[k] == 0 && !dead[k] {
				lost = append(lost, k)
			}
		}
	}
	row.Lost = len(lost)
	checkDelivery(w, row, lost, find)
	checkDeadLetters(w, dead, find)
	for _, index := range sortedKeys(w.PerIndex) {
		if got := filed[index]; got != w.PerIndex[index] {
			find("%s holds %d documents, want %d", index, got, w.PerIndex[index])
		}
	}
	row.Evidence = checkEvidence(w, find)
	return row, findings
}

type reporter func(format string, args ...any)

func checkDelivery(w Observation, row Row, lost []key, find reporter) {
	switch {
	case w.Control == MustDuplicate && row.Duplicated == 0:
		find("nothing is there twice: a control that cannot fail, so the other rows prove nothing")
	case w.Control == MustLose && row.Lost == 0:
		find("nothing is lost: a control that cannot fail, so the other rows prove nothing")
	case w.Control != NoControl:
		return
	case w.MayEvict && row.Lost == 0:
		find("nothing was evicted: the limit was not reached")
	case w.MayEvict && (w.Evicted < row.Lost || w.Evicted > row.Lost+w.InFlight):
		find("%d records are lost, but the counters tell of %d, of which at most %d may have been underway", row.Lost, w.Evicted, w.InFlight)
	case !w.MayEvict && row.Lost > 0:
		find("%d records are lost: %s", row.Lost, summary(lost))
	}
	if w.Control == NoControl && row.Duplicated > 0 {
		find("%d records are there twice", row.Duplicated)
	}
}

// checkDeadLetters wants the poisoned among the dead letters and nobody else.
func checkDeadLetters(w Observation, dead map[key]bool, find reporter) {
	poisoned := map[key]bool{}
	for _, number := range w.Poisoned {
		k := key{Line, number}
		poisoned[k] = true
		if !dead[k] {
			find("line %d was poisoned and is not among the dead letters", number)
		}
	}
	for k := range dead {
		if !poisoned[k] {
			find("%s %d is among the dead letters", k.signal, k.number)
		}
	}
}

// checkEvidence wants everything that makes up the fault to have happened.
func checkEvidence(w Observation, find reporter) string {
	if len(w.Evidence) == 0 {
		find("nothing proves that the fault fired")
	}
	var told []string
	for _, p := range w.Evidence {
		if least := max(1, p.AtLeast); p.Times < least {
			find("its fault did not fire: %s %d times, want %d", p.What, p.Times, least)
		}
		told = append(told, fmt.Sprintf("%s %d", p.What, p.Times))
	}
	return strings.Join(told, ", ")
}

// summary is the first few of many, and how many runs of numbers they are.
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
		shown = append(shown[:most], fmt.Sprintf("and %d more runs", len(shown)-most))
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
