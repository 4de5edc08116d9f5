package reservation

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestLatch(t *testing.T) {
	const slot, other = SlotID(7), SlotID(8)
	for sentence, c := range map[string]struct {
		before func(*latch)
		party  int
		left   int
		full   bool
	}{
		"what nobody has closed is open":               {func(*latch) {}, 6, 0, false},
		"a party that exceeds what is left is refused": {func(l *latch) { l.close(slot, 2) }, 3, 2, true},
		"what fits is asked of the store":              {func(l *latch) { l.close(slot, 2) }, 2, 2, false},
		"other slots are their own":                    {func(l *latch) { l.close(other, 0) }, 1, 0, false},
		"it holds to the last instant":                 {func(l *latch) { l.close(slot, 0); time.Sleep(latchFor - 1) }, 1, 0, true},
		"and not beyond":                               {func(l *latch) { l.close(slot, 0); time.Sleep(latchFor) }, 1, 0, false},
		"covers that came free open it":                {func(l *latch) { l.close(slot, 0); l.open(slot) }, 1, 0, false},
		"the store's latest word counts":               {func(l *latch) { l.close(slot, 0); l.close(slot, 4) }, 3, 4, false},
		"being asked does not prolong it": {func(l *latch) {
			l.close(slot, 0)
			for range 10 {
				time.Sleep(latchFor / 10)
				l.full(slot, 1)
			}
		}, 1, 0, false},
	} {
		t.Run(sentence, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLatch()
				c.before(l)
				left, full := l.full(slot, c.party)
				if full != c.full || full && left != c.left {
					t.Errorf("full %v with %d left, want %v with %d", full, left, c.full, c.left)
				}
			})
		})
	}
}

func TestALatchForgetsInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLatch()
		for id := range SlotID(2 * latchMost) {
			l.close(id, 0)
		}
		if len(l.slots) != latchMost {
			t.Fatalf("remembers %d slots, want %d", len(l.slots), latchMost)
		}
		if _, full := l.full(1, 1); !full {
			t.Error("forgot what it had no need to")
		}
		time.Sleep(latchFor)
		l.close(2*latchMost, 0)
		if len(l.slots) != 1 {
			t.Errorf("remembers %d slots of a rush that is over", len(l.slots))
		}
		if _, full := l.full(2*latchMost, 1); !full {
			t.Error("no room for the slot of the moment")
		}
	})
}
