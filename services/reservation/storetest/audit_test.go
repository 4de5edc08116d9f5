package storetest

import (
	"context"
	"testing"

	"github.com/google/uuid"

	"jari.example/services/reservation"
	"jari.example/services/reservation/inmem"
)

// lossyStore loses a cover of each slot that a command locks.
type lossyStore struct{ *inmem.Store }

func (s lossyStore) Execute(ctx context.Context, c reservation.Command) (reservation.Outcome, error) {
	decide := c.Decide
	c.Decide = func(u *reservation.UnitOfWork) (reservation.Reservation, error) {
		r, err := decide(u)
		if err == nil {
			for _, slot := range u.Slots {
				slot.Booked = max(0, slot.Booked-1)
			}
		}
		return r, err
	}
	return s.Store.Execute(ctx, c)
}

// The negative control of the audit. The store's own Book does not lose covers.
func TestAuditDetectsALostCover(t *testing.T) {
	s := lossyStore{inmem.New()}
	f := newFixture(t, s)
	f.mustBook(f.newBooking(0, uuid.New(), 4))
	cancelled := f.newBooking(0, uuid.New(), 4)
	f.mustBook(cancelled)
	f.wantCleanAudit()
	f.mustCancel(cancelled)
	a, err := s.Audit(t.Context(), f.now)
	f.must(err)
	if len(a.Mismatches) != 1 || a.Mismatches[0].SlotID != f.slots[0].ID || a.Mismatches[0].Booked != 3 || a.Mismatches[0].Held != 4 {
		t.Fatalf("audit: %+v", a)
	}
}
