package ship

import (
	"sync"
	"time"
)

// Outage decides which failed deliveries an agent logs. During an outage every chunk
// fails again and again, and a line for each would fill the disk that the chunks need:
// the first failure is worth a line, then the number of failures once per OutageRepeat,
// then the end. It is safe for concurrent use.
type Outage struct {
	mu                    sync.Mutex
	began, last, reported time.Time
	failures              int
}

const (
	// OutageRepeat is the least time between two reports of one outage.
	OutageRepeat = time.Minute
	// outageOver is how long deliveries must not have failed at a success: longer than
	// an agent waits before it repeats a chunk, because a single chunk may fail while
	// all others succeed.
	outageOver = 30 * time.Second
)

// Failed counts a failed delivery at now. report says whether to log it, and failures
// is how many there were since the outage began.
func (o *Outage) Failed(now time.Time) (failures int, report bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.failures == 0 {
		o.began = now
	}
	o.failures++
	o.last = now
	if report = o.failures == 1 || now.Sub(o.reported) >= OutageRepeat; report {
		o.reported = now
	}
	return o.failures, report
}

// Succeeded notes a successful delivery at now. over is true once, when the outage has
// ended; it lasted that long, with this many failures.
func (o *Outage) Succeeded(now time.Time) (failures int, lasted time.Duration, over bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.failures == 0 || now.Sub(o.last) < outageOver {
		return 0, 0, false
	}
	failures, lasted = o.failures, o.last.Sub(o.began)
	o.failures = 0
	return failures, lasted, true
}
