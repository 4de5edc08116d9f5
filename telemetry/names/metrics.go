package names

// Names of metrics. Those without jari. are OpenTelemetry's.
const (
	MetricProcessCPU    = "process.cpu.time"
	MetricProcessMemory = "process.memory.usage"
	MetricProcessFiles  = "process.unix.file_descriptor.count"
	MetricFileLimit     = "jari.process.file_descriptor.limit" // not in the conventions yet
	MetricGoroutines    = "go.goroutine.count"
	MetricGoMemory      = "go.memory.used"
	MetricGoAllocated   = "go.memory.allocated"
	MetricGCGoal        = "go.memory.gc.goal"
	MetricGCCycles      = "go.memory.gc.cycles"
	MetricGCPause       = "go.memory.gc.pause.duration"
	MetricGoSchedule    = "go.schedule.duration"

	MetricHTTPServer       = "http.server.request.duration"
	MetricHTTPClient       = "http.client.request.duration"
	MetricEndpointDuration = "jari.endpoint.duration"
	MetricJobDuration      = "jari.job.duration"

	MetricPoolConnections = "db.client.connection.count"
	MetricPoolMax         = "db.client.connection.max"
	MetricPoolPending     = "db.client.connection.pending_requests"
	MetricPoolTimeouts    = "db.client.connection.timeouts"
	MetricPoolWait        = "db.client.connection.wait_time"

	MetricQueueLength = "jari.queue.length"
	MetricQueueAge    = "jari.queue.age"
	MetricQueueBatch  = "jari.queue.batch.size"

	MetricBookingBatch        = "jari.booking.batch.size"
	MetricBookingQueue        = "jari.booking.queue.depth"
	MetricBookingAlone        = "jari.booking.alone"
	MetricBookingShed         = "jari.booking.overloaded"
	MetricOutboxRefused       = "jari.outbox.refused"
	MetricInvariantViolations = "jari.booking.invariant.violations"

	MetricAlertingBlind = "jari.alerting.blind"
	MetricIncidentsOpen = "jari.alerting.incidents.open"

	MetricSigningKeyAge     = "jari.signing_key.age"
	MetricCertificateExpiry = "jari.certificate.expiry"

	MetricSpansProcessed = "otel.sdk.processor.span.processed"
	MetricSpansQueued    = "otel.sdk.processor.span.queue.size"
	MetricSpansExported  = "otel.sdk.exporter.span.exported"

	MetricEmitted         = "jari.emitted"
	MetricCovers          = "jari.booking.covers"
	MetricBookingsRefused = "jari.booking.refused"
	MetricReservations    = "jari.reservation.events"
	MetricMailSent        = "jari.mail.sent"
	MetricMailRetried     = "jari.mail.retried"
	MetricMailFailed      = "jari.mail.failed"
)

// Labels that only metrics have; other labels are fields.
const (
	GoMemoryType = "go.memory.type"                 // stack or other
	CPUMode      = "cpu.mode"                       // user or system
	PoolName     = "db.client.connection.pool.name" // the name that the process gives the pool
	PoolState    = "db.client.connection.state"     // idle or used
	Queue        = "jari.queue"                     // one of the queues below
	EventKind    = "jari.event.kind"                // kind of a reservation event

	IncidentSeverity = "jari.incident.severity" // page or ticket
)

// Values of jari.queue.
const (
	QueueOutbox      = "outbox"       // events that wait for delivery to notification
	QueueMails       = "mails"        // events in notification whose mails are not sent yet
	QueueUrgentMails = "mails_urgent" // those among them that are sent first
	QueueCatalogue   = "catalogue"    // catalogue changes that are not indexed yet
)

// Metric describes an instrument, for TELEMETRY.md.
type Metric struct {
	Name  string
	Unit  string
	Brief string
}

