package app

import (
	"sync"
	"time"

	"jari.example/services/reservation"
)

// soldOutTTL is how long a sold-out slot is answered from the cache.
const soldOutTTL = 500 * time.Millisecond

// soldOutMaxSlots bounds the cache. A slot that does not fit is not cached: its
// refusals come from the store.
const soldOutMaxSlots = 10_000

// soldOutCache holds the slots that refused a booking in the last soldOutTTL, with
// the covers they had left, so that a crowd at a sold-out slot costs the store
// two queries a second. Only refusals may come from it, and they must say so (the
// API's member "latched"): they are up to soldOutTTL old. It is hand-written
// because the expirable LRU of the slot cache wakes up every hundredth of its TTL:
// 200 times a second here, in every process for ever.
type soldOutCache struct {
	mu          sync.Mutex
	slots       map[reservation.SlotID]soldOutEntry
	lastCleanup time.Time // when expired entries were last removed
}

// soldOutEntry is the covers a slot had left, valid until a time.
type soldOutEntry struct {
	left  int
	until time.Time
}

func newSoldOutCache() *soldOutCache {
	return &soldOutCache{slots: map[reservation.SlotID]soldOutEntry{}}
}

// get reports whether the party exceeds the covers that the slot had left, and how
// many those were.
func (c *soldOutCache) get(slot reservation.SlotID, party int) (left int, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s, known := c.slots[slot]
	return s.left, known && party > s.left && time.Now().Before(s.until)
}

// put stores the covers left according to the store.
func (c *soldOutCache) put(slot reservation.SlotID, left int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	if _, known := c.slots[slot]; !known && len(c.slots) >= soldOutMaxSlots {
		if now.Sub(c.lastCleanup) < soldOutTTL/10 { // a full cache must not be scanned at each refusal
			return
		}
		c.lastCleanup = now
		for id, s := range c.slots {
			if !now.Before(s.until) {
				delete(c.slots, id)
			}
		}
		if len(c.slots) >= soldOutMaxSlots {
			return
		}
	}
	c.slots[slot] = soldOutEntry{left, now.Add(soldOutTTL)}
}

// remove deletes the slot: this process has just freed covers of it.
func (c *soldOutCache) remove(slot reservation.SlotID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.slots, slot)
}
