package telemetry

import (
	"sync"
	"time"
)

// throttle lets one event through per interval.
type throttle struct {
	mu    sync.Mutex
	every time.Duration
	next  time.Time
}

func newThrottle(every time.Duration) *throttle { return &throttle{every: every} }

func (t *throttle) allow(now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if now.Before(t.next) {
		return false
	}
	t.next = now.Add(t.every)
	return true
}
