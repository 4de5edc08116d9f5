package slo

import "time"

// Bucket is what was counted in one step of time, beginning At.
type Bucket struct {
	At time.Time
	Count
}

// BurnStart is when the burning that fills buckets (ascending) began: the bucket
// after which bad events were always ahead of what the rate burn explains,
// where their running lead was smallest. It is fallback when nothing is bad.
func (o Objective) BurnStart(buckets []Bucket, burn float64, fallback time.Time) time.Time {
	onset, lead, least, bad := fallback, 0.0, 0.0, false
	for _, b := range buckets {
		if b.Bad > 0 && (!bad || lead <= least) {
			onset, least, bad = b.At, lead, true
		}
		lead += float64(b.Bad) - burn*o.Budget()*float64(b.Total())
	}
	return onset
}
