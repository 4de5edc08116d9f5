package names

// Names of fields in log lines and of span attributes.
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
	URLFull        = "url.full"
	URLScheme      = "url.scheme"
	RequestSize    = "http.request.body.size"
	HTTPVersion    = "network.protocol.version"
	ServerAddress  = "server.address"
	ServerPort     = "server.port"
	ScopeName      = "otel.scope.name"
	Padding        = "jari.padding" // see Unmapped
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
	OfferDelay    = "jari.offer.delay"
	MailKind      = "jari.mail.kind"
	MailDelay     = "jari.mail.delay"
	MailRate      = "jari.mail.rate"
	SearchQuery   = "jari.search.query"
	Hits          = "jari.search.hits"
	SLO           = "jari.slo"
	IncidentID    = "jari.incident.id"
	Count         = "jari.count"
	Degraded      = "jari.degraded"
	TraceKept     = "jari.trace.kept"
	Weight        = "jari.weight"
	HTTPBodyRead  = "jari.request.body.complete"
	Job           = "jari.job"
	Violations    = "jari.violations"
	SlotWanted    = "jari.slot.wanted"
	SlotCapacity  = "jari.slot.capacity"
	SlotBooked    = "jari.slot.booked"
	SlotHeld      = "jari.slot.held"
	HTTPAddr      = "jari.http.addr"
	OpsAddr       = "jari.ops.addr"
	Uptime        = "jari.uptime"
	Fault         = "jari.fault.name"
	FaultUntil    = "jari.fault.until"

	FlagKey      = "feature_flag.key"
	FlagVariant  = "feature_flag.result.variant"
	FlagProvider = "feature_flag.provider.name"

	// Only in alertingd's own lines; see Unmapped.
	TimeScale     = "jari.time_scale"
	InMemory      = "jari.in_memory"
	HasOpenSearch = "jari.sees"  // whether alertingd has an OpenSearch; stored lines have this name
	HasSlack      = "jari.tells" // whether alertingd delivers to Slack; likewise
	SlackDelivery = "jari.slack.delivery"
	SlackAttempts = "jari.slack.attempts"
)

// Events: values of event.name.
const (
	EventAccess             = "http.access"
	EventStarted            = "process.started"
	EventStopping           = "process.stopping"
	EventHeartbeat          = "process.heartbeat"
	EventPanic              = "process.panic"
	EventSpansDropped       = "telemetry.spans.dropped"
	EventFailed             = "process.failed"
	EventLevelChanged       = "process.level.changed"
	EventFaultBegan         = "fault_injection.began"
	EventFaultEnded         = "fault_injection.ended"
	EventFlagChanged        = "feature_flag.changed"
	EventEmitted            = "telemetry.emitted"
	EventOutboxDelivered    = "reservation.outbox.delivered"
	EventOutboxFailed       = "reservation.outbox.failed"
	EventOutboxRefused      = "reservation.outbox.refused"
	EventOfferMade          = "reservation.offer.made"
	EventInvariantViolated  = "booking.invariant.violated"
	EventAudited            = "booking.audited"
	EventJobFailed          = "job.failed"
	EventMailSent           = "notification.mail.sent"
	EventMailFailed         = "notification.mail.failed"
	EventMailWithdrawn      = "notification.mail.withdrawn"
	EventMailRate           = "notification.mail.rate"
	EventCatalogueIndexed   = "search.catalogue.indexed"
	EventIndexFailed        = "search.catalogue.failed"
	EventHitUnreadable      = "search.hit.unreadable"
	EventIncidentOpened     = "alerting.incident.opened"
	EventIncidentUpdated    = "alerting.incident.updated"
	EventIncidentResolved   = "alerting.incident.resolved"
	EventIncidentReopened   = "alerting.incident.reopened"
	EventIncidentRaised     = "alerting.incident.escalated"
	EventIncidentWithdrawn  = "alerting.incident.withdrawn"
	EventEvidenceFailed     = "alerting.evidence.failed"
	EventChartFailed        = "alerting.chart.failed"
	EventBlind              = "alerting.blind"
	EventBlindEnded         = "alerting.blind.ended"
	EventTickFailed         = "alerting.tick.failed"
	EventTickRecovered      = "alerting.tick.recovered"
	EventObjectivesLoaded   = "alerting.objectives.loaded"
	EventObjectivesRefused  = "alerting.objectives.refused"
	EventOnCallLoaded       = "alerting.on_call.loaded"
	EventOnCallRefused      = "alerting.on_call.refused"
	EventOnCallGap          = "alerting.on_call.gap"
	EventSlackDelivered     = "alerting.slack.delivered"
	EventSlackFailed        = "alerting.slack.failed"
	EventPagingFailed       = "alerting.paging.failed"
	EventSlackRequestFailed = "alerting.slack.request.failed"
	EventStatusPageFailed   = "alerting.status.request.failed"
	EventLease              = "alerting.lease"
	EventMailDelivered      = "alerting.mail.delivered"
	EventMailUndelivered    = "alerting.mail.failed"
	EventMistakeFound       = "alerting.configuration.refused"
	EventMistakeCorrected   = "alerting.configuration.corrected"
	EventMistakeUnannounced = "alerting.configuration.unannounced"
	EventNotifiesNobody     = "alerting.nobody.notified"
	EventDigestQueued       = "alerting.digest.queued"
	EventDigestFailed       = "alerting.digest.failed"
	EventPruneFailed        = "alerting.outbox.prune.failed"
	EventAlertingDown       = "alerting.down"
	EventAlertingDownEnded  = "alerting.down.ended"
	EventWatchFailed        = "alerting.watch.failed"
)

