package storetest

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"jari.example/internal/fault"
	"jari.example/services/reservation"
	"jari.example/services/reservation/storetest/model"
)

func replayComesFirst(t *testing.T, f *fixture) {
	b := f.newBooking(0, uuid.New(), 2)
	first := f.mustBook(b)
	f.mustCancel(b)
	f.setCovers(0) // closed: a new booking would be refused

	again := b
	again.ID, again.EventID, again.At = uuid.New(), uuid.New(), b.At.Add(100*24*time.Hour)
	out := f.mustBook(again)
	if !out.Replayed || !equal(out.Reservation, first.Reservation) {
		t.Fatalf("replay: %+v, want the first result %+v", out, first)
	}
	again.RequestHash = hash("another body")
	_, err := f.store.Book(t.Context(), again)
	wantReason(t, err, model.ReasonKeyReused)
	if fault.CodeOf(err) != fault.Unprocessable {
		t.Fatal(err)
	}
	other := f.newBooking(0, uuid.New(), 2)
	other.Key = b.Key // each diner has keys of their own
	_, err = f.store.Book(t.Context(), other)
	wantReason(t, err, model.ReasonSlotClosed)
}

func refusalIsNotStored(t *testing.T, f *fixture) {
	f.setCovers(0)
	b := f.newBooking(0, uuid.New(), 2)
	_, err := f.store.Book(t.Context(), b)
	wantReason(t, err, model.ReasonSlotClosed)
	f.setCovers(covers)
	if out := f.mustBook(b); out.Replayed {
		t.Fatal("the first success is a replay")
	}
}

// deletesOldRecords deletes in batches of two and leaves what is younger.
func deletesOldRecords(t *testing.T, f *fixture) {
	var old []reservation.Booking
	for i := range 5 {
		b := f.newBooking(2*i, uuid.New(), 1)
		f.mustBook(b)
		old = append(old, b)
	}
	limit := f.now.Add(time.Hour)
	f.now = limit
	young := f.newBooking(1, uuid.New(), 1)
	f.mustBook(young)
	for _, want := range []int{2, 2, 1, 0} {
		n, err := f.store.DeleteIdempotencyRecords(t.Context(), limit, 2)
		f.must(err)
		if n != want {
			t.Fatalf("%d deleted, want %d", n, want)
		}
	}
	if out := f.mustBook(young); !out.Replayed {
		t.Error("a young record is gone")
	}
	again := f.newBooking(1, old[0].DinerID, 1)
	again.Key, again.RequestHash, again.SlotID = old[0].Key, hash("another body"), f.slots[3].ID
	if out := f.mustBook(again); out.Replayed {
		t.Error("a deleted record is replayed")
	}
}
