package storetest

import (
	"sync"
	"testing"

	"github.com/google/uuid"

	"jari.example/internal/fault"
	"jari.example/services/reservation"
	"jari.example/services/reservation/storetest/model"
)

// concurrentBookings sends 100 bookings with two retries each for one slot of
// 20 covers.
func concurrentBookings(t *testing.T, f *fixture) {
	var bookings []reservation.Booking
	for i := range 100 {
		bookings = append(bookings, f.newBooking(0, uuid.New(), 1+i%3))
	}
	results := bookConcurrently(t.Context(), f.store, bookings, 3)
	if violations := checkBookings(results, covers); len(violations) > 0 {
		t.Fatalf("%d violations, the first: %s", len(violations), violations[0])
	}
	f.wantStored(0, results)
}

// wantStored compares the results with what the store holds of one slot.
func (f *fixture) wantStored(slot int, results []bookingResult) {
	f.t.Helper()
	stored, sold := map[uuid.UUID]bool{}, 0
	for _, r := range results {
		if r.err != nil || stored[r.out.ID] {
			continue
		}
		found, err := f.store.Reservation(f.t.Context(), r.DinerID, r.out.ID)
		if err != nil {
			f.t.Errorf("a successful booking is not stored: %v", err)
		}
		stored[r.out.ID] = true
		sold += found.Party
	}
	if got := covers - f.coversLeft(slot); got != sold {
		f.t.Errorf("the counter is %d, the reservations hold %d", got, sold)
	}
	if events := f.drainOutbox(); len(events) != len(stored) {
		f.t.Errorf("%d events for %d bookings", len(events), len(stored))
	}
}

// concurrentRetries sends each key several times at once, so some wait for the
// lock while the same request takes the last covers.
func concurrentRetries(t *testing.T, f *fixture) {
	for i := range f.slots {
		var bookings []reservation.Booking
		for range 4 {
			bookings = append(bookings, f.newBooking(i, uuid.New(), 6)) // three of them fit
		}
		if violations := checkBookings(bookConcurrently(t.Context(), f.store, bookings, 3), covers); len(violations) > 0 {
			t.Fatalf("slot %d: %q", i, violations)
		}
	}
}

// concurrentBookingsOfOneDiner books the same slot under many keys at once,
// and then cancels the reservation as often.
func concurrentBookingsOfOneDiner(t *testing.T, f *fixture) {
	const requests = 30
	diner := uuid.New()
	var bookings []reservation.Booking
	for range requests {
		bookings = append(bookings, f.newBooking(0, diner, 2))
	}
	var booked []bookingResult
	for _, r := range bookConcurrently(t.Context(), f.store, bookings, 1) {
		if r.err == nil {
			booked = append(booked, r)
		} else {
			wantReason(t, r.err, model.ReasonAlreadyBooked)
		}
	}
	if len(booked) != 1 || f.coversLeft(0) != covers-2 {
		t.Fatalf("booked %d times, %d covers left", len(booked), f.coversLeft(0))
	}
	errs := make([]error, requests)
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() { _, errs[i] = f.cancel(f.newCancellation(booked[0].out.ID, diner)) })
	}
	wg.Wait()
	cancelled := 0
	for _, err := range errs {
		if err == nil {
			cancelled++
		} else {
			wantReason(t, err, model.ReasonNotCancellable)
		}
	}
	if cancelled != 1 || f.coversLeft(0) != covers {
		t.Fatalf("cancelled %d times, %d covers left", cancelled, f.coversLeft(0))
	}
}

// concurrentBookingsAndCancellations books and cancels the same few covers.
func concurrentBookingsAndCancellations(t *testing.T, f *fixture) {
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			diner := uuid.New()
			for range 8 {
				out, err := f.store.Book(t.Context(), f.newBooking(0, diner, 6))
				if err == nil && !out.Replayed {
					_, err = f.cancel(f.newCancellation(out.ID, diner))
				}
				if err != nil && fault.ReasonOf(err) != model.ReasonSlotFull {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if got := f.coversLeft(0); got != covers {
		t.Fatalf("%d covers left after everything was cancelled, want %d", got, covers)
	}
}

// concurrentCommandsRespectLimits lets one diner book and join many slots at
// once: at most MaxActive succeed, and no two that overlap.
func concurrentCommandsRespectLimits(t *testing.T, f *fixture) {
	for i := range f.slots {
		if i%3 == 0 {
			f.sellOut(i)
		}
	}
	for range 3 {
		diner := uuid.New()
		var wg sync.WaitGroup
		for i := range f.slots {
			wg.Go(func() {
				var err error
				if b := f.newBooking(i, diner, 1); i%3 == 0 {
					_, err = f.join(b)
				} else {
					_, err = f.store.Book(t.Context(), b)
				}
				switch fault.ReasonOf(err) {
				case "", model.ReasonOverlap, model.ReasonTooManyReservations, model.ReasonSlotFull:
				default:
					t.Error(err)
				}
			})
		}
		wg.Wait()
		list, err := f.store.Reservations(t.Context(), reservation.ReservationQuery{DinerID: diner, Soonest: true, Limit: 100})
		f.must(err)
		if len(list) > reservation.MaxActive || len(list) == 0 {
			t.Fatalf("one diner has %d reservations", len(list))
		}
		for i, r := range list[1:] {
			if r.Start.Before(list[i].End) {
				t.Errorf("%v to %v and %v overlap", list[i].Start, list[i].End, r.Start)
			}
		}
	}
	f.wantCleanAudit()
}

// concurrentExpiry runs the job four times at once. Every slot has one offer
// that has expired and two entries that wait for its covers.
func concurrentExpiry(t *testing.T, f *fixture) {
	var first, next, last []reservation.Booking
	for i := range f.slots {
		sold := f.sellOut(i)
		first, next, last = append(first, f.mustJoin(i, 5)), append(next, f.mustJoin(i, 5)), append(last, f.mustJoin(i, 5))
		f.mustCancel(sold[0])
	}
	f.drainOutbox()
	f.now = f.now.Add(reservation.OfferTTL)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			due, err := f.store.SlotsWithExpiry(t.Context(), f.now, 1000)
			if err != nil {
				t.Error(err)
			}
			for _, slot := range due {
				if _, err := f.store.Execute(t.Context(), f.expiryCommand(slot)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	for i := range f.slots {
		f.wantStatus(first[i], reservation.Expired, 0)
		f.wantStatus(next[i], reservation.Offered, 0)
		f.wantStatus(last[i], reservation.Waiting, 1)
	}
	count := map[string]int{}
	for _, kind := range f.eventKinds() {
		count[kind]++
	}
	if n := len(f.slots); len(count) != 2 || count[reservation.EventExpired] != n || count[reservation.EventOffered] != n {
		t.Errorf("events %v, want %d expired and %d offered", count, n, n)
	}
	f.wantCleanAudit()
}
