package names

// Fields as they stand in a log line and as span attributes.
const (
	Time           = "time"
	SeverityText   = "severity_text"
	SeverityNumber = "severity_number"
	Body           = "body"
	TraceID        = "trace_id"
	SpanID         = "span_id"
	RecordUID      = "log.record.uid"
	Truncated      = "truncated"
	EventName      = "event.name"

	ServiceName       = "service.name"
	ServiceInstanceID = "service.instance.id"
	ServiceVersion    = "service.version"
	CloudRegion       = "cloud.region"

	HTTPMethod     = "http.request.method"
	HTTPRoute      = "http.route"
	HTTPStatus     = "http.response.status_code"
	HTTPDuration   = "http.server.request.duration"
	HTTPBodySize   = "http.response.body.size"
	URLPath        = "url.path"
	URLFull        = "url.full"     // of a client span; without a mapping of its own
	Padding        = "jari.padding" // makes an emitted span as large as it should be; without a mapping of its own
	ServerAddress  = "server.address"
	UserID         = "user.id"
	SessionID      = "session.id"
	ErrorType      = "error.type"
	Exception      = "exception.message"
	Stacktrace     = "exception.stacktrace"
	PeerService    = "peer.service"
	DBSystem       = "db.system.name"
	DBOperation    = "db.operation.name"
	DBQuerySummary = "db.query.summary"
	DBRows         = "db.response.returned_rows"
	DBPoolWait     = "jari.db.pool.wait"

	Method        = "jari.method"
	Reason        = "jari.reason"
	Replayed      = "jari.replayed"
	RestaurantID  = "jari.restaurant.id"
	SlotID        = "jari.slot.id"
	ReservationID = "jari.reservation.id"
	Party         = "jari.party"
	OutboxEventID = "jari.outbox.event.id"
	MailKind      = "jari.mail.kind"
	SearchQuery   = "jari.search.query"
	Hits          = "jari.search.hits"
	SLO           = "jari.slo"
	IncidentID    = "jari.incident.id"
	Count         = "jari.count"
	Degraded      = "jari.degraded"
	TraceKept     = "jari.trace.kept"
	Job           = "jari.job"
	Violations    = "jari.violations"
	SlotWanted    = "jari.slot.wanted"
	SlotCapacity  = "jari.slot.capacity"
	SlotBooked    = "jari.slot.booked"
	SlotHeld      = "jari.slot.held"
	HTTPAddr      = "jari.http.addr"
	OpsAddr       = "jari.ops.addr"
	Uptime        = "jari.uptime"

	// Only on alertingd's own lines, without a mapping of their own.
	TimeScale     = "jari.time_scale"
	InMemory      = "jari.in_memory"
	SeesIndex     = "jari.sees"  // whether there is an OpenSearch to count in
	TellsSlack    = "jari.tells" // whether there is a Slack to tell
	SlackDelivery = "jari.slack.delivery"
	SlackAttempts = "jari.slack.attempts"
)

// Events: the value of event.name on a log line.
const (
	EventAccess            = "http.access"
	EventStarted           = "process.started"
	EventStopping          = "process.stopping"
	EventHeartbeat         = "process.heartbeat"
	EventPanic             = "process.panic"
	EventSpansDropped      = "telemetry.spans.dropped"
	EventFailed            = "process.failed"
	EventLevelChanged      = "process.level.changed"
	EventEmitted           = "telemetry.emitted"
	EventOutboxDelivered   = "reservation.outbox.delivered"
	EventOutboxFailed      = "reservation.outbox.failed"
	EventOutboxRefused     = "reservation.outbox.refused"
	EventInvariantViolated = "booking.invariant.violated"
	EventAudited           = "booking.audited"
	EventJobFailed         = "job.failed"
	EventMailSent          = "notification.mail.sent"
	EventMailFailed        = "notification.mail.failed"
	EventCatalogueIndexed  = "search.catalogue.indexed"
	EventIndexFailed       = "search.catalogue.failed"
	EventIncidentOpened    = "alerting.incident.opened"
	EventIncidentUpdated   = "alerting.incident.updated"
	EventIncidentResolved  = "alerting.incident.resolved"
	EventTickFailed        = "alerting.tick.failed"
	EventTickRecovered     = "alerting.tick.recovered"
	EventSlackDelivered    = "alerting.slack.delivered"
	EventSlackFailed       = "alerting.slack.failed"
	EventLease             = "alerting.lease"
)

// Kind is how a field is indexed.
type Kind string

// The kinds of field; the words are OpenSearch's field types.
const (
	Keyword   Kind = "keyword"
	Text      Kind = "text"
	DateNanos Kind = "date_nanos"
	Integer   Kind = "integer"
	Long      Kind = "long"
	Double    Kind = "double"
	Boolean   Kind = "boolean"

	FlatObject Kind = "flat_object" // any keys, each searchable as a word
)

// Field says how one line name or attribute stands in a document.
type Field struct {
	Name  string // in the log line and as span attribute
	Doc   string // in the OpenSearch document
	Kind  Kind
	Brief string
}

