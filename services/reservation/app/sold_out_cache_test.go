package app

import (
	"testing"
	"testing/synctest"
	"time"

	"jari.example/services/reservation"
)

func TestSoldOutCache(t *testing.T) {
	const slot, other = reservation.SlotID(7), reservation.SlotID(8)
	for name, c := range map[string]struct {
		before func(*soldOutCache)
		party  int
		left   int
		full   bool
	}{
		"an unknown slot is not full":                     {func(*soldOutCache) {}, 6, 0, false},
		"a party that exceeds the covers left is refused": {func(l *soldOutCache) { l.put(slot, 2) }, 3, 2, true},
		"a party that fits goes to the store":             {func(l *soldOutCache) { l.put(slot, 2) }, 2, 2, false},
		"an entry is for its slot only":                   {func(l *soldOutCache) { l.put(other, 0) }, 1, 0, false},
		"an entry is valid until its TTL has passed":      {func(l *soldOutCache) { l.put(slot, 0); time.Sleep(soldOutTTL - 1) }, 1, 0, true},
		"an entry expires after its TTL":                  {func(l *soldOutCache) { l.put(slot, 0); time.Sleep(soldOutTTL) }, 1, 0, false},
		"freed covers remove the entry":                   {func(l *soldOutCache) { l.put(slot, 0); l.remove(slot) }, 1, 0, false},
		"the latest refusal replaces the entry":           {func(l *soldOutCache) { l.put(slot, 0); l.put(slot, 4) }, 3, 4, false},
		"a lookup does not prolong the entry": {func(l *soldOutCache) {
			l.put(slot, 0)
			for range 10 {
				time.Sleep(soldOutTTL / 10)
				l.get(slot, 1)
			}
		}, 1, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
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

func TestSoldOutCacheIsBoundedAndRemovesExpiredEntries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newSoldOutCache()
		for id := range reservation.SlotID(2 * soldOutMaxSlots) {
			l.put(id, 0)
		}
		if len(l.slots) != soldOutMaxSlots {
			t.Fatalf("holds %d slots, want %d", len(l.slots), soldOutMaxSlots)
		}
		if _, full := l.get(1, 1); !full {
			t.Error("removed an entry without need")
		}
		time.Sleep(soldOutTTL)
		l.put(2*soldOutMaxSlots, 0)
		if len(l.slots) != 1 {
			t.Errorf("holds %d slots, want only the new one", len(l.slots))
		}
		if _, full := l.get(2*soldOutMaxSlots, 1); !full {
			t.Error("did not store the new slot")
		}
	})
}
