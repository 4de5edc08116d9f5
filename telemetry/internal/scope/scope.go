// Package scope holds the name of the instrumentation scope that all packages of
// this module share, so that documents keep one otel.scope.name.
package scope

// Name is the instrumentation scope of this module's spans and metrics.
const Name = "jari.example/telemetry"
