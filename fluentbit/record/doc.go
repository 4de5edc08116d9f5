// Package record decodes what an agent receives into records, and turns records
// into OpenSearch documents. A record is one log line, one span or one metric
// point, whatever shape it came in.
//
// Two agents use it. Fluent Bit's plugin passes chunks of MessagePack (Decode).
// The local Collector passes lines (Line) and OTLP data that it has converted
// itself. Both call Identify and then Record.Documents, so a record becomes the
// same document with the same id either way.
//
//	chunk ─▶ Decode ─▶ values (msgpack.go)
//	                     ├─ log event: event.go ─▶ line of a file or container: line.go
//	                     ├─ OTLP trace request: otlp.go
//	                     ├─ cmetrics metric families: cmetrics.go
//	                     └─ anything else: Unreadable, which becomes a dead letter
//	      ─▶ Identify (id.go) ─▶ Documents (document.go, span.go, coerce.go, json.go)
//
// Every result depends on the input bytes alone. Nothing reads the clock: a chunk
// that is sent again must go into the same index under the same ids.
//
// Nothing is dropped: what cannot be decoded becomes a record of signal Unreadable,
// and so a dead letter with the reason.
package record
