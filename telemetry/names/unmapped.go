package names

// Unmapped is every field without a mapping of its own, in the order
// TELEMETRY.md lists them. Those of lines and spans stand under Attributes.
var Unmapped = []Field{
	{Name: URLFull, Brief: "The URL that a client span called, without its query."},
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
