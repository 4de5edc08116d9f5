package evaluate

import (
	"fmt"
	"time"
)

// Pace is how time is cut. All of it shrinks together when windows are
// shortened; only the re-reading has a floor, because the pipeline's latency
// does not shrink.
type Pace struct {
	Scale  int           // windows are divided by it
	Bucket time.Duration // what counts are kept per
	Tick   time.Duration // how often is looked
	Late   time.Duration // how far back is read again for late lines
}

// NewPace divides the design's times by scale. Buckets must be whole
// milliseconds that divide a minute, because OpenSearch cuts time from 1970.
func NewPace(scale int) (Pace, error) {
	if scale < 1 || scale > 600 || time.Minute.Milliseconds()%int64(scale) != 0 {
		return Pace{}, fmt.Errorf("%d is not a divisor of 60000 between 1 and 600, such as 1, 10, 60", scale)
	}
	n := time.Duration(scale)
	return Pace{
		Scale:  scale,
		Bucket: time.Minute / n,
		Tick:   10 * time.Second / n,
		Late:   max(5*time.Minute/n, 15*time.Second),
	}, nil
}

// floor is the beginning of t's bucket.
func (p Pace) floor(t time.Time) time.Time {
	w := p.Bucket.Milliseconds()
	return time.UnixMilli(t.UnixMilli() / w * w).UTC()
}

// end is the end of t's bucket.
func (p Pace) end(t time.Time) time.Time { return p.floor(t).Add(p.Bucket) }
