package names

// Names of spans that are neither of a request, a call nor a statement: those are
// named after route, peer or statement.
const (
	SpanConnect       = "postgresql.connect"
	SpanAcquire       = "postgresql.acquire"
	SpanBookBatch     = "reservation.book.batch"
	SpanBookWait      = "reservation.book.wait"
	SpanOutboxDeliver = "reservation.outbox.deliver"
	SpanMail          = "notification.mail"
	SpanJob           = "job"
	SpanIndexChanges  = "search.index.changes"
	SpanEmitted       = "telemetry.emitted"
	SpanIndexAll      = "search.index.all"
	SpanSlackDeliver  = "alerting.slack.deliver"
	SpanMailDeliver   = "alerting.mail.deliver"
)

// Span describes a kind of span, for TELEMETRY.md.
type Span struct {
	Name  string
	Brief string
}

// Spans lists all our spans in the order of TELEMETRY.md.
var Spans = []Span{
	{SpanConnect, "Connecting to PostgreSQL, while a request waits for the connection."},
	{SpanAcquire, "Waiting for a pool connection, where none became available."},
	{SpanBookBatch, "Group commit: one transaction for all bookings that waited."},
	{SpanBookWait, "A booking waiting for its group commit; links to it."},
	{SpanOutboxDeliver, "Delivering one event to the notification service."},
	{SpanMail, "Sending one mail; links to the request that caused it."},
	{SpanJob, "One run of the job jari.job, or one item of a run that has several. " +
		"A run that neither changes anything, fails nor takes a second has no span; jari.job.duration counts it."},
	{SpanIndexChanges, "Indexing one batch of catalogue changes; links to the requests that made them."},
	{SpanEmitted, "A numbered span of telemetryemit."},
	{SpanIndexAll, "Indexing the whole catalogue after the change stream was lost."},
	{SpanMailDeliver, "Sending one mail about an incident."},
	{SpanSlackDeliver, "Delivering one message to Slack."},
}
