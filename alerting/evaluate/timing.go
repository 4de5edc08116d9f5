package evaluate

import (
	"fmt"
	"time"
)

// Timing is how time is cut. All of it shrinks together when windows are
// shortened; only the re-reading has a floor, because the pipeline's latency
// does not shrink.
type Timing struct {
	Scale    int           // windows are divided by it
	Bucket   time.Duration // what counts are kept per
	Tick     time.Duration // how often is looked
	Lookback time.Duration // how far back is read again for late lines
}

// NewTiming divides the design's times by scale. Buckets must be whole
// milliseconds that divide a minute, because OpenSearch cuts time from 1970.
func NewTiming(scale int) (Timing, error) {
	if scale < 1 || scale > 600 || time.Minute.Milliseconds()%int64(scale) != 0 {
		return Timing{}, fmt.Errorf("%d is not a divisor of 60000 between 1 and 600, such as 1, 10, 60", scale)
	}
	n := time.Duration(scale)
	return Timing{
		Scale:    scale,
		Bucket:   time.Minute / n,
		Tick:     10 * time.Second / n,
		Lookback: max(5*time.Minute/n, 15*time.Second),
	}, nil
}

// floor is the beginning of t's bucket.
func (p Timing) floor(t time.Time) time.Time {
	w := p.Bucket.Milliseconds()
	return time.UnixMilli(t.UnixMilli() / w * w).UTC()
}

// end is the end of t's bucket.
func (p Timing) end(t time.Time) time.Time { return p.floor(t).Add(p.Bucket) }
