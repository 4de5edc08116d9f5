package inbound

import (
	"context"
	"maps"
	"sync"
	"time"
)

// Memory is a Replays of one process.
type Memory struct {
	Now  func() time.Time
	mu   sync.Mutex
	seen map[string]time.Time // until when, by id
}

// First implements Replays.
func (m *Memory) First(_ context.Context, id string, until time.Time) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.Now()
	maps.DeleteFunc(m.seen, func(_ string, until time.Time) bool { return now.After(until) })
	if _, again := m.seen[id]; again {
		return false, nil
	}
	if m.seen == nil {
		m.seen = map[string]time.Time{}
	}
	m.seen[id] = until
	return true, nil
}
