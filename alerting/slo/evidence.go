package slo

import "time"

// EvidenceFields says what messages about an incident may show of its bad events, by
// the names of documents. Every field is optional.
type EvidenceFields struct {
	Error string   // a keyword: the kind of failure
	Kept  string   // a boolean: the spans of the event's trace are kept
	Line  []string // of one event, in this order; none may hold personal data
	Spans *Spans   // nil: events have no spans

	Weight   string // a number: how many events a document stands for; 1 where it is missing
	Compared []Compared
	Changes  []Change
}

// Compared is a field by which bad and good events are compared. Of fields that describe
// the same events the first one is named.
type Compared struct {
	Field string // a keyword, number or boolean
	// Of is the field with the owner of the value, such as the service of a version;
	// "" when the value stands for itself. Only events with the same owner are compared.
	Of      string
	In      Part
	Phrase  string // what an event with the value did: "went through"
	Outcome bool   // the value says how the event ended
}

// Part is where a field is: in the event itself, or in spans of its trace.
type Part string

// The parts, by their names in YAML.
const (
	InEvent       Part = "event"
	InSpans       Part = "spans"       // in any span of the trace
	InFailingSpan Part = "failingSpan" // in the deepest span that has failed
	// InSlowSpan is the span that took the most time without its children, if that alone
	// is half of what bad events take, and these take longer than good ones.
	InSlowSpan Part = "slowSpan"
)

// Change is a kind of document that says that something has changed.
type Change struct {
	When  Condition // which documents of the source
	Field string    // with what has changed, "" when the phrase says it all
	Of    string    // as in Compared
	// New: only a value that no document had before counts, such as that of a version
	// that was not in use.
	New    bool
	Phrase string // what happened to the value: "was first seen"
}

// Finding is a line of an incident's diagnosis: a value that bad events have far more
// often than good ones, or, with BadOf == 0, a change. The JSON names are stored.
type Finding struct {
	Phrase string `json:"phrase"`
	Value  string `json:"value,omitempty"`
	Bad    int64  `json:"bad,omitempty"` // events with the value, of those that were compared
	BadOf  int64  `json:"bad_of,omitempty"`
	Good   int64  `json:"good,omitempty"`
	GoodOf int64  `json:"good_of,omitempty"`
	// Lift is how many times more often bad events have the value than all events do.
	Lift float64 `json:"lift,omitempty"`
	// At is when it changed, or since when there is such a value; zero if that is not known.
	At time.Time `json:"at,omitzero"`
}

// Spans is where the spans of the traces of events are. LinkedTrace and LinkedSpan are
// "" when spans have no links, and Error and Peer when they have no such field.
type Spans struct {
	Index       string // pattern
	TimeField   string // the start of the span
	Trace       string
	Span        string
	Parent      string // missing or "" on a root
	Error       string // the kind of failure
	Peer        string // of a call: what was called
	LinkedTrace string
	LinkedSpan  string
	Duration    string    // a number in any unit; "" when spans have none
	Failed      Condition // which spans have failed
}

// Evidence is what was found of bad events. Its zero value says that nothing was.
type Evidence struct {
	ErrorType  string   // the most frequent one
	Dependency string   // the peer of the deepest failing span
	LogLine    string   // one event, cut
	Traces     []string // ids
}

// Complete reports whether e has all that events of s can have.
func (s Source) Complete(e Evidence) bool {
	if s.TraceField != "" && len(e.Traces) == 0 {
		return false
	}
	f := s.Evidence
	return f == nil || (len(f.Line) == 0 || e.LogLine != "") &&
		(f.Error == "" && (f.Spans == nil || f.Spans.Error == "") || e.ErrorType != "") &&
		(f.Spans == nil || f.Spans.Peer == "" || e.Dependency != "")
}

// Searchable reports whether events of s have any evidence.
func (s Source) Searchable() bool { return s.TraceField != "" || s.Evidence != nil }

// Comparable reports whether bad events of i can be compared with good ones.
func (i Indicator) Comparable() bool {
	return i.Within == 0 && !i.Bad.IsZero() && i.Source.Evidence != nil && len(i.Source.Evidence.Compared) > 0
}
