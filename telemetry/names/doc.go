// Package names defines the names of Jari's telemetry: every log field, span
// attribute, event, metric, header and index is defined here and nowhere else, so
// that a renamed field breaks a build and not a dashboard.
//
// Names follow the OpenTelemetry semantic conventions where those have one
// (https://opentelemetry.io/docs/specs/semconv/); our own names begin with
// "jari.". The package has no dependencies, so every module may import it.
package names

// Conventions is the version of the semantic conventions that the names follow. It
// is the version of the OpenTelemetry instrumentations in use; a test of package
// telemetry checks both.
const Conventions = "1.43.0"
