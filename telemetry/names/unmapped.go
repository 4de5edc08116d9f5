package names

// Names of fields without a mapping of their own.
const (
	AgentTag      = "jari.agent.tag"
	AgentChunk    = "jari.agent.chunk.bytes"
	AgentReceived = "jari.agent.received"
	AgentFollowed = "jari.agent.followed"
	LogFilePath   = "log.file.path"
	LogFileOffset = "log.file.record_offset"
)

// Unmapped lists all fields without a mapping of their own, in the order of
// TELEMETRY.md. Those of lines and spans are stored under Attributes.
var Unmapped = []Field{
	{Name: AgentTag, Brief: "Of a log line of the Fluent Bit plugin: the tag of the chunk."},
	{Name: AgentChunk, Brief: "Of a log line of the Fluent Bit plugin: the size of the chunk in bytes."},
	{Name: AgentReceived, Brief: "In the queue of the local agent: when it received the record."},
	{Name: AgentFollowed, Brief: "In the queue of the local agent: whether it read the record from a log file."},
	{Name: LogFilePath, Brief: "The log file of a line without log.record.uid."},
	{Name: LogFileOffset, Brief: "The offset of such a line in the log file."},
	{Name: TimeScale, Brief: "The factor by which alertingd's windows are shortened."},
	{Name: InMemory, Brief: "Whether alertingd runs without a database; its state is lost at its end."},
	{Name: HasOpenSearch, Brief: "Whether alertingd has an OpenSearch in which it counts events."},
	{Name: HasSlack, Brief: "Whether alertingd delivers to Slack."},
	{Name: SlackDelivery, Brief: "The kind of Slack delivery: a message, its update, a reply in its thread."},
	{Name: SlackAttempts, Brief: "The number of attempts of a Slack delivery."},
	{Name: Padding, Brief: "Random bytes that increase the size of a span of telemetryemit."},
	{Name: Unindexed, Brief: "Attributes that are too long to be indexed: stored, not searchable."},
	{Name: DocRefused, Brief: "Of a dead letter: the document."},
	{Name: DocRefusedBase64, Brief: "Of a dead letter: the document in base64, if it is not text."},
}
