package storetest

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"jari.example/internal/fault"
	"jari.example/services/reservation"
	"jari.example/services/reservation/storetest/model"
)

func joiningTheWaitlist(t *testing.T, f *fixture) {
	_, err := f.join(f.newBooking(0, uuid.New(), 2))
	wantReason(t, err, model.ReasonSeatsAvailable)
	f.sellOut(0)
	b := f.mustJoin(0, 2)
	again, err := f.join(b)
	f.must(err)
	if !again.Replayed || again.Position != 1 {
		t.Fatalf("replay: %+v", again)
	}
	f.mustJoin(0, 3)
	third := f.mustJoin(0, 1)
	f.wantStatus(third, reservation.Waiting, 3)

	twice := f.newBooking(0, b.DinerID, 2)
	_, err = f.join(twice)
	wantReason(t, err, model.ReasonAlreadyBooked)
	_, err = f.store.Book(t.Context(), twice)
	wantReason(t, err, model.ReasonAlreadyBooked)
	twice.SlotID = f.slots[1].ID
	_, err = f.store.Book(t.Context(), twice)
	wantReason(t, err, model.ReasonOverlap)
	late := f.newBooking(0, uuid.New(), 1)
	late.At = f.slots[0].CancelUntil
	_, err = f.join(late)
	wantReason(t, err, model.ReasonSlotClosed)
}

// freeCoversAreOffered frees covers in every possible way. Each time they are
// offered to the first in the waitlist who fit.
func freeCoversAreOffered(t *testing.T, f *fixture) {
	for name, free := range map[string]func(f *fixture, sold reservation.Booking){
		"by a cancellation": func(f *fixture, sold reservation.Booking) { f.mustCancel(sold) },
		"by a move to another slot": func(f *fixture, sold reservation.Booking) {
			_, err := f.move(f.newMove(sold, 12, 5))
			f.must(err)
		},
		"by a smaller party": func(f *fixture, sold reservation.Booking) {
			_, err := f.move(f.newMove(sold, 0, 1))
			f.must(err)
		},
		"by more covers": func(f *fixture, _ reservation.Booking) { f.setCovers(covers + 4) },
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixtureAt(t, f.store, "restaurant-"+uuid.NewString()[:8])
			sold := f.sellOut(0)
			large, small, last := f.mustJoin(0, 6), f.mustJoin(0, 3), f.mustJoin(0, 1)
			free(f, sold[0])
			f.wantStatus(large, reservation.Waiting, 1) // passed over: it does not fit
			offer := f.wantStatus(small, reservation.Offered, 0)
			if !offer.OfferEndsAt.Equal(f.now.Add(reservation.OfferTTL)) {
				t.Errorf("the offer ends at %v", offer.OfferEndsAt)
			}
			f.wantStatus(last, reservation.Offered, 0)
		})
	}
	t.Run("but not after the cut-off, by a no-show", func(t *testing.T) {
		f := newFixtureAt(t, f.store, "restaurant-"+uuid.NewString()[:8])
		sold := f.sellOut(0)
		_, small, _ := f.mustJoin(0, 6), f.mustJoin(0, 3), f.mustJoin(0, 1)
		f.markNoShow(sold[0], f.slots[0].Start)
		f.wantStatus(small, reservation.Waiting, 2)
		if got := f.coversLeft(0); got != 5 { // anybody can book them
			t.Fatalf("%d covers left, want 5", got)
		}
	})
}

func expiredOfferGoesToNext(t *testing.T, f *fixture) {
	sold := f.sellOut(0)
	first, second := f.mustJoin(0, 5), f.mustJoin(0, 4)
	f.mustCancel(sold[0])
	f.wantStatus(first, reservation.Offered, 0)
	f.wantStatus(second, reservation.Waiting, 1)

	due, err := f.store.SlotsWithExpiry(t.Context(), f.now.Add(reservation.OfferTTL-time.Second), 10)
	f.must(err)
	if len(due) != 0 {
		t.Fatalf("due too early: %v", due)
	}
	f.now = f.now.Add(reservation.OfferTTL)
	_, err = f.respond(first, true)
	wantReason(t, err, model.ReasonOfferExpired)
	f.expireOffers()
	f.wantStatus(first, reservation.Expired, 0)
	f.wantStatus(second, reservation.Offered, 0)
	_, err = f.respond(first, true)
	wantReason(t, err, model.ReasonOfferExpired)
	_, err = f.respond(second, false)
	f.must(err)
	if got := f.coversLeft(0); got != 5 {
		t.Fatalf("%d covers left after the last in the waitlist declined, want 5", got)
	}
	f.mustBook(f.newBooking(0, uuid.New(), 5)) // anybody can book them
	third := f.mustJoin(0, 1)
	f.now = f.slots[0].CancelUntil
	f.expireOffers()
	f.wantStatus(third, reservation.Expired, 0) // the waitlist ends at the cut-off
}

func offerIsAcceptedOnce(t *testing.T, f *fixture) {
	sold := f.sellOut(0)
	b := f.mustJoin(0, 2)
	_, err := f.respond(b, true)
	wantReason(t, err, model.ReasonNotOffered)
	f.mustCancel(sold[0])
	if got := f.coversLeft(0); got != 3 {
		t.Fatalf("%d covers left beside an offer of 2, want 3", got)
	}
	ofOther := b
	ofOther.DinerID = uuid.New()
	_, err = f.respond(ofOther, true)
	wantReason(t, err, model.ReasonNotFound)
	out, err := f.respond(b, true)
	f.must(err)
	if out.Status != reservation.Confirmed || !out.OfferEndsAt.IsZero() || f.coversLeft(0) != 3 {
		t.Fatalf("accepted: %+v", out)
	}
	if kinds := f.eventKinds(); len(kinds) != 8 { // four bookings, joined, cancelled, offered, accepted
		t.Fatalf("events %v, want 8", kinds)
	}
}

func leavingOffersToNext(t *testing.T, f *fixture) {
	sold := f.sellOut(0)
	first, second := f.mustJoin(0, 5), f.mustJoin(0, 5)
	f.mustCancel(sold[0])
	f.wantStatus(second, reservation.Waiting, 1)
	f.must(f.leave(first)) // gives the offer up
	f.wantStatus(second, reservation.Offered, 0)
	f.must(f.leave(first)) // the second time changes nothing
	wantReason(t, f.leave(sold[1]), model.ReasonNotWaiting)
}

func waitlistHasAMaximum(t *testing.T, f *fixture) {
	f.sellOut(0)
	for range reservation.MaxWaitlist - 1 {
		f.mustJoin(0, 1)
	}
	wantListed := func(want bool, action reservation.Action, reason string) {
		t.Helper()
		slots, err := f.store.Slots(t.Context(), []string{f.restaurant}, f.starts[0], f.starts[1].Add(time.Second))
		f.must(err)
		if len(slots) != 2 || slots[0].WaitlistFull != want || slots[1].WaitlistFull {
			t.Errorf("listed %+v, want the waitlist of the first full: %v", slots, want)
		}
		got, refusal := f.newBooking(0, uuid.New(), 1).Action(&slots[0])
		if got != action || refusal != nil && fault.ReasonOf(refusal) != reason {
			t.Errorf("action %s, %v; want %s %s", got, refusal, action, reason)
		}
	}
	wantListed(false, reservation.ActionWait, "")
	f.mustJoin(0, 1)
	wantListed(true, reservation.ActionNone, model.ReasonWaitlistFull)
	_, err := f.join(f.newBooking(0, uuid.New(), 1))
	wantReason(t, err, model.ReasonWaitlistFull)
}
