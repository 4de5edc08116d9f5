package storetest

import (
	"slices"
	"testing"

	"github.com/google/uuid"

	"jari.example/services/reservation"
)

// aChangeOfZoneShowsEverythingInIt: the schedule's zone is the restaurant's.
// Visits keep their instants, and their versions.
func aChangeOfZoneShowsEverythingInIt(t *testing.T, f *fixture) {
	other := newFixtureAt(t, f.store, "other")
	past, kept, cancelled, elsewhere := f.newBooking(0, uuid.New(), 2), f.newBooking(5, uuid.New(), 2), f.newBooking(2, uuid.New(), 2),
		other.newBooking(0, uuid.New(), 2)
	for _, b := range []reservation.Booking{past, kept, cancelled} {
		f.mustBook(b)
	}
	other.mustBook(elsewhere)
	f.mustCancel(cancelled)
	before := f.wantStatus(kept, reservation.Confirmed, 0)
	f.drainOutbox()

	const newZone = "America/New_York"
	f.now = f.starts[0].Add(1) // the first visit has begun
	f.schedule.TimeZone = newZone
	want := slices.Concat(f.slots[1:5], f.slots[6:]) // the schedule no longer wants the slot of kept
	for i := range want {
		want[i].TimeZone = newZone
	}
	f.setSlots(want)

	if after := f.wantStatus(kept, reservation.Confirmed, 0); after.TimeZone != newZone || !after.Start.Equal(before.Start) ||
		after.Version != before.Version {
		t.Errorf("from %+v to %+v, want another zone only", before, after)
	}
	for _, b := range []reservation.Booking{past, cancelled} {
		r, err := f.store.Reservation(t.Context(), b.DinerID, b.ID)
		if f.must(err); r.TimeZone != newZone {
			t.Errorf("%s in %s, want %s", r.Status, r.TimeZone, newZone)
		}
	}
	slots, err := f.store.Slots(t.Context(), []string{f.restaurant}, f.starts[0], f.starts[slotCount-1])
	f.must(err)
	for _, s := range slots {
		if s.TimeZone != newZone {
			t.Errorf("slot at %s in %s, want %s", s.Start, s.TimeZone, newZone)
		}
	}
	if events := f.drainOutbox(); len(events) > 0 {
		t.Errorf("%d events, want none: nothing has changed for the diners", len(events))
	}
	if r := other.wantStatus(elsewhere, reservation.Confirmed, 0); r.TimeZone != timeZone {
		t.Errorf("at another restaurant in %s, want %s", r.TimeZone, timeZone)
	}
	f.mustCancel(kept)
	for _, e := range f.drainOutbox() { // the mail agrees with the page
		if e.Reservation.TimeZone != newZone {
			t.Errorf("event in %s, want %s", e.Reservation.TimeZone, newZone)
		}
	}
	zones, err := f.store.Zones(t.Context(), []string{f.restaurant, other.restaurant, "unknown"})
	f.must(err)
	if len(zones) != 2 || zones[f.restaurant] != newZone || zones[other.restaurant] != timeZone {
		t.Errorf("zones %v", zones)
	}
}
