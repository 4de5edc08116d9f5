package names

// Event is a kind of log line, for TELEMETRY.md.
type Event struct {
	Name  string // value of event.name
	Brief string
}

// Events is every event, in the order TELEMETRY.md lists them.
var Events = []Event{
	{EventAccess, "One per request at the edge of each service; the gateway's are what SLOs count."},
	{EventStarted, "The process serves."},
	{EventStopping, "The process was asked to stop and drains."},
	{EventHeartbeat, "The process lives; every 10 s."},
	{EventSpansDropped, "Spans were lost, since the last such line jari.count of them; at most once a minute."},
	{EventPanic, "A panic, with its stack. ERROR: it was caught, a request got a 500 or a worker began again. FATAL: it ended the process."},
	{EventFailed, "The process ends with an error, or could not start."},
	{EventLevelChanged, "Somebody changed the lowest level that is logged (PUT /loglevel on the ops port)."},
	{EventEmitted, "A numbered record of telemetryemit, which campaigns count."},
	{EventOutboxDelivered, "The outbox handed events over."},
	{EventOutboxFailed, "The outbox could not hand events over and will try again."},
	{EventOutboxRefused, "Notification refused an event for good: a fault of ours; tried again ever more seldom, up to hourly."},
	{EventInvariantViolated, "A slot's counter and its reservations disagree: stop and look, booking by booking."},
	{EventAudited, "Every slot to come was recounted; jari.violations says how many are wrong."},
	{EventJobFailed, "A job could not do its round; the next one comes."},
	{EventMailSent, "A mail was accepted by the mail service."},
	{EventMailFailed, "A mail was not accepted: WARN and it will be tried again, ERROR and it is given up; jari.reason says why."},
	{EventCatalogueIndexed, "Catalogue changes became searchable."},
	{EventIndexFailed, "Catalogue changes could not be indexed and will be tried again."},
	{EventIncidentOpened, "An incident opened."},
	{EventIncidentUpdated, "An incident changed."},
	{EventIncidentResolved, "An incident ended."},
	{EventTickFailed, "A tick of the evaluation failed; the next one covers it."},
	{EventTickRecovered, "A tick succeeded after one or more had failed."},
	{EventSlackDelivered, "Slack took a message."},
	{EventLease, "The replica began or ceased to be the one that acts."},
	{EventSlackFailed, "Slack did not take a message, which stays in the outbox."},
}
