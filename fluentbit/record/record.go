package record

import (
	"slices"
	"strings"
	"time"
)

// Signal is the kind of a record.
type Signal int

// The signals. Unreadable is input that could not be decoded: it is stored, with the
// reason, in the dead-letter index.
const (
	Log Signal = iota
	Span
	Metric
	Unreadable
)

// Record is one log line, span or metric point. Its values have the names of a log
// line's fields (names.TraceID, names.ServiceName …). Its own are in Attributes; those
// that it shares with other records are in Resource and Scope. If a name is in more
// than one, that is their order of precedence. Shared maps are never copied per
// record: a small chunk whose many records have one large resource would otherwise
// need gigabytes.
type Record struct {
	Signal   Signal
	ID       string    // set by Identify
	Time     time.Time // when it occurred, by its source's clock; zero if unknown
	Received time.Time // when the agent received it; zero if the chunk does not say

	Attributes, Resource, Scope map[string]any

	Span       *SpanData       // Signal Span
	Point      *PointData      // Signal Metric
	Unreadable *UnreadableData // Signal Broken

	// isLine is set if Received belongs to the line, and so stays the same when the
	// line is sent again. origin identifies a line without a uid; "" if its source
	// does not allow that.
	isLine bool
	origin string
}

// SpanData holds what only a span has. Its trace and span id are in Attributes.
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

// Event is an event within a span.
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

// PointData holds what only a metric point has. A histogram becomes two points, its
// count and its sum.
type PointData struct {
	Name  string
	Type  string // gauge, counter
	Unit  string
	Start time.Time
	Value float64

	distribution bool // one of the two points of a histogram
}

// UnreadableData is input that could not be decoded.
type UnreadableData struct {
	Reason  string
	Raw     []byte
	isParts bool // Raw is a run of values, as JSON, one per line
}

// maxSkew is how far a record's own time may be from the agent's. Beyond that it is
// not trusted: a wrong clock must not create indices for years to come.
const maxSkew = 24 * time.Hour

// IndexTime is the time that decides the record's index: its own, or the agent's if it
// has none or is more than maxSkew off. trusted is false in the latter case.
func (r *Record) IndexTime() (t time.Time, trusted bool) {
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

// ownTime is the record's own time, zero if it has none. For a span without a start
// it is the end.
func (r *Record) ownTime() time.Time {
	if r.Time.IsZero() && r.Span != nil {
		return r.Span.End
	}
	return r.Time
}

// attribute returns the value of a name, by the precedence of Record's maps.
func (r *Record) attribute(name string) any {
	for _, m := range [...]map[string]any{r.Attributes, r.Resource, r.Scope} {
		if v, ok := m[name]; ok {
			return v
		}
	}
	return nil
}

// appendFields appends every name that the record has a value for, with the value,
// sorted by name.
func (r *Record) appendFields(all []field) []field {
	from := len(all)
	for k, v := range r.Attributes {
		all = append(all, field{k, v})
	}
	for k, v := range r.Resource {
		if _, shadowed := r.Attributes[k]; !shadowed {
			all = append(all, field{k, v})
		}
	}
	for k, v := range r.Scope {
		if _, shadowed := r.Attributes[k]; shadowed {
			continue
		}
		if _, shadowed := r.Resource[k]; !shadowed {
			all = append(all, field{k, v})
		}
	}
	slices.SortFunc(all[from:], func(a, b field) int { return strings.Compare(a.name, b.name) })
	return all
}

// unixNano converts OTLP's Unix nanoseconds; zero if unset or beyond what OpenSearch's
// date_nanos holds.
func unixNano(n uint64) time.Time {
	if n == 0 || n > 1<<63-1 {
		return time.Time{}
	}
	return time.Unix(0, int64(n)).UTC()
}
