// Package rig starts what benchmarks of the reservation service need: a
// PostgreSQL, the service in its own process, a load generator that books over
// HTTP, and a sink for the service's telemetry.
package rig
