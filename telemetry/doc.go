// Package telemetry makes a process observable: JSON lines on stdout, spans and
// metrics over OTLP to the agent, W3C trace context on every hop. It holds what a
// process calls: [Main], [Start], the instruments of servers and clients, notes
// on the current request, traces that continue elsewhere.
//
// Its parts are packages of their own:
//
//   - names: the names of all fields, events, spans, metrics, headers, indices
//   - jsonlog: the slog handler that writes the lines
//   - spans: head and tail sampling, the span queue, the OTLP exporter
//   - runtimestats: metrics of the process and of Go's runtime
//   - crashguard: the parent or child process that logs a crash
//   - pgxtelemetry: spans and pool metrics of PostgreSQL; this package does not
//     depend on pgx
//   - telemetrytest: records in memory what a process under test emits
package telemetry

//go:generate go run ./cmd/telemetrydoc TELEMETRY.md
