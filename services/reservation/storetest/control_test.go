package storetest

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"jari.example/internal/fault"
	"jari.example/services/reservation"
)

// careless reads before it writes, as stores without transactions do: everybody
// has read before the first one writes.
type careless struct {
	readers sync.WaitGroup
	mu      sync.Mutex
	left    int
}

func (c *careless) Book(_ context.Context, b reservation.Booking) (reservation.Outcome, error) {
	c.mu.Lock()
	left := c.left
	c.mu.Unlock()
	c.readers.Done()
	c.readers.Wait()
	if left < b.Party {
		return reservation.Outcome{}, fault.New(fault.Conflict, "slot_full", "full")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.left -= b.Party
	return reservation.Outcome{Reservation: reservation.Reservation{ID: b.ID, Party: b.Party}}, nil
}

// timid refuses a party as soon as anything is sold, also to a key that has it.
type timid struct {
	mu   sync.Mutex
	sold bool
}

func (c *timid) Book(_ context.Context, b reservation.Booking) (reservation.Outcome, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.sold {
		return reservation.Outcome{}, fault.New(fault.Conflict, "slot_full", "full")
	}
	c.sold = true
	return reservation.Outcome{Reservation: reservation.Reservation{ID: b.ID, Party: b.Party}}, nil
}

// The judge is worth nothing if it lets these pass.
func TestJudgeConvicts(t *testing.T) {
	var bookings []reservation.Booking
	for range 30 {
		bookings = append(bookings, reservation.Booking{CommandMeta: reservation.CommandMeta{Key: uuid.NewString()}, Party: 1})
	}
	c := &careless{left: 20}
	c.readers.Add(60)
	wantFault(t, judge(storm(t.Context(), c, bookings, 2), 20), "oversold")
	c = &careless{left: 100}
	c.readers.Add(60)
	wantFault(t, judge(storm(t.Context(), c, bookings, 2), 100), "booked 2 times")
	wantFault(t, judge(storm(t.Context(), &timid{}, bookings, 1), 20), "was refused")
	wantFault(t, judge(storm(t.Context(), &timid{}, bookings, 2), 20), "told that the slot is full")
}

func wantFault(t *testing.T, wrong []string, want string) {
	t.Helper()
	for _, w := range wrong {
		if strings.Contains(w, want) {
			return
		}
	}
	t.Fatalf("found %q, nothing about %q", wrong, want)
}
