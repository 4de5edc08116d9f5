package names

// Spans that are neither a request nor a call: those are named after their
// route, their peer or their statement.
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
	SpanTick          = "alerting.tick"
	SpanSlackDeliver  = "alerting.slack.deliver"
)

// Span describes a kind of span, for TELEMETRY.md.
type Span struct {
	Name  string
	Brief string
}

// Spans is every span of ours, in the order TELEMETRY.md lists them.
var Spans = []Span{
	{SpanConnect, "A new connection that a request waits for."},
	{SpanAcquire, "A wait for a connection that ended without one."},
	{SpanBookBatch, "One transaction for the bookings that waited."},
	{SpanBookWait, "A booking until its batch is committed; links to it."},
	{SpanOutboxDeliver, "One event to the notification service."},
	{SpanMail, "One mail; links to the request behind it."},
	{SpanJob, "A round of a job, or one thing of it where a round has several; jari.job says which. A poll that finds nothing to do is none."},
	{SpanIndexChanges, "One batch of catalogue changes; links to the requests that made them."},
	{SpanEmitted, "A numbered one, of telemetryemit."},
	{SpanIndexAll, "The whole catalogue, where the stream was lost."},
	{SpanTick, "One look at every objective."},
	{SpanSlackDeliver, "One message to Slack."},
}
