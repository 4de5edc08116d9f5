package names

// Counters of the shipper since its process started: fields of the agent's
// heartbeat and metrics of the same names. A missing heartbeat means that telemetry
// does not arrive; a heartbeat with constant counters, that the services emit
// nothing.
const (
	AgentKind         = "jari.agent.kind"
	ShipAccepted      = "jari.ship.accepted"
	ShipCreated       = "jari.ship.created"
	ShipDuplicate     = "jari.ship.duplicate"
	ShipRetried       = "jari.ship.retried"
	ShipDeadLettered  = "jari.ship.dead_lettered"
	ShipCircuitOpened = "jari.ship.circuit.opened"
	ShipEvicted       = "jari.ship.evicted"
	ShipTurnedAway    = "jari.ship.turned_away"
	ShipBacklogChunks = "jari.ship.backlog.chunks"
	ShipBacklogBytes  = "jari.ship.backlog.bytes"
)

// Only in the agent's heartbeat, where a condition can compare them with a
// constant: it cannot compare a counter with its previous value, or the free bytes
// with the size of their volume.
const (
	ShipEvictedDelta      = "jari.ship.evicted_delta"
	ShipDeadLetteredDelta = "jari.ship.dead_lettered_delta"
	AgentDiskFree         = "jari.agent.disk.free"
	AgentDiskFreeShare    = "jari.agent.disk.free_share"
)

// ServiceAgent is the service.name of the agent's own telemetry.
const ServiceAgent = "agent"

// Shipping describes those counters and the two gauges of the backlog.
var Shipping = []Metric{
	{ShipAccepted, "{document}", "Documents of completed chunks: each is in its index or a dead letter. " +
		"Edges of the service map are counted when they are new."},
	{ShipCreated, "{document}", "Documents that OpenSearch created."},
	{ShipDuplicate, "{document}", "Documents that existed already, because the response to an earlier request was lost."},
	{ShipRetried, "{document}", "Documents that are retried: alone after a 429 or 5xx for the document, or with their chunk."},
	{ShipDeadLettered, "{document}", "Documents that OpenSearch rejected and that became dead letters."},
	{ShipCircuitOpened, "{time}", "How often the circuit breaker opened after several consecutive failures of OpenSearch."},
	{ShipEvicted, "{record}", "Records that the agent evicted from its full buffer, as the agent reports. They are lost."},
	{ShipTurnedAway, "{record}", "Records that the agent refused because its queue was full, as the agent reports. Its clients retry."},
	{ShipBacklogChunks, "{chunk}", "Chunks that wait in the agent, if it reports them (Fluent Bit)."},
	{ShipBacklogBytes, "By", "Bytes that wait in the agent's queue, if it reports them (Collector)."},
}
