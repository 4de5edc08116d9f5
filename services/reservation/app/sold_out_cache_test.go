package app

import (
	"testing"
	"testing/synctest"
	"time"

	"jari.example/services/reservation"
)

func TestLatch(t *testing.T) {
	const slot, other = reservation.SlotID(7), reservation.SlotID(8)
	for sentence, c := range map[string]struct {
		before func(*soldOutCache)
		party  int
		left   int
		full   bool
	}{
		"what nobody has closed is open":               {func(*soldOutCache) {}, 6, 0, false},
		"a party that exceeds what is left is refused": {func(l *soldOutCache) { l.put(slot, 2) }, 3, 2, true},
		"what fits is asked of the store":              {func(l *soldOutCache) { l.put(slot, 2) }, 2, 2, false},
		"other slots are their own":                    {func(l *soldOutCache) { l.put(other, 0) }, 1, 0, false},
		"it holds to the last instant":                 {func(l *soldOutCache) { l.put(slot, 0); time.Sleep(soldOutTTL - 1) }, 1, 0, true},
		"and not beyond":                               {func(l *soldOutCache) { l.put(slot, 0); time.Sleep(soldOutTTL) }, 1, 0, false},
		"covers that came free open it":                {func(l *soldOutCache) { l.put(slot, 0); l.remove(slot) }, 1, 0, false},
		"the store's latest word counts":               {func(l *soldOutCache) { l.put(slot, 0); l.put(slot, 4) }, 3, 4, false},
		"being asked does not prolong it": {func(l *soldOutCache) {
			l.put(slot, 0)
			for range 10 {
				time.Sleep(soldOutTTL / 10)
				l.get(slot, 1)
			}
		}, 1, 0, false},
	} {
		t.Run(sentence, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newSoldOutCache()
				c.before(l)
				left, full := l.get(slot, c.party)
				if full != c.full || full && left != c.left {
					t.Errorf("full %v with %d left, want %v with %d", full, left, c.full, c.left)
				}
			})
		})
	}
}

func TestALatchForgetsInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newSoldOutCache()
		for id := range reservation.SlotID(2 * soldOutMaxSlots) {
			l.put(id, 0)
		}
		if len(l.slots) != soldOutMaxSlots {
			t.Fatalf("remembers %d slots, want %d", len(l.slots), soldOutMaxSlots)
		}
		if _, full := l.get(1, 1); !full {
			t.Error("forgot what it had no need to")
		}
		time.Sleep(soldOutTTL)
		l.put(2*soldOutMaxSlots, 0)
		if len(l.slots) != 1 {
			t.Errorf("remembers %d slots of a rush that is over", len(l.slots))
		}
		if _, full := l.get(2*soldOutMaxSlots, 1); !full {
			t.Error("no room for the slot of the moment")
		}
	})
}
