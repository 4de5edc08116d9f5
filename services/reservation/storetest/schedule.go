package storetest

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"jari.example/services/reservation/storetest/model"
)

func sameScheduleChangesNothing(t *testing.T, f *fixture) {
	f.setCovers(covers)
	again := f.slotsFor(1)
	if len(again) != len(f.slots) {
		t.Fatalf("%d slots, want %d", len(again), len(f.slots))
	}
	for i := range again {
		if again[i] != f.slots[i] {
			t.Fatalf("slot %d changed: %+v, was %+v", i, again[i], f.slots[i])
		}
	}
}

func shrinkingCancelsNobody(t *testing.T, f *fixture) {
	for range 3 {
		f.mustBook(f.newBooking(0, uuid.New(), 4))
	}
	last := f.newBooking(0, uuid.New(), 4)
	f.mustBook(last)
	wantClosed := func(i int) {
		t.Helper()
		_, err := f.store.Book(t.Context(), f.newBooking(i, uuid.New(), 1))
		wantReason(t, err, model.ReasonSlotClosed)
	}

	f.setCovers(14) // 16 are booked: all stay, and the slot takes no more
	wantClosed(0)
	f.mustCancel(last)
	if got := f.coversLeft(0); got != 2 {
		t.Fatalf("%d covers left once 12 of 14 are booked, want 2", got)
	}
	f.starts = f.starts[1:] // the schedule drops the first slot
	f.setCovers(14)
	wantClosed(0)
	f.mustBook(f.newBooking(1, uuid.New(), 1))
	f.setSlots(nil) // and then all of them
	wantClosed(1)
}

func slotsShowCoversLeft(t *testing.T, f *fixture) {
	for range 3 {
		f.mustBook(f.newBooking(0, uuid.New(), 6)) // 2 covers are left
	}
	for party, want := range map[int]int{
		1: slotCount, 2: slotCount, 3: slotCount - 1, maxParty: slotCount - 1, maxParty + 1: 0,
	} {
		if got := len(f.slotsFor(party)); got != want {
			t.Errorf("%d slots for a party of %d, want %d", got, party, want)
		}
	}
}

func listsRestaurantsToGenerate(t *testing.T, f *fixture) {
	generatedBefore := func(before time.Time) []string {
		t.Helper()
		list, err := f.store.RestaurantsToGenerate(t.Context(), before, 10)
		f.must(err)
		return list
	}
	if list := generatedBefore(f.now); len(list) != 0 {
		t.Fatalf("listed %q right after their slots were generated", list)
	}
	if list := generatedBefore(f.now.Add(time.Second)); len(list) != 1 || list[0] != f.restaurant {
		t.Fatalf("listed %q, want %q", list, f.restaurant)
	}
	f.now = f.now.Add(time.Hour)
	f.setCovers(covers)
	if list := generatedBefore(f.now); len(list) != 0 {
		t.Fatalf("listed %q right after their slots were generated again", list)
	}
}
