package slo

import "time"

// Bucket is what was counted in one step of time that begins At.
type Bucket struct {
	At time.Time
	Count
}

// BurnStart estimates when the present burning began, from buckets in ascending
// order. A running excess adds each bucket's bad events and subtracts those that
// the given burn rate allows. The burning began with the first bad event after
// the excess was lowest. When no event is bad it is fallback.
func (o Objective) BurnStart(buckets []Bucket, burn float64, fallback time.Time) time.Time {
	start, excess, lowest, anyBad := fallback, 0.0, 0.0, false
	for _, b := range buckets {
		if b.Bad > 0 && (!anyBad || excess <= lowest) {
			start, lowest, anyBad = b.At, excess, true
		}
		excess += float64(b.Bad) - burn*o.Budget()*float64(b.Total())
	}
	return start
}
