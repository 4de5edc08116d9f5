package names

// Event describes a kind of log line, for TELEMETRY.md.
type Event struct {
	Name  string // value of event.name
	Brief string
}

// Events lists all events in the order of TELEMETRY.md.
var Events = []Event{
	{EventAccess, "Access log: one line per request of a service. SLOs count those of the gateway, " +
		"and those of the edge where it responded itself. Of an inner service a line may stand for several requests: jari.weight."},
	{EventStarted, "The process has started and accepts requests."},
	{EventStopping, "The process received a stop signal and drains."},
	{EventHeartbeat, "The process is alive; every 10 s."},
	{EventSpansDropped, "Spans were dropped: jari.count since the last such line; at most once per minute."},
	{EventPanic, "A panic, with its stack. " +
		"ERROR: it was recovered, so that a request got a 500 or a worker was restarted. FATAL: it ended the process."},
	{EventFailed, "The process ends with an error or could not start."},
	{EventLevelChanged, "The log level was changed (PUT /loglevel on the ops port)."},
	{EventFaultBegan, "A fault was injected into the local system: jari.fault.name, until jari.fault.until."},
	{EventFaultEnded, "An injected fault was ended."},
	{EventFlagChanged, "A feature flag was switched on or off, or changed its parameters."},
	{EventEmitted, "A numbered record of telemetryemit, counted by chaos campaigns."},
	{EventOutboxDelivered, "The outbox relay delivered events to the notification service."},
	{EventOutboxFailed, "The outbox relay could not deliver events and will retry."},
	{EventOutboxRefused, "The notification service rejected an event permanently, because of a bug in one of them. " +
		"Retries back off to one per hour."},
	{EventOfferMade, "Covers were offered to a waitlist entry; jari.offer.delay says how long they had been free."},
	{EventInvariantViolated, "A slot's counter differs from its reservations: investigate each booking of the slot."},
	{EventAudited, "The audit compared the counters of all future slots with their reservations; " +
		"jari.violations is the number of differences."},
	{EventJobFailed, "A run of a job failed; the next run follows on schedule."},
	{EventMailSent, "The mail service accepted a mail."},
	{EventMailFailed, "The mail service did not accept a mail. WARN: it will be retried; ERROR: it is given up. jari.reason has the reason."},
	{EventMailWithdrawn, "A mail about a no-show was not sent, because the owner had undone it; nor a mail that corrects one never sent."},
	{EventMailRate, "The rate of mails has changed: jari.mail.rate. WARN: the mail service did not say it, and the last known rate holds."},
	{EventCatalogueIndexed, "Catalogue changes became searchable."},
	{EventIndexFailed, "Catalogue changes could not be indexed and will be retried."},
	{EventHitUnreadable, "A restaurant in the search index cannot be read and is left out of results; once per restaurant and process."},
	{EventIncidentOpened, "An incident opened."},
	{EventIncidentUpdated, "An incident changed."},
	{EventIncidentResolved, "An incident ended."},
	{EventIncidentReopened, "An incident that had ended goes on: its rule fires again soon after."},
	{EventIncidentRaised, "A ticket became a page."},
	{EventIncidentWithdrawn, "An incident ended because its rule was withdrawn or renamed."},
	{EventEvidenceFailed, "The search for evidence of an incident failed or took too long; its message goes without. It is searched again."},
	{EventChartFailed, "The chart of an incident could not be made or shown; its message is complete without it. A reason is logged once."},
	{EventBlind, "Counts cannot be trusted, because telemetry is missing or counting fails: no incident resolves. exception has the reason."},
	{EventBlindEnded, "Counts can be trusted again."},
	{EventTickFailed, "A tick of the evaluation failed; the next tick covers its time, too."},
	{EventTickRecovered, "A tick succeeded after one or more had failed."},
	{EventObjectivesLoaded, "Changed objectives are in use; jari.count is the number of rules."},
	{EventObjectivesRefused, "Changed objectives were refused, with all problems; jari.count is the number of rules that stay in use."},
	{EventOnCallLoaded, "Changed files of who is on call are in use."},
	{EventOnCallRefused, "Changed files of who is on call were refused; those before stay in use. exception says where the problems are."},
	{EventOnCallGap, "In the next eight weeks a person on call is away, at the time in the message; another one stands in."},
	{EventSlackDelivered, "Slack message delivered."},
	{EventLease, "The replica acquired or lost the lease."},
	{EventPagingFailed, "A page could not be escalated to the next person; tried again after a second."},
	{EventSlackRequestFailed, "A button or a command of Slack was refused or failed."},
	{EventStatusPageFailed, "A request to the status page failed, because the database did."},
	{EventSlackFailed, "Slack message not delivered; it stays in the outbox."},
	{EventMailDelivered, "The mail service accepted a mail about an incident."},
	{EventMailUndelivered, "A mail about an incident was not accepted; it stays in the outbox."},
	{EventMistakeFound, "The configuration of a medium, such as Slack's token or a channel, has to be corrected. exception says what to do."},
	{EventMistakeCorrected, "The configuration of a medium was corrected; it needed no restart."},
	{EventMistakeUnannounced, "What has to be corrected in a configuration could not be queued for another medium; tried again after a second."},
	{EventNotifiesNobody, "Neither Slack nor mail is configured: incidents are recorded and notify nobody."},
	{EventDigestQueued, "The daily digest of the error budgets was queued."},
	{EventDigestFailed, "The daily digest of the error budgets could not be made; tried again after a minute."},
	{EventPruneFailed, "Old deliveries could not be deleted from the outbox; tried again after an hour."},
	{EventAlertingDown, "No tick of alerting has succeeded for 3 minutes, or for another hour; it was mailed."},
	{EventAlertingDownEnded, "Ticks succeed again after an outage of alerting; it was mailed."},
	{EventWatchFailed, "The watcher of alerting could not read the last tick, send a mail or store its state; tried again at the next check."},
}
