package names

// Spans that are neither a request nor a call: those are named after their
// route, their peer or their statement.
const (
	SpanConnect       = "postgresql.connect"         // a new connection that a request waits for
	SpanAcquire       = "postgresql.acquire"         // a wait for a connection that ended without one
	SpanBookBatch     = "reservation.book.batch"     // one transaction for the bookings that waited
	SpanBookWait      = "reservation.book.wait"      // a booking until its batch is committed; links to it
	SpanOutboxDeliver = "reservation.outbox.deliver" // one event to the notification service
	SpanMail          = "notification.mail"          // one mail; links to the request behind it
	SpanIndexChanges  = "search.index.changes"       // one batch of catalogue changes
	SpanEmitted       = "telemetry.emitted"          // a numbered one, of telemetryemit
	SpanIndexAll      = "search.index.all"           // the whole catalogue, where the stream was lost
)
