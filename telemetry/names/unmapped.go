package names

// What has no mapping of its own.
const (
	URLScheme   = "url.scheme"
	RequestSize = "http.request.body.size"
	ServerPort  = "server.port"
	HTTPVersion = "network.protocol.version"

	AgentTag      = "jari.agent.tag"
	AgentChunk    = "jari.agent.chunk.bytes"
	AgentReceived = "jari.agent.received"
	AgentFollowed = "jari.agent.followed"
	LogFilePath   = "log.file.path"
	LogFileOffset = "log.file.record_offset"
	ScopeName     = "otel.scope.name"
)

// Unmapped is every field without a mapping of its own, in the order
// TELEMETRY.md lists them. Those of lines and spans stand under Attributes.
var Unmapped = []Field{
	{Name: URLFull, Brief: "The URL that a client span called, without its query."},
	{Name: URLScheme, Brief: "Of a server span: http or https."},
	{Name: RequestSize, Brief: "Bytes of the request's body."},
	{Name: ServerPort, Brief: "The port that was asked."},
	{Name: HTTPVersion, Brief: "1.1 or 2."},
	{Name: AgentTag, Brief: "Of a line of the plugin's own: the chunk's tag."},
	{Name: AgentChunk, Brief: "The same: its bytes."},
	{Name: AgentReceived, Brief: "When the local agent got it, in its queue."},
	{Name: AgentFollowed, Brief: "That the local agent followed it in a file, in its queue."},
	{Name: LogFilePath, Brief: "The file that a line was followed in."},
	{Name: LogFileOffset, Brief: "Where in it."},
	{Name: ScopeName, Brief: "Of a metric point: the library that counted; two may use one name."},
	{Name: TimeScale, Brief: "By how much alertingd's windows are shortened."},
	{Name: InMemory, Brief: "alertingd has no database and forgets everything."},
	{Name: SeesIndex, Brief: "alertingd has an OpenSearch to count in."},
	{Name: TellsSlack, Brief: "alertingd has a Slack to tell."},
	{Name: SlackDelivery, Brief: "What Slack was told: a message, its change, a note in its thread."},
	{Name: SlackAttempts, Brief: "How often it was tried."},
	{Name: Padding, Brief: "Makes a span of telemetryemit as large as it should be."},
	{Name: Unindexed, Brief: "The attributes that are too long for a term: kept, not searchable."},
	{Name: DocRefused, Brief: "Of a dead letter: the document as it stood."},
	{Name: DocRefusedBase64, Brief: "The same, where it is no text."},
}
