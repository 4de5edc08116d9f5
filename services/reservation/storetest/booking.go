package storetest

import (
	"testing"

	"github.com/google/uuid"

	"jari.example/services/reservation"
	"jari.example/services/reservation/storetest/model"
)

func bookingTakesCovers(t *testing.T, f *fixture) {
	diner := uuid.New()
	b := f.newBooking(3, diner, 4)
	out := f.mustBook(b)
	want := reservation.Reservation{
		ID: b.ID, DinerID: diner, SlotID: f.slots[3].ID, RestaurantID: f.restaurant, TimeZone: timeZone,
		Start: f.starts[3], End: f.starts[3].Add(dining),
		Party: 4, Note: b.Note, Status: reservation.Confirmed, CreatedAt: f.now,
		CancelUntil: f.starts[3].Add(-cutOff), Version: 1,
	}
	if out.Replayed || !equal(out.Reservation, want) {
		t.Fatalf("got  %+v\nwant %+v", out, want)
	}
	if got := f.coversLeft(3); got != covers-4 {
		t.Fatalf("%d covers left, want %d", got, covers-4)
	}
	found, err := f.store.Reservation(t.Context(), diner, b.ID)
	f.must(err)
	if !equal(found, want) {
		t.Fatalf("read %+v\nwant %+v", found, want)
	}
	_, err = f.store.Reservation(t.Context(), uuid.New(), b.ID)
	wantReason(t, err, model.ReasonNotFound)
}

func bookingRefusals(t *testing.T, f *fixture) {
	diner := uuid.New()
	f.mustBook(f.newBooking(0, diner, 2))
	for range 3 {
		f.mustBook(f.newBooking(5, uuid.New(), 6))
	}
	for reason, change := range map[string]func(*reservation.Booking){
		model.ReasonSlotNotFound:  func(b *reservation.Booking) { b.SlotID = 1 << 60 },
		model.ReasonSlotClosed:    func(b *reservation.Booking) { b.At = f.slots[8].Start },
		model.ReasonInvalidField:  func(b *reservation.Booking) { b.Party = maxParty + 1 },
		model.ReasonSlotFull:      func(b *reservation.Booking) { b.SlotID, b.Party = f.slots[5].ID, 3 },
		model.ReasonAlreadyBooked: func(b *reservation.Booking) { b.DinerID, b.SlotID = diner, f.slots[0].ID },
		model.ReasonOverlap:       func(b *reservation.Booking) { b.DinerID, b.SlotID = diner, f.slots[1].ID },
	} {
		b := f.newBooking(8, uuid.New(), 2)
		change(&b)
		_, err := f.store.Book(t.Context(), b)
		wantReason(t, err, reason)
	}
	if got := f.coversLeft(5); got != 2 {
		t.Fatalf("%d covers left after refusals, want 2", got)
	}
	f.mustBook(f.newBooking(5, uuid.New(), 2)) // to the last cover
}

func activeLimit(t *testing.T, f *fixture) {
	diner := uuid.New()
	var last reservation.Booking
	for i := range reservation.MaxActive {
		last = f.newBooking(2*i, diner, 1) // 2 h apart: 90 minutes do not overlap
		f.mustBook(last)
	}
	_, err := f.store.Book(t.Context(), f.newBooking(2*reservation.MaxActive, diner, 1))
	wantReason(t, err, model.ReasonTooManyReservations)
	f.mustCancel(last)
	f.mustBook(f.newBooking(2*reservation.MaxActive, diner, 1))
}
