// Package ceiling limits how much of what happens many times a second is kept.
package ceiling

import (
	"math"
	"sync"
	"time"
)

// Ceiling decides what is kept of the events of one kind. Of up to limit events in
// a second it keeps all. Above that it keeps fewer the more there are: limit²/n of n,
// but not fewer than floor, and a hundredth of limit besides. So what is kept takes less of a machine that has less to
// give; with a floor equal to limit it stays the same.
//
// An event has an id, such as that of its trace, whose values must be spread evenly.
// Kept are the lowest ids, so that two processes keep the same events even if one
// keeps more of them. How low an id must be follows from the number of events in the
// second before. In the first second of a load peak, whose size is not known yet, the
// first limit events are kept. In the second after a peak, events are kept whatever
// their ids as long as they come no faster than limit a second: it may be calm again.
type Ceiling struct {
	limit, floor int // events per second; a negative limit keeps all

	mu     sync.Mutex
	second int64 // the second that the fields below count
	seen   int   // events in it
	kept   int   // of them
	low    int   // of those kept, with a low id
	most   int   // with a low id that may be kept in it
	maxID  uint64
}

// New returns a Ceiling. A negative limit keeps everything.
func New(limit, floor int) *Ceiling { return &Ceiling{limit: limit, floor: floor} }

// Share is a part of a limit: a divisor-th, at least 1 unless limit is 0. All of
// everything is everything: a negative limit stays negative.
func Share(limit, divisor int) int {
	if limit <= 0 {
		return limit
	}
	return max(1, limit/divisor)
}

// Admit counts an event and reports whether it is kept.
func (c *Ceiling) Admit(id uint64, now time.Time) bool {
	if c.limit < 0 {
		return true
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.advance(now)
	c.seen++
	switch {
	case c.kept >= c.limit:
		return false
	case c.low < c.most && id <= c.maxID:
		c.low++
	case !c.calm(now):
		return false
	}
	c.kept++
	return true
}

// calm reports whether the events of this second have come no faster than limit a
// second until now, a hundredth of limit at once included. In a load peak that lasts,
// this holds for the first few events of each second only.
func (c *Ceiling) calm(now time.Time) bool {
	var elapsed time.Duration
	if now.Unix() == c.second { // else read before the second began
		elapsed = time.Duration(now.Nanosecond())
	}
	return float64(c.seen) <= float64(Share(c.limit, 100))+float64(c.limit)*elapsed.Seconds()
}

// Count counts an event that is kept in any case. It takes the place of another one.
func (c *Ceiling) Count(now time.Time) {
	if c.limit < 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.advance(now)
	c.seen++
	c.kept++
	c.low++
}

// advance begins the second of now. A caller may have read the clock before another
// one that has already begun the next second: it is counted in that one.
func (c *Ceiling) advance(now time.Time) {
	second := now.Unix()
	if second == c.second || second == c.second-1 {
		return
	}
	before := c.seen
	if second != c.second+1 {
		before = 0
	}
	c.second, c.seen, c.kept, c.low, c.most, c.maxID = second, 0, 0, 0, c.limit, math.MaxUint64
	if before > c.limit {
		c.most = max(c.floor, c.limit*c.limit/before)
		c.maxID = uint64(float64(c.most) / float64(before) * math.MaxUint64)
	}
}
