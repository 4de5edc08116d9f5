package names

// Metrics. Those without jari. are OpenTelemetry's.
const (
	MetricProcessCPU    = "process.cpu.time"
	MetricProcessMemory = "process.memory.usage"
	MetricProcessFiles  = "process.unix.file_descriptor.count"
	MetricFileLimit     = "jari.process.file_descriptor.limit" // the conventions have none yet
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

// What only points of metrics carry; else they carry fields.
const (
	GoMemoryType = "go.memory.type"                 // stack or other
	CPUMode      = "cpu.mode"                       // user or system
	PoolName     = "db.client.connection.pool.name" // as the process calls it
	PoolState    = "db.client.connection.state"     // idle or used
	Queue        = "jari.queue"                     // one of the queues below
	EventKind    = "jari.event.kind"                // of what happened to a reservation
)

// Queues that workers empty.
const (
	QueueOutbox    = "outbox"    // reservation's events, until notification has them
	QueueMails     = "mails"     // notification's events, until their mails are out
	QueueCatalogue = "catalogue" // the catalogue's changes, until they can be found
)

// Metric describes an instrument, for TELEMETRY.md.
type Metric struct {
	Name  string
	Unit  string
	Brief string
}

// Metrics is every metric that something reads, in the order TELEMETRY.md lists
// them.
var Metrics = append([]Metric{
	{MetricProcessCPU, "s", "CPU time of the process, by cpu.mode: user, system."},
	{MetricProcessMemory, "By", "Resident memory of the process."},
	{MetricProcessFiles, "{file_descriptor}", "Open files, sockets included."},
	{MetricFileLimit, "{file_descriptor}", "How many files the process may open."},
	{MetricGoroutines, "{goroutine}", "Goroutines that live."},
	{MetricGoMemory, "By", "Memory that Go's runtime uses, by go.memory.type."},
	{MetricGoAllocated, "By", "Bytes allocated on the heap since the start."},
	{MetricGCGoal, "By", "Size of the heap at which the collector begins."},
	{MetricGCCycles, "{gc_cycle}", "Collections since the start."},
	{MetricGCPause, "s", "Histogram of how long a collection stopped the world."},
	{MetricGoSchedule, "s", "Histogram of how long a goroutine that could run waited for a CPU."},

	{MetricHTTPServer, "s", "Histogram of a request's duration at the server, by http.request.method, http.route and http.response.status_code."},
	{MetricHTTPClient, "s", "Histogram of a call's duration, by peer.service, http.request.method and http.response.status_code, or error.type where there was no answer."},
	{MetricEndpointDuration, "s", "Histogram of a service method's duration, by jari.method and error.type."},

	{MetricSpansProcessed, "{span}", "Spans that went into the queue for the agent, or with error.type queue_full did not fit and are lost."},
	{MetricSpansQueued, "{span}", "Spans that wait for the agent."},
	{MetricSpansExported, "{span}", "Spans the agent took, or with error.type never will: rejected, shutdown."},

	{MetricPoolConnections, "{connection}", "Connections of a pool, by db.client.connection.pool.name and db.client.connection.state: idle, used."},
	{MetricPoolMax, "{connection}", "Connections that a pool may have, by db.client.connection.pool.name."},
	{MetricPoolPending, "{request}", "Who waits for a connection of a pool, by db.client.connection.pool.name."},
	{MetricPoolTimeouts, "{timeout}", "Who went without a connection of a pool, by db.client.connection.pool.name."},
	{MetricPoolWait, "s", "Histogram of how long a connection was waited for, by db.client.connection.pool.name."},

	{MetricQueueLength, "{item}", "What waits in a queue, by jari.queue: outbox, mails."},
	{MetricQueueAge, "s", "How long the oldest in a queue has waited, by jari.queue: outbox, mails; of the catalogue: how far the index is behind."},
	{MetricQueueBatch, "{item}", "Histogram of how much a worker took from a queue at once, by jari.queue: outbox, mails, catalogue."},

	{MetricBookingBatch, "{booking}", "Histogram of how many bookings one transaction decided; its sum is the bookings that went in groups."},
	{MetricBookingQueue, "{booking}", "Bookings that wait for their group."},
	{MetricBookingAlone, "{booking}", "Bookings that went alone, in a transaction of their own, because it was calm."},
	{MetricBookingShed, "{booking}", "Bookings refused with 503 overloaded because too many waited."},
	{MetricOutboxRefused, "{event}", "Deliveries of events that notification refused for good, by jari.mail.kind and jari.reason."},
	{MetricInvariantViolations, "{slot}", "Slots whose counter and reservations disagree, each time the audit finds them."},

	{MetricEmitted, "{record}", "A numbered point of telemetryemit, which campaigns count."},
	{MetricCovers, "{cover}", "Covers that were booked, once each when they are committed, by jari.method: reservation.Book, Enter, Accept, Move."},
	{MetricBookingsRefused, "{booking}", "Bookings that were refused, by jari.reason."},
	{MetricReservations, "{event}", "What happened to reservations and to who waits, once each when it is committed, by jari.event.kind: the kinds of mail, and waitlist.accepted."},
	{MetricMailSent, "{mail}", "Mails that the mail service took, by jari.mail.kind."},
	{MetricMailRetried, "{mail}", "Attempts at a mail that will be made again, by jari.mail.kind and jari.reason; answer_lost may have sent one."},
	{MetricMailFailed, "{mail}", "Mails that were given up, by jari.mail.kind and jari.reason."},
}, Shipping...)
