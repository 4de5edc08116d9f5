// Package indicator counts what objectives are made of: good and bad events
// per bucket of time, read from the access lines, and the evidence an
// incident shows.
package indicator

import (
	"context"
	"errors"
	"time"

	"jari.example/alerting/slo"
)

// ErrNoTelemetry says that no telemetry at all can be seen. It is not a healthy
// service: whoever gets it must neither open nor resolve anything.
var ErrNoTelemetry = errors.New("blind: no telemetry at all")

// Source counts events.
type Source interface {
	// Count returns the buckets of width in [from, to) of every objective,
	// by name, ascending, without the empty ones. It costs one question
	// however many objectives there are. ErrBlind when there was nothing of
	// any kind, not even a heartbeat.
	Count(ctx context.Context, slos []slo.SLO, from, to time.Time, width time.Duration) (map[string][]slo.Bucket, error)

	// Evidence shows what was bad for s in [from, to).
	Evidence(ctx context.Context, s slo.SLO, from, to time.Time) (Evidence, error)
}

// Evidence is what a person wants to see first.
type Evidence struct {
	Regions map[string]int64 // bad events by cloud.region
	Traces  []string         // up to three traces of bad events, latest first
}

// maxTraces is enough to compare and few enough to look at.
const maxTraces = 3
