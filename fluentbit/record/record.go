package record

import "time"

// Signal is what kind of thing a record is.
type Signal int

// The signals. Broken is input nobody could read: it is kept, with the reason,
// in the dead-letter index.
const (
	Log Signal = iota
	Span
	Metric
	Broken
)

// Record is one thing that was observed. Attributes holds every named value of
// it, those of its resource included, under the names of a log line
// (names.TraceID, names.ServiceName …).
type Record struct {
	Signal   Signal
	ID       string    // set by Identify
	Time     time.Time // when it happened, as its source says; zero if it does not
	Received time.Time // when the agent got it; zero if the chunk does not tell

	Attributes map[string]any

	Span   *SpanData   // Signal Span
	Point  *PointData  // Signal Metric
	Broken *BrokenData // Signal Broken

	// origin identifies a line without a uid of its own, where its source
	// allows that; see Identify.
	origin string
}

// SpanData is what only a span has. Its trace and span id stand in Attributes.
type SpanData struct {
	Parent     string // "" on a root
	Name       string
	Kind       string // SPAN_KIND_SERVER …
	End        time.Time
	StatusCode int
	StatusText string
	Events     []Event
	Links      []Link
}

// Event is something that happened within a span.
type Event struct {
	Time       time.Time
	Name       string
	Attributes map[string]any
}

// Link points from a span to another trace.
type Link struct {
	TraceID, SpanID string
	Attributes      map[string]any
}

// PointData is what only a metric point has. A histogram is two points, its
// count and its sum.
type PointData struct {
	Name  string
	Type  string // gauge, counter
	Unit  string
	Start time.Time
	Value float64
}

// BrokenData is input that could not be read.
type BrokenData struct {
	Reason string
	Raw    []byte
}

// maxSkew is how far a record's own time may lie from the agent's before it is
// not believed: a broken clock must not create indices for years to come.
const maxSkew = 24 * time.Hour

// When is the time under which the record is filed: its own, or the agent's
// where it has none or is more than a day off; believed tells which.
func (r *Record) When() (t time.Time, believed bool) {
	switch {
	case r.Received.IsZero():
		return r.Time, true
	case r.Time.IsZero():
		return r.Received, true
	case r.Time.Sub(r.Received).Abs() > maxSkew:
		return r.Received, false
	}
	return r.Time, true
}

// unixNano is the time of OTLP's nanoseconds; zero if there is none or it is
// beyond what OpenSearch's date_nanos holds.
func unixNano(n uint64) time.Time {
	if n == 0 || n > 1<<63-1 {
		return time.Time{}
	}
	return time.Unix(0, int64(n)).UTC()
}
