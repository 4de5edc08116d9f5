package storetest

import (
	"context"
	"fmt"
	"sync"

	"github.com/google/uuid"

	"jari.example/internal/fault"
	"jari.example/services/reservation"
	"jari.example/services/reservation/storetest/model"
)

// booker is the part of a store that books.
type booker interface {
	Book(context.Context, reservation.Booking) (reservation.Outcome, error)
}

// bookingResult is what one request returned.
type bookingResult struct {
	reservation.Booking
	out reservation.Outcome
	err error
}

// bookConcurrently sends every booking copies times, all at once.
func bookConcurrently(ctx context.Context, s booker, bookings []reservation.Booking, copies int) []bookingResult {
	results := make([]bookingResult, len(bookings)*copies)
	start := make(chan struct{})
	var wg sync.WaitGroup
	for i := range results {
		b := bookings[i/copies]
		b.ID, b.EventID = uuid.Must(uuid.NewV7()), uuid.New() // a retry has its own
		wg.Go(func() {
			<-start
			out, err := s.Book(ctx, b)
			results[i] = bookingResult{b, out, err}
		})
	}
	close(start)
	wg.Wait()
	return results
}

// checkBookings lists what is wrong with the results of concurrent bookings of
// one slot with so many covers: it must not be oversold nor refuse what would
// have fitted, and each key must have one reservation and the same result every
// time. Since nothing is cancelled, a key that was refused as full cannot have
// booked before or after.
func checkBookings(results []bookingResult, covers int) (violations []string) {
	violation := func(format string, args ...any) { violations = append(violations, fmt.Sprintf(format, args...)) }
	booked, created, refused := map[string]bookingResult{}, map[string]int{}, map[string]bool{} // by key
	sold, smallestRefused := 0, 0
	for _, r := range results {
		if r.err != nil {
			if fault.ReasonOf(r.err) != model.ReasonSlotFull {
				violation("key %s: %v", r.Key, r.err)
			}
			refused[r.Key] = true
			if smallestRefused == 0 || r.Party < smallestRefused {
				smallestRefused = r.Party
			}
			continue
		}
		if !r.out.Replayed {
			created[r.Key]++
		}
		if first, ok := booked[r.Key]; ok {
			if !equal(first.out.Reservation, r.out.Reservation) {
				violation("key %s: two results, %s and %s", r.Key, first.out.ID, r.out.ID)
			}
			continue
		}
		booked[r.Key] = r
		sold += r.out.Party
	}
	for key := range booked {
		if refused[key] {
			violation("key %s: booked, and refused as full", key)
		}
	}
	for key, n := range created {
		if n > 1 {
			violation("key %s booked %d times", key, n)
		}
	}
	if sold > covers {
		violation("oversold: %d of %d covers", sold, covers)
	}
	if smallestRefused > 0 && sold+smallestRefused <= covers {
		violation("a party of %d was refused with %d of %d covers sold", smallestRefused, sold, covers)
	}
	return violations
}
