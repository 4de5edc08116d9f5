// Package indicator counts the good and bad events of objectives, per bucket of
// time, from the access log lines in OpenSearch. It also collects the evidence
// that an incident shows.
package indicator

import (
	"context"
	"errors"
	"time"

	"jari.example/alerting/slo"
)

// ErrNoTelemetry: OpenSearch has no document of any kind for the period. It does
// not mean that the service is healthy: no incident may open or resolve.
var ErrNoTelemetry = errors.New("no telemetry: there is no log line of any service for the period; check the agent and the log index")

// Source counts events.
type Source interface {
	// Count returns the buckets of width in [from, to) of every objective, by
	// name, ascending, without the empty ones. It makes one query, whatever the
	// number of objectives. It fails with ErrNoTelemetry when there is no
	// document of any kind, not even a heartbeat.
	Count(ctx context.Context, slos []slo.SLO, from, to time.Time, width time.Duration) (map[string][]slo.Bucket, error)

	// Evidence returns details of the bad events of s in [from, to).
	Evidence(ctx context.Context, s slo.SLO, from, to time.Time) (Evidence, error)
}

// Evidence is what somebody who investigates an incident needs first.
type Evidence struct {
	Regions map[string]int64 // bad events by cloud.region
	Traces  []string         // up to maxTraces traces of bad events, latest first
}

const maxTraces = 3
