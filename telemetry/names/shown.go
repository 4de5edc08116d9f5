package names

import "slices"

// shown are the fields whose values may be copied to where people outside of the
// telemetry read them, such as messages about incidents. Each holds a time, a number, or
// one of few words that our own code chooses. What a person can have typed, what
// identifies a person or a thing of theirs, and the texts of errors are not among them. A
// restaurant is none of these: its page is public, under the same id.
// A new field is not shown until somebody has decided that it may be.
var shown = []string{
	Time, SeverityText, EventName, ServiceName, ServiceVersion, ServiceInstanceID, CloudRegion, RestaurantID,
	HTTPMethod, HTTPRoute, HTTPStatus, HTTPDuration, HTTPBodySize, HTTPBodyRead,
	ErrorType, PeerService, DBSystem, DBOperation, DBQuerySummary, DBRows, DBPoolWait,
	Method, Reason, Degraded, TraceKept, Weight, Job, Violations, SlotWanted, SlotCapacity, SlotBooked, SlotHeld, Replayed,
	OfferDelay, MailKind, MailDelay, SLO, Uptime, Count, FlagKey,
	AgentKind, ShipEvictedDelta, ShipDeadLetteredDelta, AgentDiskFree, AgentDiskFreeShare,
}

// Shown reports whether messages may show the values of a field, given its name in a log
// line.
func Shown(name string) bool { return slices.Contains(shown, name) }
