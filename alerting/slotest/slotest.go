// Package slotest tests rules with series of counts, as promtool tests the rules
// of Prometheus: a file says how many events happen in each minute and which
// incidents are expected when. Counter, evaluator and incident manager are those
// of production, on a clock that is set from minute to minute.
//
// A file contains one YAML document of the kind SeriesTest; the fields of its
// types are documented below and testdata/example.test.yaml shows all of them.
package slotest

import "time"

// File is one test file.
type File struct {
	APIVersion string   `yaml:"apiVersion"` // jari.example/v1
	Kind       string   `yaml:"kind"`       // SeriesTest
	Metadata   Metadata `yaml:"metadata"`
	Spec       Spec     `yaml:"spec"`

	path string // as it was given, for messages
}

// Metadata names the rule that series and expectations are about when they name
// none.
type Metadata struct {
	Name string `yaml:"name"`
}

// Spec is what a file contains.
type Spec struct {
	// Rules is the directory with the rules, relative to the file. Without it the
	// caller's are tested: those of --slo-dir, or the built-in ones.
	Rules string `yaml:"rules"`
	Tests []Test `yaml:"tests"`
}

// Test is one course of events. It evaluates only the rules that it names, so
// that a heartbeat need not be written into the test of a ratio. It begins when
// the daemon does, and ends with its longest series or last expectation.
type Test struct {
	Name   string   `yaml:"name"`
	Series []Series `yaml:"series"`
	// NoTelemetry are periods in which no document of any kind is stored: what
	// the series say about them never arrives, unless it is late. At all other
	// times other telemetry arrives, whatever the series say.
	NoTelemetry []Period      `yaml:"noTelemetry"`
	Expect      []Expectation `yaml:"expect"`

	line int
}

// Series is how many events of a rule happen in each minute, from the start of
// the test on; none after its end.
type Series struct {
	Rule string `yaml:"rule"` // default: the file's name
	// Subject is one subject of an alert with several. A series without it is
	// that of every subject that has none of its own.
	Subject string `yaml:"subject"`
	Region  string `yaml:"region"`
	// Good and Bad are for a ratio of good and bad events, Events for a rule that
	// does not divide them: freshness, heartbeat, an alert without bad.
	Good   Minutes `yaml:"good"`
	Bad    Minutes `yaml:"bad"`
	Events Minutes `yaml:"events"`
	Late   []Late  `yaml:"late"`
}

// Late says that the events of some minutes arrive By later than they happen.
type Late struct {
	During Period   `yaml:"during"`
	By     Duration `yaml:"by"`
}

// Expectation is what must be true of a rule's incidents, either At a time or in
// each minute During a period. Times are since the start of the test: at 14m, the
// first 14 minutes have been counted.
type Expectation struct {
	Rule   string   `yaml:"rule"` // default: the file's name
	At     Duration `yaml:"at"`
	During Period   `yaml:"during"`

	State State `yaml:"state"`
	// Incidents is how many incidents were opened so far; one that was reopened
	// counts once.
	Incidents *int `yaml:"incidents"`
	// Subjects are the subjects that an alert's open incident lists.
	Subjects []string `yaml:"subjects"`
	// AlsoAffected are the rules that the open incident lists as also affected.
	AlsoAffected []string `yaml:"alsoAffected"`

	line int
}

// State is the state of a rule.
type State string

// The states.
const (
	None     State = "none"     // no incident was opened so far
	Ticket   State = "ticket"   // a ticket is open
	Page     State = "page"     // a page is open
	Resolved State = "resolved" // no incident is open any more
)

// Period is [From, To), written as "10m-1h30m", or "all" for the whole test. Its
// minutes are those that end after From and not after To.
type Period struct {
	From, To time.Duration
	All      bool
}

// Duration is written as Prometheus writes it: "90s", "1h30m", "3d". Here it is
// always whole minutes.
type Duration time.Duration