// Metrics lists all metrics in use, in the order of TELEMETRY.md.
var Metrics = append([]Metric{
	{MetricProcessCPU, "s", "CPU time of the process, by cpu.mode: user, system."},
	{MetricProcessMemory, "By", "Resident memory of the process."},
	{MetricProcessFiles, "{file_descriptor}", "Open files, sockets included."},
	{MetricFileLimit, "{file_descriptor}", "Limit of open files of the process."},
	{MetricGoroutines, "{goroutine}", "Existing goroutines."},
	{MetricGoMemory, "By", "Memory that Go's runtime uses, by go.memory.type."},
	{MetricGoAllocated, "By", "Bytes allocated on the heap since the process started."},
	{MetricGCGoal, "By", "Heap size at which the next garbage collection starts."},
	{MetricGCCycles, "{gc_cycle}", "Garbage collections since the process started."},
	{MetricGCPause, "s", "Histogram of stop-the-world pauses of the garbage collector."},
	{MetricGoSchedule, "s", "Histogram of the time that runnable goroutines waited to run."},

	{MetricHTTPServer, "s", "Histogram of request durations at the server, " +
		"by http.request.method, http.route and http.response.status_code."},
	{MetricHTTPClient, "s", "Histogram of call durations at the client, " +
		"by peer.service, http.request.method and http.response.status_code, or error.type without a response."},
	{MetricEndpointDuration, "s", "Histogram of durations of service methods, by jari.method and error.type."},
	{MetricJobDuration, "s", "Histogram of durations of the runs of jobs, by jari.job; with error.type failed those that failed."},

	{MetricSpansProcessed, "{span}", "Spans that entered the span queue, or with error.type queue_full were dropped."},
	{MetricSpansQueued, "{span}", "Spans that wait in the span queue."},
	{MetricSpansExported, "{span}", "Spans that the agent accepted, or with error.type rejected or shutdown were dropped."},

	{MetricPoolConnections, "{connection}", "Connections of a pool, " +
		"by db.client.connection.pool.name and db.client.connection.state (idle, used)."},
	{MetricPoolMax, "{connection}", "Maximum number of connections of a pool, by db.client.connection.pool.name."},
	{MetricPoolPending, "{request}", "Callers that wait for a connection of a pool, by db.client.connection.pool.name."},
	{MetricPoolTimeouts, "{timeout}", "Callers that timed out waiting for a connection of a pool, by db.client.connection.pool.name."},
	{MetricPoolWait, "s", "Histogram of the time that callers waited for a connection, by db.client.connection.pool.name."},

	{MetricQueueLength, "{item}", "Items that wait in a queue, by jari.queue (outbox, mails, mails_urgent)."},
	{MetricQueueAge, "s", "Waiting time of the oldest item in a queue, by jari.queue (outbox, mails, mails_urgent); " +
		"for catalogue: how far the search index lags behind."},
	{MetricQueueBatch, "{item}", "Histogram of the items that a worker processes at once, by jari.queue (outbox, mails, catalogue)."},

	{MetricBookingBatch, "{booking}", "Histogram of bookings per group commit; its sum is the number of bookings in group commits."},
	{MetricBookingQueue, "{booking}", "Bookings that wait for a group commit."},
	{MetricBookingAlone, "{booking}", "Bookings in a single commit, because few were in flight."},
	{MetricBookingShed, "{booking}", "Bookings refused with 503 overloaded because the queue was full."},
	{MetricOutboxRefused, "{event}", "Event deliveries that notification rejected permanently, by jari.mail.kind and jari.reason."},
	{MetricInvariantViolations, "{slot}", "Slots whose counter differs from their reservations, counted by each audit."},

	{MetricSigningKeyAge, "s", "Age of the key that signs access tokens, if its file says when it was made."},
	{MetricCertificateExpiry, "s", "Time until the first certificate of the public address expires, by server.address; " +
		"negative afterwards. Only of a gateway that knows the public address."},

	{MetricAlertingBlind, "1", "1 while alertingd cannot trust what it counts and resolves no incident, else 0. " +
		"Only from the replica that holds the lease."},
	{MetricIncidentsOpen, "{incident}", "Open incidents, by jari.incident.severity (page, ticket). " +
		"Only from the replica that holds the lease."},

	{MetricEmitted, "{record}", "A numbered point of telemetryemit, counted by chaos campaigns."},
	{MetricCovers, "{cover}", "Booked covers, counted once at the commit, " +
		"by jari.method (reservation.Book, Enter, Accept, Move)."},
	{MetricBookingsRefused, "{booking}", "Refused bookings, by jari.reason."},
	{MetricReservations, "{event}", "Events of reservations and waitlist entries, counted once at the commit, " +
		"by jari.event.kind: the kinds of mail, and waitlist.accepted."},
	{MetricMailSent, "{mail}", "Mails that the mail service accepted, by jari.mail.kind."},
	{MetricMailRetried, "{mail}", "Failed attempts to send a mail that will be retried, by jari.mail.kind and jari.reason. " +
		"With reason answer_lost the mail may have been sent."},
	{MetricMailFailed, "{mail}", "Mails that were given up, by jari.mail.kind and jari.reason."},
}, Shipping...)
