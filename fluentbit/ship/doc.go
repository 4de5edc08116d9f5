// Package ship delivers documents to OpenSearch so that each is stored exactly
// once, however often it is sent.
//
// # The way of a chunk
//
// A chunk is what Fluent Bit passes to the plugin in one flush. These are its steps:
//
//	    Fluent Bit                                           file
//	 1  copy the bytes, which are only lent                  main.go
//	 2  circuit open? ── yes ──────────────────────▶ RETRY   plugin/plugin.go, ship/circuit.go
//	 3  read one MessagePack value after another             record/chunk.go, record/msgpack.go
//	 4    a log event, or a line in one                      record/event.go, record/line.go
//	 5    an OTLP trace request                              record/otlp.go
//	 6    cmetrics metric families                           record/cmetrics.go
//	 7  give a time to records without one                   record/chunk.go
//	 8  give every record its document id                    record/id.go
//	 9  write the JSON documents and service map edges       record/document.go, record/span.go
//	10  leave out edges that are known to be stored          ship/derived.go
//	11  cut into batches of MaxBytes and MaxDocs             ship/shipper.go
//	    ┌─ for each batch ─────────────────────────────
//	12  │ wait for one of MaxRequests places                 ship/bulk.go
//	13  │ circuit breaker permit? ── no ───────────▶ RETRY   ship/circuit.go
//	14  │ verify that our index templates apply              ship/setup.go, ship/templates.go
//	15  │ encode and compress the bulk request               ship/encode.go
//	16  │ POST /_bulk, read the response                     ship/request.go, ship/bulk.go
//	17  │   none, or 429 or 5xx: circuit failure ──▶ RETRY   ship/circuit.go
//	18  │   413 or 400: halve the batch, go to 12            ship/send.go
//	19  │ classify the response to each document             ship/bulk.go
//	    │   2xx                  created
//	    │   409                  stored already: success
//	    │   429, 5xx             back off, go to 12 with it  ship/send.go
//	    │   400, its own fault   refused: go to 20
//	    │   anything else        whole chunk ──────▶ RETRY
//	20  │ write the refused as dead letters, by 12 to 19     ship/send.go, record/document.go
//	    └──────────────────────────────────────────────
//	21  count, and acknowledge ───────────────────▶ OK       ship/counters.go, plugin/plugin.go
//
// The local Collector joins at step 8: agent/convert.go and
// agent/convert_metrics.go replace 1 to 7, agent/exporter.go calls Ship, and an
// error sends the request back to its queue.
//
// # Outcomes
//
//   - ack: Ship returns nil. Every document is in its index or, with the reason,
//     in the dead-letter index. The agent deletes the chunk.
//   - retry: Ship returns an error. The agent keeps the chunk on disk and sends
//     all of it again, later. For a document that is stored already OpenSearch
//     responds with a conflict, which is success.
//   - dead letter: one document that OpenSearch refuses for its own fault, or
//     input that could not be decoded. Package deadletter lists and replays them.
//
// There is no other outcome: a chunk is never dropped.
//
// # Invariants
//
//   - Index and id of a document depend on the bytes of the chunk alone, so a
//     repetition creates nothing twice (record.Identify).
//   - A document becomes a dead letter only for a fault on a closed list
//     (itemError.isDocumentFault). An unknown 400 is retried.
//   - Nothing is written before the index templates are known to apply, because an
//     index made without them has the wrong field types for good.
//   - Memory is bounded: Decode by a factor of the chunk's size, requests by
//     MaxBytes, MaxDocs and MaxRequests. Everything else waits in the agent, on disk.
//   - A panic does not end the agent, in whose process this runs.
//   - No order is promised between documents.
package ship
