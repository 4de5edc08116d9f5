package names

import (
	"strings"
	"time"
)

// Index is a family of indices, one per UTC day or month of event time. Index
// templates, retention and TELEMETRY.md are generated from it.
type Index struct {
	Name    string // of its template, after "jari-"
	Family  string // prefix of its indices' names
	Monthly bool   // one index per month instead of per day
	Keep    int    // retention: days until `jari-telemetry prune` deletes an index
	Brief   string
	Shared  bool    // its documents have Fields, too
	Own     []Field // fields that only its documents have
}

// Indices lists all families that the agents write.
var Indices = []Index{
	{Name: "logs", Family: LogIndex, Keep: 14, Brief: "log lines", Shared: true, Own: []Field{originalTime}},
	{Name: "spans", Family: SpanIndex, Keep: 7, Brief: "spans", Shared: true, Own: []Field{
		originalTime,
		{Doc: DocParentSpanID, Kind: Keyword, Brief: "The parent span; empty for a root, never absent."},
		{Doc: DocSpanName, Kind: Keyword, Brief: "The span's name: route, statement or peer."},
		{Doc: DocKind, Kind: Keyword, Brief: "SPAN_KIND_SERVER, _CLIENT, _INTERNAL, _PRODUCER or _CONSUMER."},
		{Doc: DocStartTime, Kind: DateNanos, Brief: "When the span began; determines its index."},
		{Doc: DocEndTime, Kind: DateNanos, Brief: "When the span ended."},
		{Doc: DocDuration, Kind: Long, Brief: "Duration in nanoseconds."},
		{Doc: DocStatusCode, Kind: Integer, Brief: "0 unset, 1 ok, 2 error."},
		{Doc: DocStatusText, Kind: Keyword, Brief: "The status message of a failure."},
		{Doc: DocTraceGroup, Kind: Keyword, Brief: "Root spans only: the name of the root."},
		{Doc: DocTraceGroupEnd, Kind: DateNanos, Brief: "Root spans only: when the trace ended."},
		{Doc: DocTraceGroupDuration, Kind: Long, Brief: "Root spans only: the duration of the trace in nanoseconds."},
		{Doc: DocTraceGroupStatus, Kind: Integer, Brief: "Root spans only: the status code of the root."},
		{Doc: DocEvents + ".name", Kind: Keyword, Brief: "The name of a span event."},
		{Doc: DocEvents + ".time", Kind: DateNanos, Brief: "The time of a span event."},
		{Doc: DocLinks + "." + DocTraceID, Kind: Keyword, Brief: "The trace of a linked span."},
		{Doc: DocLinks + "." + DocSpanID, Kind: Keyword, Brief: "A linked span."},
	}},
	{Name: "service-map", Family: ServiceMapIndex, Monthly: true, Keep: 90, Brief: "calls between services", Own: []Field{
		{Doc: DocServiceName, Kind: Keyword, Brief: "The service of the span."},
		{Doc: DocKind, Kind: Keyword, Brief: "The kind of the span: client or server."},
		{Doc: DocTraceGroupName, Kind: Keyword, Brief: "The name of the span."},
		{Doc: DocHashID, Kind: Keyword, Brief: "The id of the document."},
		{Doc: DocDestination + "." + MapDomain, Kind: Keyword, Brief: "Of a client span: the called service."},
		{Doc: DocDestination + "." + MapResource, Kind: Keyword, Brief: "Of a client span: the called service again; the operation is unknown."},
		{Doc: DocTarget + "." + MapDomain, Kind: Keyword, Brief: "Of a server span: its service."},
		{Doc: DocTarget + "." + MapResource, Kind: Keyword, Brief: "Of a server span: its name, or its service."},
	}},
	{Name: "metrics", Family: MetricIndex, Keep: 30, Brief: "metric points", Shared: true, Own: []Field{
		originalTime,
		{Doc: DocMetricName, Kind: Keyword, Brief: "The name of the metric."},
		{Doc: DocMetricType, Kind: Keyword, Brief: "counter or gauge; a histogram is two counters, .count and .sum."},
		{Doc: DocMetricUnit, Kind: Keyword, Brief: "The unit."},
		{Doc: DocMetricValue, Kind: Double, Brief: "The value."},
		{Doc: DocStartTime, Kind: DateNanos, Brief: "The start time of a counter."},
	}},
	// The rejected document itself has no field: it is stored and shown, but indexing
	// it could fail a second time.
	{Name: "deadletter", Family: DeadLetterIndex, Keep: 90, Brief: "documents that OpenSearch rejected, with the reason", Own: []Field{
		{Doc: DocTime, Kind: DateNanos, Brief: "The event time of the rejected document."},
		{Doc: DocRefusedIndex, Kind: Keyword, Brief: "The index of the rejected document."},
		{Doc: DocRefusedID, Kind: Keyword, Brief: "The id of the rejected document."},
		{Doc: DocRefusedStatus, Kind: Integer, Brief: "OpenSearch's HTTP status; 0 if the record could not be read."},
		{Doc: DocRefusedType, Kind: Keyword, Brief: "OpenSearch's error type, or unreadable, or too_large."},
		{Doc: DocRefusedReason, Kind: Text, Brief: "OpenSearch's error reason."},
	}},
}

// The original time is a keyword, since it may be one that no date field accepts.
var originalTime = Field{Doc: DocOriginalTime, Kind: Keyword,
	Brief: "The time that the source gave, if it was replaced because it is more than a day off."}

// For returns the name of the family's index for t.
func (i Index) For(t time.Time) string {
	if i.Monthly {
		return Monthly(i.Family, t)
	}
	return Daily(i.Family, t)
}

// Undated is the event time of a record that has none, in a chunk that has none:
// a record that cannot be read. Its age is unknown, so it is not deleted by age.
var Undated = time.Unix(0, 0).UTC()

// Ends returns the end of the day or month of the index called name. ok is false
// if name is not an index of the family.
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
