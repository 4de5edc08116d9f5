package reservation

import (
	"sync"
	"time"
)

// latchFor is how long a sold-out slot is taken at its word.
const latchFor = 500 * time.Millisecond

// latchMost bounds how many slots a latch remembers. Beyond it a slot is simply
// not remembered, and its refusals come from the store.
const latchMost = 10_000

// latch remembers which slots had too few covers left a moment ago, so that a
// crowd before a closed door costs the store two questions a second. What it
// says is up to latchFor old, and its answers must say so; only refusals may
// come from it.
type latch struct {
	mu    sync.Mutex
	slots map[SlotID]shut
	swept time.Time // when those that are over were last looked for
}

// shut is what was left of a slot, believed until an instant.
type shut struct {
	left  int
	until time.Time
}

func newLatch() *latch { return &latch{slots: map[SlotID]shut{}} }

// full reports whether the party exceeds what was left of the slot, and what
// that was.
func (l *latch) full(slot SlotID, party int) (left int, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s, known := l.slots[slot]
	return s.left, known && party > s.left && time.Now().Before(s.until)
}

// close remembers what the store has just said to be left.
func (l *latch) close(slot SlotID, left int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if _, known := l.slots[slot]; !known && len(l.slots) >= latchMost {
		if now.Sub(l.swept) < latchFor/10 { // a full latch must not look through itself at each refusal
			return
		}
		l.swept = now
		for id, s := range l.slots {
			if !now.Before(s.until) {
				delete(l.slots, id)
			}
		}
		if len(l.slots) >= latchMost {
			return
		}
	}
	l.slots[slot] = shut{left, now.Add(latchFor)}
}

// open forgets the slot: this process has just freed covers of it.
func (l *latch) open(slot SlotID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.slots, slot)
}
