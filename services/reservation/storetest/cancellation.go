package storetest

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"jari.example/services/reservation"
	"jari.example/services/reservation/storetest/model"
)

func cancellationReturnsCovers(t *testing.T, f *fixture) {
	diner := uuid.New()
	out := f.mustBook(f.newBooking(0, diner, 5))
	_, err := f.cancel(f.newCancellation(out.ID, uuid.New()))
	wantReason(t, err, model.ReasonNotFound)

	c := f.newCancellation(out.ID, diner)
	first, err := f.cancel(c)
	f.must(err)
	if first.Status != reservation.Cancelled || first.Replayed || f.coversLeft(0) != covers {
		t.Fatalf("%+v, %d covers left", first, f.coversLeft(0))
	}
	again, err := f.cancel(c)
	f.must(err)
	if !again.Replayed || !equal(again.Reservation, first.Reservation) {
		t.Fatalf("replay: %+v, want %+v", again, first)
	}
	_, err = f.cancel(f.newCancellation(out.ID, diner))
	wantReason(t, err, model.ReasonNotCancellable)
	c.ID, c.RequestHash = uuid.New(), hash("another")
	_, err = f.cancel(c)
	wantReason(t, err, model.ReasonKeyReused)

	second := f.mustBook(f.newBooking(0, diner, 5)) // the covers are free again
	c = f.newCancellation(second.ID, diner)
	c.At = second.Start
	_, err = f.cancel(c)
	wantReason(t, err, model.ReasonNotCancellable)
}

// cancelsOwnerEntry: a guest has no account, so the restaurant's owner cancels
// the entry, and nobody else.
func cancelsOwnerEntry(t *testing.T, f *fixture) {
	entered := f.mustEnter(0, 5)
	for range 3 {
		f.mustBook(f.newBooking(0, uuid.New(), 5))
	}
	waiting := f.mustJoin(0, 5)
	c := f.newCancellation(entered.ID, uuid.New())
	c.At = f.slots[0].CancelUntil.Add(-time.Minute)
	_, err := f.cancel(c)
	wantReason(t, err, model.ReasonNotFound)
	c.MayTouch = func(restaurant string) bool { return restaurant != f.restaurant }
	_, err = f.cancel(c)
	wantReason(t, err, model.ReasonNotFound)
	c.MayTouch = func(restaurant string) bool { return restaurant == f.restaurant }
	out, err := f.cancel(c)
	f.must(err)
	if out.Status != reservation.Cancelled {
		t.Fatalf("cancelled: %+v", out)
	}
	f.wantStatus(waiting, reservation.Offered, 0)
	ofDiner := f.newCancellation(waiting.ID, uuid.New()) // a diner's own reservation is not an entry
	ofDiner.MayTouch = c.MayTouch
	_, err = f.cancel(ofDiner)
	wantReason(t, err, model.ReasonNotFound)
}
