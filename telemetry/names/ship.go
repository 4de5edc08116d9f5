package names

// What a shipper counts since its process started: fields of the agent's
// heartbeat and metrics of the same names. A missing heartbeat says that nobody
// sees what the services do; one whose counters rest, that they are quiet.
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

// ServiceAgent is the service.name of what an agent says of itself.
const ServiceAgent = "agent"

// Shipping is those counters, and the two gauges of what waits.
var Shipping = []Metric{
	{ShipAccepted, "{document}", "Documents of chunks that are settled: each is in its index or a dead letter. Edges of the service map count when they are new."},
	{ShipCreated, "{document}", "Documents that OpenSearch took."},
	{ShipDuplicate, "{document}", "Documents that were there already: an earlier answer was lost."},
	{ShipRetried, "{document}", "Documents to be sent again, alone after a 429 or 5xx of their own or with their chunk."},
	{ShipDeadLettered, "{document}", "Documents that were refused and became dead letters."},
	{ShipCircuitOpened, "{time}", "How often OpenSearch was left alone for a moment after failing several times on end."},
	{ShipEvicted, "{record}", "Records that the agent gave up, as it says: its buffer was full. They are lost."},
	{ShipTurnedAway, "{record}", "Records that the agent told its clients to send again later, as it says: its queue was full."},
	{ShipBacklogChunks, "{chunk}", "Chunks that wait in the agent, where it says so (Fluent Bit)."},
	{ShipBacklogBytes, "By", "Bytes that wait in the agent's queue, where it says so (Collector)."},
}
