package names

import "time"

// Fields of documents. Those of spans are the ones that the trace view of
// OpenSearch Dashboards queries (Data Prepper's otel-v1-apm-span).
const (
	DocTime        = "@timestamp"
	DocTraceID     = "traceId"
	DocSpanID      = "spanId"
	DocServiceName = "serviceName"
	Attributes     = "attributes" // flat_object: everything without a mapping of its own
	Unindexed      = "unindexed"  // attributes too long to be indexed: stored, not searchable

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

	DocTraceGroup         = "traceGroup" // root spans only, as are the three below
	DocTraceGroupEnd      = "traceGroupFields.endTime"
	DocTraceGroupDuration = "traceGroupFields.durationInNanos"
	DocTraceGroupStatus   = "traceGroupFields.statusCode"

	DocMetricName  = "name"
	DocMetricValue = "value"
	DocMetricUnit  = "unit"
	DocMetricType  = "type"

	DocTraceGroupName = "traceGroupName" // service map, as are the four below
	DocHashID         = "hashId"
	DocDestination    = "destination" // of a client: the called service
	DocTarget         = "target"      // of a server: itself
	MapDomain         = "domain"      // within both: the service
	MapResource       = "resource"    // within both: the operation

	DocRefusedIndex  = "refused.index" // dead letter: the index of the document
	DocRefusedID     = "refused.id"
	DocRefusedStatus = "refused.status" // HTTP status of OpenSearch; 0: the record could not be read
	DocRefusedType   = "refused.type"
	DocRefusedReason = "refused.reason"
	DocRefused       = "refused.document"
	DocRefusedBase64 = "refused.base64" // instead, if the document is not text

	DocOriginalTime = "jari.original_time" // the event time that was replaced as implausible
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
