// Package names is the vocabulary of Jari's telemetry: every log field, span
// attribute, event, header and index is written here and nowhere else, so that
// a renamed field breaks a build and not a dashboard.
//
// Names follow the OpenTelemetry semantic conventions 1.37 where they exist
// (https://opentelemetry.io/docs/specs/semconv/); what is ours starts with
// "jari.". The package imports nothing, so every room may import it.
package names
