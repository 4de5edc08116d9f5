// Package names is the vocabulary of Jari's telemetry: every log field, span
// attribute, event, header and index is written here and nowhere else, so that
// a renamed field breaks a build and not a dashboard.
//
// Names follow the OpenTelemetry semantic conventions where they exist
// (https://opentelemetry.io/docs/specs/semconv/); what is ours starts with
// "jari.". The package imports nothing, so every room may import it.
package names

// Conventions is the version of the semantic conventions that names are taken
// from: the one that OpenTelemetry's instrumentations of today follow. A test of
// package telemetry looks each of them up.
const Conventions = "1.43.0"
