package storetest

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"jari.example/internal/fault"
	"jari.example/services/reservation"
	"jari.example/services/reservation/storetest/model"
)

// readThenWrite reads before it writes, as stores without transactions do: no
// request writes before all have read.
type readThenWrite struct {
	readers sync.WaitGroup
	mu      sync.Mutex
	left    int
}

func (s *readThenWrite) Book(_ context.Context, b reservation.Booking) (reservation.Outcome, error) {
	s.mu.Lock()
	left := s.left
	s.mu.Unlock()
	s.readers.Done()
	s.readers.Wait()
	if left < b.Party {
		return reservation.Outcome{}, slotFull()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.left -= b.Party
	return reservation.Outcome{Reservation: reservation.Reservation{ID: b.ID, Party: b.Party}}, nil
}

// refuseAfterFirst refuses everything once it has booked, a retry too.
type refuseAfterFirst struct {
	mu   sync.Mutex
	sold bool
}

func (s *refuseAfterFirst) Book(_ context.Context, b reservation.Booking) (reservation.Outcome, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sold {
		return reservation.Outcome{}, slotFull()
	}
	s.sold = true
	return reservation.Outcome{Reservation: reservation.Reservation{ID: b.ID, Party: b.Party}}, nil
}

func slotFull() error { return fault.New(fault.Conflict, model.ReasonSlotFull, "full") }

// The negative controls of checkBookings.
func TestCheckBookingsDetectsWrongStores(t *testing.T) {
	var bookings []reservation.Booking
	for range 30 {
		bookings = append(bookings, reservation.Booking{CommandMeta: reservation.CommandMeta{Key: uuid.NewString()}, Party: 1})
	}
	newReadThenWrite := func(covers int) booker {
		s := &readThenWrite{left: covers}
		s.readers.Add(60)
		return s
	}
	for name, c := range map[string]struct {
		store          booker
		copies, covers int
		violation      string
	}{
		"more covers are sold than there are": {newReadThenWrite(20), 2, 20, "oversold"},
		"one key books twice":                 {newReadThenWrite(100), 2, 100, "booked 2 times"},
		"free covers are refused":             {&refuseAfterFirst{}, 1, 20, "was refused"},
		"a retry is refused":                  {&refuseAfterFirst{}, 2, 20, "refused as full"},
	} {
		t.Run(name, func(t *testing.T) {
			violations := checkBookings(bookConcurrently(t.Context(), c.store, bookings, c.copies), c.covers)
			for _, v := range violations {
				if strings.Contains(v, c.violation) {
					return
				}
			}
			t.Fatalf("found %q, want %q", violations, c.violation)
		})
	}
}
