package storetest

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"jari.example/internal/fault"
	"jari.example/services/reservation"
)

// seller is the part of a store that a rush tries.
type seller interface {
	Book(context.Context, reservation.Booking) (reservation.Outcome, error)
}

// told is what one request of a rush was answered.
type told struct {
	reservation.Booking
	out reservation.Outcome
	err error
}

// storm sends every booking copies times, all at once.
func storm(ctx context.Context, s seller, bookings []reservation.Booking, copies int) []told {
	answers := make([]told, len(bookings)*copies)
	start := make(chan struct{})
	var wg sync.WaitGroup
	for i := range answers {
		b := bookings[i/copies]
		b.ID, b.EventID = uuid.Must(uuid.NewV7()), uuid.New() // a retry knows neither
		wg.Go(func() {
			<-start
			out, err := s.Book(ctx, b)
			answers[i] = told{b, out, err}
		})
	}
	close(start)
	wg.Wait()
	return answers
}

// judge lists what is wrong with the answers of a storm on one slot of so many
// covers: it must not be oversold, nor refuse what would have fitted, each key
// must have one reservation and the same answer every time. Since nothing is
// given back, a key that was told "full" cannot have booked before or after.
func judge(answers []told, covers int) (wrong []string) {
	byKey := map[string]told{}
	fresh, full := map[string]int{}, map[string]bool{}
	sold, least := 0, 0
	for _, a := range answers {
		if a.err != nil {
			if fault.ReasonOf(a.err) != "slot_full" {
				wrong = append(wrong, fmt.Sprintf("key %s: %v", a.Key, a.err))
			}
			full[a.Key] = true
			least = cmp.Or(min(cmp.Or(least, a.Party), a.Party), least)
			continue
		}
		if !a.out.Replayed {
			fresh[a.Key]++
		}
		if first, ok := byKey[a.Key]; ok {
			if !same(first.out.Reservation, a.out.Reservation) {
				wrong = append(wrong, fmt.Sprintf("key %s: two answers, %s and %s", a.Key, first.out.ID, a.out.ID))
			}
			continue
		}
		byKey[a.Key] = a
		sold += a.out.Party
	}
	for key := range byKey {
		if full[key] {
			wrong = append(wrong, fmt.Sprintf("key %s: booked, and told that the slot is full", key))
		}
	}
	for key, n := range fresh {
		if n > 1 {
			wrong = append(wrong, fmt.Sprintf("key %s booked %d times", key, n))
		}
	}
	if sold > covers {
		wrong = append(wrong, fmt.Sprintf("oversold: %d of %d covers", sold, covers))
	}
	if least > 0 && sold+least <= covers {
		wrong = append(wrong, fmt.Sprintf("a party of %d was refused with %d of %d covers sold", least, sold, covers))
	}
	return wrong
}

func rush(t *testing.T, w *world) {
	var bookings []reservation.Booking
	for i := range 100 {
		bookings = append(bookings, w.wants(0, uuid.New(), 1+i%3))
	}
	answers := storm(t.Context(), w.store, bookings, 3)
	if wrong := judge(answers, 20); len(wrong) > 0 {
		t.Fatalf("%d faults, the first: %s", len(wrong), wrong[0])
	}
	w.recount(0, answers)
}

// doubled lets one diner book the same slot under many keys at once, and then
// cancel it as often.
func doubled(t *testing.T, w *world) {
	diner := uuid.New()
	var bookings []reservation.Booking
	for range 30 {
		bookings = append(bookings, w.wants(0, diner, 2))
	}
	var got []told
	for _, a := range storm(t.Context(), w.store, bookings, 1) {
		if a.err == nil {
			got = append(got, a)
		} else {
			wantReason(t, a.err, "already_booked")
		}
	}
	if len(got) != 1 || w.left(0) != 18 {
		t.Fatalf("booked %d times, %d covers left", len(got), w.left(0))
	}
	errs := make([]error, 30)
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() { _, errs[i] = w.cancel(w.gives(got[0].out.ID, diner)) })
	}
	wg.Wait()
	cancelled := 0
	for _, err := range errs {
		if err == nil {
			cancelled++
		} else {
			wantReason(t, err, "not_cancellable")
		}
	}
	if cancelled != 1 || w.left(0) != 20 {
		t.Fatalf("cancelled %d times, %d covers left", cancelled, w.left(0))
	}
}

// retries sends each key several times at once, so that some wait for the lock
// while their twin takes the last seats.
func retries(t *testing.T, w *world) {
	for i := range w.slots {
		var bookings []reservation.Booking
		for range 4 {
			bookings = append(bookings, w.wants(i, uuid.New(), 6)) // three of them fit
		}
		if wrong := judge(storm(t.Context(), w.store, bookings, 3), 20); len(wrong) > 0 {
			t.Fatalf("slot %d: %q", i, wrong)
		}
	}
}

// churn books and cancels the same few seats from many sides at once.
func churn(t *testing.T, w *world) {
	var wg sync.WaitGroup
	var mu sync.Mutex
	var answers []told
	for range 16 {
		wg.Go(func() {
			diner := uuid.New()
			for range 8 {
				b := w.wants(0, diner, 6)
				out, err := w.store.Book(t.Context(), b)
				if err == nil && !out.Replayed {
					_, err = w.cancel(w.gives(out.ID, diner))
				}
				if err != nil && fault.ReasonOf(err) != "slot_full" {
					mu.Lock()
					answers = append(answers, told{b, out, err})
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
	for _, a := range answers {
		t.Error(a.err)
	}
	if got := w.left(0); got != 20 {
		t.Fatalf("%d covers left after all were given back, want 20", got)
	}
}

// leases lets several relays empty one outbox.
func leases(t *testing.T, w *world) {
	const bookings = 60
	for i := range bookings {
		w.books(w.wants(i%len(w.slots), uuid.New(), 1))
	}
	var mu sync.Mutex
	times := map[int64]int{}
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			for idle := 0; idle < 3; { // a round may find nothing that others are not just taking
				events, err := w.store.Lease(t.Context(), 4, w.now.Add(time.Second), w.now.Add(time.Hour))
				if err != nil {
					t.Error(err)
					return
				}
				if len(events) == 0 {
					idle++
				}
				mu.Lock()
				for _, e := range events {
					times[e.Seq]++
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if len(times) != bookings {
		t.Errorf("%d of %d events were leased", len(times), bookings)
	}
	for seq, n := range times {
		if n != 1 {
			t.Errorf("event %d was leased %d times", seq, n)
		}
	}
}

// recount compares what was answered with what the store holds.
func (w *world) recount(slot int, answers []told) {
	w.t.Helper()
	var ids []uuid.UUID
	sold := 0
	for _, a := range answers {
		if a.err != nil || slices.Contains(ids, a.out.ID) {
			continue
		}
		r, err := w.store.Reservation(w.t.Context(), a.DinerID, a.out.ID)
		if err != nil {
			w.t.Errorf("answered and not there: %v", err)
		}
		ids, sold = append(ids, a.out.ID), sold+r.Party
	}
	if got := 20 - w.left(slot); got != sold {
		w.t.Errorf("the counter says %d covers are taken, the reservations say %d", got, sold)
	}
	events, err := w.store.Lease(w.t.Context(), 10*len(answers), w.now.AddDate(1, 0, 0), w.now.AddDate(1, 0, 1))
	w.must(err)
	if len(events) != len(ids) {
		w.t.Errorf("%d events for %d bookings", len(events), len(ids))
	}
}
