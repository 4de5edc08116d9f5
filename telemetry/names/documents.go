package names

import "time"

// Fields of documents. The span's are those that OpenSearch Dashboards' trace
// view queries (Data Prepper's otel-v1-apm-span).
const (
	DocTime        = "@timestamp"
	DocTraceID     = "traceId"
	DocSpanID      = "spanId"
	DocServiceName = "serviceName"
	Attributes     = "attributes" // flat_object: everything without a mapping of its own
	Unindexed      = "unindexed"  // kept, not searchable: attributes too long for a term

	DocParentSpanID = "parentSpanId" // "" on a root, never absent
	DocSpanName     = "name"
	DocKind         = "kind" // SPAN_KIND_SERVER …
	DocStartTime    = "startTime"
	DocEndTime      = "endTime"
	DocDuration     = "durationInNanos"
	DocStatusCode   = "status.code"
	DocStatusText   = "status.message"
	DocEvents       = "events"
	DocLinks        = "links"

	DocTraceGroup         = "traceGroup" // root spans only, like the three below
	DocTraceGroupEnd      = "traceGroupFields.endTime"
	DocTraceGroupDuration = "traceGroupFields.durationInNanos"
	DocTraceGroupStatus   = "traceGroupFields.statusCode"

	DocMetricName  = "name"
	DocMetricValue = "value"
	DocMetricUnit  = "unit"
	DocMetricType  = "type"

	DocTraceGroupName = "traceGroupName" // the four below and this: the service map
	DocHashID         = "hashId"
	DocDestination    = "destination" // of a client: whom it called
	DocTarget         = "target"      // of a server: what it offers
	MapDomain         = "domain"      // within both: the service
	MapResource       = "resource"    // within both: what of it

	DocRefusedIndex  = "refused.index" // dead letters: where it should have gone
	DocRefusedID     = "refused.id"
	DocRefusedStatus = "refused.status" // as OpenSearch answered; 0: unreadable before
	DocRefusedType   = "refused.type"
	DocRefusedReason = "refused.reason"
	DocRefused       = "refused.document"
	DocRefusedBase64 = "refused.base64" // instead, where it is no text

	DocOriginalTime = "jari.original_time" // when event time was not believed
)

// Index families. A document's index is the family's prefix and the UTC day
// (the month, for the service map) of its event time.
const (
	LogIndex        = "ss4o_logs-jari-"
	SpanIndex       = "otel-v1-apm-span-"
	ServiceMapIndex = "otel-v1-apm-service-map-"
	MetricIndex     = "ss4o_metrics-jari-"
	DeadLetterIndex = "jari-deadletter-"
)

// Daily names the index of family for t.
func Daily(family string, t time.Time) string { return family + t.UTC().Format("2006.01.02") }

// Monthly names the index of family for t.
func Monthly(family string, t time.Time) string { return family + t.UTC().Format("2006.01") }
