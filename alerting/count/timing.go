package count

import (
	"fmt"
	"time"
)

// Timing is the resolution of counting. All of it is divided by the time scale.
// Lookback and Tick have a minimum: neither the latency of the pipeline that delivers
// log lines nor the cost of a search changes with the scale.
type Timing struct {
	Scale    int           // windows are divided by it
	Bucket   time.Duration // width of a bucket
	Tick     time.Duration // between two evaluations
	Lookback time.Duration // how far back each tick counts again, for lines that arrive late
}

// minTick is the shortest time between two evaluations. A tick costs OpenSearch about
// as much at every scale: six a second, as a scale of 60 would need, keep a core busy,
// and one a second keeps a tenth of it busy while nobody uses the system. The pipeline
// takes about as long anyway.
const minTick = 2 * time.Second

// DefaultLookback is long enough for an agent that ships lines within seconds.
const DefaultLookback = 5 * time.Minute

// NewTiming divides the design's times by scale. Buckets must be whole
// milliseconds that divide a minute, because OpenSearch's fixed intervals begin
// at 1970.
func NewTiming(scale int) (Timing, error) {
	if scale < 1 || scale > 600 || time.Minute.Milliseconds()%int64(scale) != 0 {
		return Timing{}, fmt.Errorf("%d is not a divisor of 60000 between 1 and 600; use one, such as 1, 10 or 60", scale)
	}
	n := time.Duration(scale)
	t := Timing{Scale: scale, Bucket: time.Minute / n, Tick: max(10*time.Second/n, minTick)}
	return t.WithLookback(DefaultLookback), nil
}

// WithLookback returns t with a lookback of d, divided by the time scale.
func (t Timing) WithLookback(d time.Duration) Timing {
	t.Lookback = max(d/time.Duration(t.Scale), 15*time.Second)
	return t
}

// BucketStart is the start of the bucket that contains at.
func (t Timing) BucketStart(at time.Time) time.Time {
	width := t.Bucket.Milliseconds()
	return time.UnixMilli(at.UnixMilli() / width * width).UTC()
}

// BucketEnd is the end of the bucket that contains at.
func (t Timing) BucketEnd(at time.Time) time.Time { return t.BucketStart(at).Add(t.Bucket) }
