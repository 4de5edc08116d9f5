package runbook

import (
	"fmt"
	"slices"

	"jari.example/alerting/expect"
)

// Page is one runbook.
type Page struct {
	Name        string // of its file, without extension
	Title       string
	Text        string // Markdown
	Steps       []Step
	Mitigations []Mitigation
	sections    []string
	intro       bool            // there is text before the first section
	empty       []string        // sections without text
	anchors     map[string]bool // ids of headings, as browsers show them
	links       []string        // targets of links
	references  []Reference     // anywhere on the page
	problems    []error
}

// Step is one step of a diagnosis.
type Step struct {
	Number   int
	Question string
	Command  string // "jarictl ask NAME …"
	Findings []Finding
}

// Finding is what one possible answer means.
type Finding struct {
	When       expect.Expectation
	Answer     string // to the question, in a word or a few: "NO"
	Meaning    string
	References []Reference // none: the answer is as it should be
}

// Cause reports whether the finding is a cause: it says "see mitigation 1". A mitigation
// that is mentioned in another way is one that a person has to decide about.
func (f Finding) Cause() bool { return slices.ContainsFunc(f.References, Reference.cause) }

// Reference is where a page refers to a step or a mitigation.
type Reference struct {
	Page   string // "" for the page itself
	Kind   string // step or mitigation
	Number int
	See    bool // the text says "see" before it
}

func (r Reference) cause() bool { return r.See && r.Kind == toMitigation }

const toMitigation = "mitigation" // the kind of a reference; the other is step

func (r Reference) String() string {
	if r.Page == "" {
		return fmt.Sprintf("%s %d", r.Kind, r.Number)
	}
	return fmt.Sprintf("%s %d of %s", r.Kind, r.Number, r.Page)
}

// Mitigation is one way to stop the harm.
type Mitigation struct {
	Number int
	Title  string
	Text   string
}

// The sections whose content is data.
const (
	diagnosis  = "Diagnosis"
	mitigation = "Mitigation"
)

// sectionsOfPage are the sections of every runbook, in this order.
var sectionsOfPage = []string{"What the diner feels", "First minute", diagnosis, mitigation, "Escalation", "Afterwards"}