// Fields is every field with a mapping of its own, in the order TELEMETRY.md
// lists them. An attribute that is not here is kept under Attributes.
var Fields = append([]Field{
	{Time, DocTime, DateNanos, "When it happened, RFC 3339 with nanoseconds, UTC."},
	{SeverityText, "severity.text", Keyword, "DEBUG, INFO, WARN, ERROR, or FATAL when it ended the process."},
	{SeverityNumber, "severity.number", Integer, "OpenTelemetry's severity number: 5, 9, 13, 17 or 21."},
	{Body, "body", Text, "The sentence for people."},
	{TraceID, DocTraceID, Keyword, "The trace the line or span belongs to: 32 hex digits."},
	{SpanID, DocSpanID, Keyword, "The span within the trace: 16 hex digits."},
	{RecordUID, RecordUID, Keyword, "A ULID per line; becomes the document's id."},
	{Truncated, Truncated, Boolean, "The line was cut to stay below 15 KiB."},
	{EventName, EventName, Keyword, "What kind of event the line is."},
	{ServiceName, DocServiceName, Keyword, "gateway, user, reservation, search, indexer, notification, alerting, agent."},
	{ServiceInstanceID, ServiceInstanceID, Keyword, "One process: a UUID made at start."},
	{ServiceVersion, ServiceVersion, Keyword, "The commit it was built from."},
	{CloudRegion, CloudRegion, Keyword, "The AWS region id."},
	{HTTPMethod, HTTPMethod, Keyword, "The request's method."},
	{HTTPRoute, HTTPRoute, Keyword, "The route's template, without the method."},
	{HTTPStatus, HTTPStatus, Integer, "The status that was answered."},
	{HTTPDuration, HTTPDuration, Double, "Seconds from the first byte read to the last byte written."},
	{HTTPBodySize, HTTPBodySize, Long, "Bytes of the answer's body."},
	{URLPath, URLPath, Keyword, "The path that was asked for, without its query; (no route) where no route knows it."},
	{ServerAddress, ServerAddress, Keyword, "The host a client span called."},
	{UserID, UserID, Keyword, "The account's id; never a name or an address."},
	{SessionID, SessionID, Keyword, "The login session."},
	{ErrorType, ErrorType, Keyword, "The fault's class."},
	{Exception, Exception, Text, "The cause of an error, for operators."},
	{Stacktrace, Stacktrace, Text, "The stack of a panic."},
	{PeerService, PeerService, Keyword, "Whom a client span called, by service name."},
	{DBSystem, DBSystem, Keyword, "postgresql, redis, opensearch or aws.dynamodb."},
	{DBOperation, DBOperation, Keyword, "The operation: SELECT, INSERT, search …"},
	{DBQuerySummary, DBQuerySummary, Keyword, "The statement's name, never its values."},
	{DBRows, DBRows, Long, "Rows the statement returned or changed."},
	{DBPoolWait, DBPoolWait, Double, "Seconds until the pool gave the statement its connection."},
	{Method, Method, Keyword, "The service method, as in endpoint.go."},
	{Reason, Reason, Keyword, "The stable slug of a refusal."},
	{Degraded, Degraded, Keyword, "What the answer had to do without, and why."},
	{TraceKept, TraceKept, Boolean, "On the access line: the spans behind it were sent; false above the ceiling of traces, unless it failed or was slow."},
	{Job, Job, Keyword, "One of a process's jobs."},
	{Violations, Violations, Long, "Slots whose books are wrong."},
	{SlotWanted, SlotWanted, Long, "Covers the owner wants in the slot."},
	{SlotCapacity, SlotCapacity, Long, "Covers the slot has: what is wanted or, where that is more, booked."},
	{SlotBooked, SlotBooked, Long, "Covers the slot's counter says are taken."},
	{SlotHeld, SlotHeld, Long, "Covers the slot's reservations hold; not the counter, and an invariant is violated."},
	{Replayed, Replayed, Boolean, "The answer is a remembered success (Idempotency-Key)."},
	{RestaurantID, RestaurantID, Keyword, "The restaurant."},
	{SlotID, SlotID, Keyword, "The slot."},
	{ReservationID, ReservationID, Keyword, "The reservation."},
	{Party, Party, Integer, "Covers asked for."},
	{OutboxEventID, OutboxEventID, Keyword, "The outbox row, from reservation to the mail."},
	{MailKind, MailKind, Keyword, "Which mail."},
	{SearchQuery, SearchQuery, Keyword, "What a diner searched for."},
	{Hits, Hits, Long, "How many restaurants matched."},
	{SLO, SLO, Keyword, "The objective."},
	{IncidentID, IncidentID, Keyword, "The incident."},
	{HTTPAddr, HTTPAddr, Keyword, "Where a process serves its API."},
	{OpsAddr, OpsAddr, Keyword, "Where it answers operators: /healthz, /readyz, /loglevel, /debug/pprof/."},
	{Uptime, Uptime, Double, "Seconds since the process began, in its heartbeat."},
	{Count, Count, Long, "How many, where an event counts something."},
	{AgentKind, AgentKind, Keyword, "What hosts the shipper: fluent-bit or collector."},
}, shipping()...)

// shipping is the counters of the agent's heartbeat, which are metrics as well.
func shipping() (fields []Field) {
	for _, m := range Shipping {
		fields = append(fields, Field{m.Name, m.Name, Long, m.Brief})
	}
	return fields
}

// DocName is the name under which a line name or attribute stands in a
// document; ok is false for one that has no mapping of its own.
func DocName(name string) (doc string, ok bool) {
	doc, ok = docNames[name]
	return doc, ok
}

var docNames = func() map[string]string {
	m := make(map[string]string, len(Fields))
	for _, f := range Fields {
		m[f.Name] = f.Doc
	}
	return m
}()
