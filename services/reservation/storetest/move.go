package storetest

import (
	"testing"

	"github.com/google/uuid"

	"jari.example/services/reservation"
	"jari.example/services/reservation/storetest/model"
)

func moveIsAtomic(t *testing.T, f *fixture) {
	b := f.newBooking(0, uuid.New(), 4)
	f.mustBook(b)
	f.sellOut(5)
	_, err := f.move(f.newMove(b, 5, 4))
	wantReason(t, err, model.ReasonSlotFull)
	if r := f.wantStatus(b, reservation.Confirmed, 0); r.SlotID != f.slots[0].ID || r.Version != 1 {
		t.Fatalf("a refused move changed the reservation: %+v", r)
	}
	out, err := f.move(f.newMove(b, 3, 6))
	f.must(err)
	if out.SlotID != f.slots[3].ID || out.Party != 6 || !out.Start.Equal(f.starts[3]) || out.Version != 2 {
		t.Fatalf("moved: %+v", out)
	}
	if f.coversLeft(0) != covers || f.coversLeft(3) != covers-6 {
		t.Fatalf("%d and %d covers left", f.coversLeft(0), f.coversLeft(3))
	}
	oldVersion := f.newMove(b, 4, 6)
	oldVersion.Version = 1
	_, err = f.move(oldVersion)
	wantReason(t, err, model.ReasonVersionMismatch)
	_, err = f.move(f.newMove(b, 3, maxParty+1))
	wantReason(t, err, model.ReasonInvalidField)
	late := f.newMove(b, 4, 6)
	late.At = out.CancelUntil
	_, err = f.move(late)
	wantReason(t, err, model.ReasonNotMovable)
	if kinds := f.eventKinds(); kinds[len(kinds)-1] != reservation.EventMoved {
		t.Fatalf("events %v, want %s last", kinds, reservation.EventMoved)
	}
}

// moveFromWaitlist: a waitlist entry that is moved to a slot with room is
// booked there. Otherwise it keeps its place, also with another party.
func moveFromWaitlist(t *testing.T, f *fixture) {
	sold := f.sellOut(0)
	f.sellOut(5)
	first, second := f.mustJoin(0, 6), f.mustJoin(0, 2)
	_, err := f.move(f.newMove(first, 5, 6))
	wantReason(t, err, model.ReasonSlotFull)
	f.wantStatus(first, reservation.Waiting, 1)
	_, err = f.move(f.newMove(first, 0, 5))
	f.must(err)
	f.wantStatus(first, reservation.Waiting, 1)
	out, err := f.move(f.newMove(second, 3, 2))
	f.must(err)
	if out.Status != reservation.Confirmed || out.SlotID != f.slots[3].ID {
		t.Fatalf("moved from the waitlist: %+v", out)
	}
	f.mustCancel(sold[0])
	f.wantStatus(first, reservation.Offered, 0)
}
