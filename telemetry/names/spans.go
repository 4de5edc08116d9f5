package names

// Spans that are neither a request nor a call: those are named after their
// route, their peer or their statement.
const (
	SpanConnect       = "postgresql.connect"         // a new connection that a request waits for
	SpanOutboxDeliver = "reservation.outbox.deliver" // one event to the notification service
	SpanMail          = "notification.mail"          // one mail; links to the request behind it
	SpanIndexChanges  = "search.index.changes"       // one batch of catalogue changes
	SpanIndexAll      = "search.index.all"           // the whole catalogue, where the stream was lost
)
