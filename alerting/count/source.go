package count

import (
	"context"
	"errors"
	"time"

	"jari.example/alerting/slo"
)

// ErrNoTelemetry: there is no document of any kind in the newest period. It does
// not mean that the service is healthy.
var ErrNoTelemetry = errors.New("no telemetry: there is no document of any kind for the period; check the agent and the index")

// ErrOlder: the newest period was counted, but not an older one, in which lines may
// have arrived late or whose history a new indicator lacks.
var ErrOlder = errors.New("an older period was not counted")

// Source counts events.
type Source interface {
	// Count counts the events of each indicator in the period, and returns them in
	// buckets of width by time and region, ascending, without the empty ones. Good
	// counts the events that meet Total but not Bad, Bad those that meet both. An
	// indicator with Within is counted from Within before the period on, too.
	// Count makes one search, whatever the number of indicators.
	//
	// documents is the number of documents of any kind that the indices of the
	// indicators have for the period; 0 means that there is no telemetry at all.
	Count(ctx context.Context, indicators map[slo.Key]slo.Indicator, period Span, width time.Duration) (
		buckets map[slo.Key][]Bucket, documents int64, err error)
}