// Kind is the OpenSearch field type of a field.
type Kind string

// The field types in use.
const (
	Keyword   Kind = "keyword"
	Text      Kind = "text"
	DateNanos Kind = "date_nanos"
	Integer   Kind = "integer"
	Long      Kind = "long"
	Double    Kind = "double"
	Boolean   Kind = "boolean"

	FlatObject Kind = "flat_object" // any keys, each indexed as a keyword
)

// Field describes a field of log lines, spans and documents.
type Field struct {
	Name  string // in a log line and as a span attribute
	Doc   string // in an OpenSearch document
	Kind  Kind
	Brief string
}

// Fields lists all fields with a mapping of their own, in the order of
// TELEMETRY.md. Other attributes are stored under Attributes.
var Fields = append([]Field{
	{Time, DocTime, DateNanos, "Event time, RFC 3339 with nanoseconds, UTC."},
	{SeverityText, "severity.text", Keyword, "DEBUG, INFO, WARN, ERROR, or FATAL for a crash of the process."},
	{SeverityNumber, "severity.number", Integer, "OpenTelemetry's severity number: 5, 9, 13, 17 or 21."},
	{Body, "body", Text, "The message for people."},
	{TraceID, DocTraceID, Keyword, "The trace of the line or span: 32 hex digits."},
	{SpanID, DocSpanID, Keyword, "The span of the line, or the span itself: 16 hex digits."},
	{RecordUID, RecordUID, Keyword, "A ULID per line; the id of its document."},
	{Truncated, Truncated, Boolean, "The line was truncated to 15 KiB."},
	{EventName, EventName, Keyword, "The kind of event; see Events below."},
	{ServiceName, DocServiceName, Keyword, "gateway, user, reservation, search, indexer, notification, alerting, alertingwatch, agent, edge, launcher."},
	{ServiceInstanceID, ServiceInstanceID, Keyword, "The process: a UUID generated at its start."},
	{ServiceVersion, ServiceVersion, Keyword, "The commit that the program was built from."},
	{CloudRegion, CloudRegion, Keyword, "The AWS region id."},
	{HTTPMethod, HTTPMethod, Keyword, "The request's method; _OTHER if HTTP does not know it."},
	{HTTPBodyRead, HTTPBodyRead, Boolean, "In the access log: the whole body of the request had been read when the response was " +
		"written, or it had none. Only then can the duration be ours."},
	{HTTPRoute, HTTPRoute, Keyword, "The template of the route, without the method; of the edge: (api) or (page)."},
	{HTTPStatus, HTTPStatus, Integer, "The status of the response."},
	{HTTPDuration, HTTPDuration, Double, "Duration of the request in seconds, from the first byte read to the last byte written."},
	{HTTPBodySize, HTTPBodySize, Long, "Bytes of the response's body."},
	{URLPath, URLPath, Keyword, "The requested path without its query; (no route) if it matches no route."},
	{URLFull, URLFull, Keyword, "Of a client span: the URL without its query."},
	{URLScheme, URLScheme, Keyword, "Of a server span: http or https."},
	{RequestSize, RequestSize, Long, "Of a server span: bytes of the request's body."},
	{ServerPort, ServerPort, Integer, "Of a span: the requested port; of a client span, the called port."},
	{HTTPVersion, HTTPVersion, Keyword, "Of a span: the HTTP version, 1.1 or 2."},
	{ServerAddress, ServerAddress, Keyword, "The requested host; of a client span, the called host."},
	{UserID, UserID, Keyword, "The id of the account; never a name or an address."},
	{SessionID, SessionID, Keyword, "The login session."},
	{ErrorType, ErrorType, Keyword, "The kind of failure."},
	{Exception, Exception, Text, "The error's message, for operators."},
	{Stacktrace, Stacktrace, Text, "The stack of a panic."},
	{PeerService, PeerService, Keyword, "Of a client span: the service.name of the called service. " +
		"In the edge's access log: gateway if that made the response; missing if the edge itself did."},
	{DBSystem, DBSystem, Keyword, "postgresql, redis, opensearch or aws.dynamodb."},
	{DBOperation, DBOperation, Keyword, "The operation: SELECT, INSERT, search …"},
	{DBQuerySummary, DBQuerySummary, Keyword, "The name of the statement, never its values."},
	{DBRows, DBRows, Long, "Rows the statement returned or changed."},
	{DBPoolWait, DBPoolWait, Double, "Seconds that the statement waited for a connection of the pool."},
	{Method, Method, Keyword, "The service method, such as reservation.Book."},
	{Reason, Reason, Keyword, "The stable slug of a fault, such as slot_full."},
	{Degraded, Degraded, Keyword, "What the response lacks because a dependency failed, and why."},
	{TraceKept, TraceKept, Boolean, "In the access log: whether the trace's spans are kept. " +
		"Above the sampling rate limit only some are; failed and slow requests have a limit of their own."},
	{Weight, Weight, Long, "In the access log of an inner service: how many requests the line stands for; missing: one. " +
		"Above a limit a line also stands for those with the same route, method and status that have none. " +
		"To count requests, add the weights up. The lines of gateway and edge never have one."},
	{Job, Job, Keyword, "The name of a job."},
	{Violations, Violations, Long, "Slots whose counter differs from their reservations."},
	{SlotWanted, SlotWanted, Long, "Capacity in covers that the owner wants for the slot."},
	{SlotCapacity, SlotCapacity, Long, "Capacity of the slot in covers: the wanted one, or the booked covers if those are more."},
	{SlotBooked, SlotBooked, Long, "Booked covers according to the slot's counter."},
	{SlotHeld, SlotHeld, Long, "Booked covers according to the slot's reservations. A difference to the counter violates an invariant."},
	{Replayed, Replayed, Boolean, "The response is the stored result of an earlier request (Idempotency-Key)."},
	{RestaurantID, RestaurantID, Keyword, "The id of the restaurant."},
	{SlotID, SlotID, Keyword, "The id of the slot."},
	{ReservationID, ReservationID, Keyword, "The id of the reservation."},
	{Party, Party, Integer, "Size of the party in covers."},
	{OutboxEventID, OutboxEventID, Keyword, "The id of the outbox event, from the reservation to the mail."},
	{OfferDelay, OfferDelay, Double, "Seconds from when covers became free until they were offered to a waitlist entry; " +
		"0 if one command did both."},
	{MailKind, MailKind, Keyword, "The kind of mail."},
	{MailDelay, MailDelay, Double, "Seconds since the mail was due: since its event, or for a no-show since 5 minutes later."},
	{MailRate, MailRate, Double, "Mails a second that the mail service accepts from the account."},
	{SearchQuery, SearchQuery, Keyword, "The text that a diner searched for."},
	{Hits, Hits, Long, "The number of restaurants that matched."},
	{SLO, SLO, Keyword, "The name of the objective."},
	{IncidentID, IncidentID, Keyword, "The id of the incident."},
	{HTTPAddr, HTTPAddr, Keyword, "The address of the API."},
	{OpsAddr, OpsAddr, Keyword, "The address of the ops port: /healthz, /readyz, /loglevel, /debug/pprof/."},
	{Uptime, Uptime, Double, "In the heartbeat: seconds since the process started."},
	{Count, Count, Long, "What the event counts."},
	{Fault, Fault, Keyword, "The name of an injected fault."},
	{FaultUntil, FaultUntil, DateNanos, "When an injected fault ends by itself."},
	{FlagKey, FlagKey, Keyword, "The key of a feature flag: on a request, of the flag that changed its result; in an event, of the one that changed."},
	{FlagVariant, FlagVariant, Keyword, "The variant of the flag that was chosen."},
	{FlagProvider, FlagProvider, Keyword, "Where the flag comes from."},
	{ScopeName, ScopeName, Keyword, "Of a metric point: the library that measured. Two libraries may use the same metric name."},
	{AgentKind, AgentKind, Keyword, "The agent that runs the shipper: fluent-bit or collector."},
	{ShipEvictedDelta, ShipEvictedDelta, Long, "In the agent's heartbeat: jari.ship.evicted since the previous heartbeat that was stored."},
	{ShipDeadLetteredDelta, ShipDeadLetteredDelta, Long,
		"In the agent's heartbeat: jari.ship.dead_lettered since the previous heartbeat that was stored."},
	{AgentDiskFree, AgentDiskFree, Long, "In the agent's heartbeat: free bytes of the volume that holds its buffer, if it knows."},
	{AgentDiskFreeShare, AgentDiskFreeShare, Double, "In the agent's heartbeat: the free share of that volume, 0 to 1."},
}, shipping()...)

// shipping returns the counters of the agent's heartbeat, which are metrics, too.
func shipping() (fields []Field) {
	for _, m := range Shipping {
		fields = append(fields, Field{m.Name, m.Name, Long, m.Brief})
	}
	return fields
}

// DocName returns the document's field for a name of a log line or attribute. ok
// is false for one without a mapping of its own.
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
