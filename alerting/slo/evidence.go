package slo

// EvidenceFields says what messages about an incident may show of its bad events, by
// the names of documents. Every field is optional.
type EvidenceFields struct {
	Error string   // a keyword: the kind of failure
	Kept  string   // a boolean: the spans of the event's trace are kept
	Line  []string // of one event, in this order; none may hold personal data
	Spans *Spans   // nil: events have no spans
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
