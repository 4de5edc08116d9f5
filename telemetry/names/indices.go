package names

import (
	"strings"
	"time"
)

// Index is a family of indices: one per UTC day, or month, of event time. From
// here come their templates, when they are deleted, and TELEMETRY.md.
type Index struct {
	Name    string // of its template, after "jari-"
	Family  string // what its indices' names begin with
	Monthly bool   // one per month instead of per day
	Keep    int    // days until `jari-telemetry prune` deletes one
	Brief   string
	Shared  bool    // it has all of Fields, too
	Own     []Field // fields of its documents alone
}

// Indices is every family that the agents write.
var Indices = []Index{
	{Name: "logs", Family: LogIndex, Keep: 14, Brief: "log lines", Shared: true, Own: []Field{originalTime}},
	{Name: "spans", Family: SpanIndex, Keep: 7, Brief: "spans", Shared: true, Own: []Field{
		originalTime,
		{Doc: DocParentSpanID, Kind: Keyword, Brief: "The span above it; empty on a root, never absent."},
		{Doc: DocSpanName, Kind: Keyword, Brief: "What was done: the route, the statement, the peer."},
		{Doc: DocKind, Kind: Keyword, Brief: "SPAN_KIND_SERVER, _CLIENT, _INTERNAL, _PRODUCER or _CONSUMER."},
		{Doc: DocStartTime, Kind: DateNanos, Brief: "When it began; decides its index."},
		{Doc: DocEndTime, Kind: DateNanos, Brief: "When it ended."},
		{Doc: DocDuration, Kind: Long, Brief: "Nanoseconds from start to end."},
		{Doc: DocStatusCode, Kind: Integer, Brief: "0 unset, 1 ok, 2 error."},
		{Doc: DocStatusText, Kind: Keyword, Brief: "Why it failed."},
		{Doc: DocTraceGroup, Kind: Keyword, Brief: "Roots only: the root's name."},
		{Doc: DocTraceGroupEnd, Kind: DateNanos, Brief: "Roots only, as are the two below."},
		{Doc: DocTraceGroupDuration, Kind: Long, Brief: "How long the trace took, in nanoseconds."},
		{Doc: DocTraceGroupStatus, Kind: Integer, Brief: "How it ended."},
		{Doc: DocEvents + ".name", Kind: Keyword, Brief: "What happened within the span."},
		{Doc: DocEvents + ".time", Kind: DateNanos, Brief: "When that was."},
		{Doc: DocLinks + "." + DocTraceID, Kind: Keyword, Brief: "Another trace it belongs with."},
		{Doc: DocLinks + "." + DocSpanID, Kind: Keyword, Brief: "The span of that trace."},
	}},
	{Name: "service-map", Family: ServiceMapIndex, Monthly: true, Keep: 90, Brief: "who calls whom", Own: []Field{
		{Doc: DocServiceName, Kind: Keyword, Brief: "Who called, or was called."},
		{Doc: DocKind, Kind: Keyword, Brief: "The kind of the span that showed it."},
		{Doc: DocTraceGroupName, Kind: Keyword, Brief: "The name of that span."},
		{Doc: DocHashID, Kind: Keyword, Brief: "The document's id."},
		{Doc: DocDestination + "." + MapDomain, Kind: Keyword, Brief: "The service that a client called."},
		{Doc: DocDestination + "." + MapResource, Kind: Keyword, Brief: "The same: a client knows no more."},
		{Doc: DocTarget + "." + MapDomain, Kind: Keyword, Brief: "The service that was called."},
		{Doc: DocTarget + "." + MapResource, Kind: Keyword, Brief: "What of it: the span's name, or itself."},
	}},
	{Name: "metrics", Family: MetricIndex, Keep: 30, Brief: "metric points", Shared: true, Own: []Field{
		originalTime,
		{Doc: DocMetricName, Kind: Keyword, Brief: "The metric."},
		{Doc: DocMetricType, Kind: Keyword, Brief: "counter or gauge; a histogram is two counters, .count and .sum."},
		{Doc: DocMetricUnit, Kind: Keyword, Brief: "Its unit."},
		{Doc: DocMetricValue, Kind: Double, Brief: "Its value."},
		{Doc: DocStartTime, Kind: DateNanos, Brief: "Since when a counter counts."},
	}},
	// The refused document itself has no field: it is kept, and shown, but any
	// index over it might refuse it a second time.
	{Name: "deadletter", Family: DeadLetterIndex, Keep: 90, Brief: "what no index would take, with the reason", Own: []Field{
		{Doc: DocTime, Kind: DateNanos, Brief: "When the refused document's event happened."},
		{Doc: DocRefusedIndex, Kind: Keyword, Brief: "The index it was meant for."},
		{Doc: DocRefusedID, Kind: Keyword, Brief: "Its id there."},
		{Doc: DocRefusedStatus, Kind: Integer, Brief: "OpenSearch's answer; 0 where it could not even be read."},
		{Doc: DocRefusedType, Kind: Keyword, Brief: "OpenSearch's type of error, or unreadable, or too_large."},
		{Doc: DocRefusedReason, Kind: Text, Brief: "OpenSearch's reason."},
	}},
}

// The time that was not believed is a keyword: it may be one that no date
// field accepts.
var originalTime = Field{Doc: DocOriginalTime, Kind: Keyword, Brief: "What its source said, where that was more than a day off."}

// For names the family's index for t.
func (i Index) For(t time.Time) string {
	if i.Monthly {
		return Monthly(i.Family, t)
	}
	return Daily(i.Family, t)
}

// Undated is the time under which a record is filed that tells none, in a chunk
// that tells none either: what cannot be read at all. Its age is unknown, so
// nothing deletes it by age.
var Undated = time.Unix(0, 0).UTC()

// Ends is when the last event time of the index called name is over; ok is
// false if no index of the family has that name.
func (i Index) Ends(name string) (end time.Time, ok bool) {
	date, ok := strings.CutPrefix(name, i.Family)
	if !ok {
		return time.Time{}, false
	}
	layout, months, days := "2006.01.02", 0, 1
	if i.Monthly {
		layout, months, days = "2006.01", 1, 0
	}
	begin, err := time.Parse(layout, date)
	if err != nil || i.For(begin) != name {
		return time.Time{}, false
	}
	return begin.AddDate(0, months, days), true
}
