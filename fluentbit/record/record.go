package record

import (
	"slices"
	"time"
)

// Signal is what kind of thing a record is.
type Signal int

// The signals. Broken is input nobody could read: it is kept, with the reason,
// in the dead-letter index.
const (
	Log Signal = iota
	Span
	Metric
	Unreadable
)

// Record is one thing that was observed. Its named values stand under the names
// of a log line (names.TraceID, names.ServiceName …): its own in Attributes,
// and in Resource and Scope those it shares with its neighbours. Where a name is
// in more than one, that order decides. The shared ones are never copied per
// record: a small chunk whose many records have one large resource would
// otherwise need gigabytes.
type Record struct {
	Signal   Signal
	ID       string    // set by Identify
	Time     time.Time // when it happened, as its source says; zero if it does not
	Received time.Time // when the agent got it; zero if the chunk does not tell

	Attributes, Resource, Scope map[string]any

	Span       *SpanData       // Signal Span
	Point      *PointData      // Signal Metric
	Unreadable *UnreadableData // Signal Broken

	// line tells that Received is the line's, and stays when it is sent again;
	// origin identifies one without a uid, where its source allows that.
	isLine bool
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

	distribution bool // one of the two points of a histogram
}

// UnreadableData is input that could not be read.
type UnreadableData struct {
	Reason  string
	Raw     []byte
	isParts bool // Raw is a run of values, as JSON
}

// maxSkew is how far a record's own time may lie from the agent's before it is
// not believed: a broken clock must not create indices for years to come.
const maxSkew = 24 * time.Hour

// IndexTime is the time under which the record is filed: its own, or the agent's
// where it has none or is more than a day off; believed tells which.
func (r *Record) IndexTime() (t time.Time, believed bool) {
	t = r.ownTime()
	switch {
	case r.Received.IsZero():
		return t, true
	case t.IsZero():
		return r.Received, true
	case t.Sub(r.Received).Abs() > maxSkew:
		return r.Received, false
	}
	return t, true
}

// ownTime is the record's own time, if it has one: that of a span without a
// start is its end.
func (r *Record) ownTime() time.Time {
	if r.Time.IsZero() && r.Span != nil {
		return r.Span.End
	}
	return r.Time
}

// attribute is the value of a name.
func (r *Record) attribute(name string) any {
	for _, m := range [...]map[string]any{r.Attributes, r.Resource, r.Scope} {
		if v, ok := m[name]; ok {
			return v
		}
	}
	return nil
}

// attributeNames is every name the record has a value for, sorted.
func (r *Record) attributeNames() []string {
	all := make([]string, 0, len(r.Attributes)+len(r.Resource)+len(r.Scope))
	for _, m := range [...]map[string]any{r.Attributes, r.Resource, r.Scope} {
		for k := range m {
			all = append(all, k)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// unixNano is the time of OTLP's nanoseconds; zero if there is none or it is
// beyond what OpenSearch's date_nanos holds.
func unixNano(n uint64) time.Time {
	if n == 0 || n > 1<<63-1 {
		return time.Time{}
	}
	return time.Unix(0, int64(n)).UTC()
}
