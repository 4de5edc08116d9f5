package names

// Spans that are neither a request nor a call: those are named after their
// route, their peer or their statement.
const (
	SpanOutboxDeliver = "reservation.outbox.deliver" // one event to the notification service
)
