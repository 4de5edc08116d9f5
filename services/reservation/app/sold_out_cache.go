package app

import (
	"sync"
	"time"

	"jari.example/services/reservation"
)

// soldOutTTL is how long a sold-out slot is taken at its word.
const soldOutTTL = 500 * time.Millisecond

// soldOutMaxSlots bounds how many slots a latch remembers. Beyond it a slot is simply
// not remembered, and its refusals come from the store.
const soldOutMaxSlots = 10_000

// soldOutCache remembers which slots had too few covers left a moment ago, so that a
// crowd before a closed door costs the store two questions a second. What it
// says is up to latchFor old, and its answers must say so; only refusals may
// come from it.
type soldOutCache struct {
	mu          sync.Mutex
	slots       map[reservation.SlotID]soldOutEntry
	lastCleanup time.Time // when those that are over were last looked for
}

// soldOutEntry is what was left of a slot, believed until an instant.
type soldOutEntry struct {
	left  int
	until time.Time
}

func newSoldOutCache() *soldOutCache {
	return &soldOutCache{slots: map[reservation.SlotID]soldOutEntry{}}
}

// get reports whether the party exceeds what was left of the slot, and what
// that was.
func (l *soldOutCache) get(slot reservation.SlotID, party int) (left int, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s, known := l.slots[slot]
	return s.left, known && party > s.left && time.Now().Before(s.until)
}

// put remembers what the store has just said to be left.
func (l *soldOutCache) put(slot reservation.SlotID, left int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if _, known := l.slots[slot]; !known && len(l.slots) >= soldOutMaxSlots {
		if now.Sub(l.lastCleanup) < soldOutTTL/10 { // a full latch must not look through itself at each refusal
			return
		}
		l.lastCleanup = now
		for id, s := range l.slots {
			if !now.Before(s.until) {
				delete(l.slots, id)
			}
		}
		if len(l.slots) >= soldOutMaxSlots {
			return
		}
	}
	l.slots[slot] = soldOutEntry{left, now.Add(soldOutTTL)}
}

// remove forgets the slot: this process has just freed covers of it.
func (l *soldOutCache) remove(slot reservation.SlotID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.slots, slot)
}
