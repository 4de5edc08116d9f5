package storetest

import (
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"jari.example/services/reservation"
)

func outboxKeepsOrder(t *testing.T, f *fixture) {
	diner := uuid.New()
	b := f.newBooking(0, diner, 2)
	f.mustBook(b)
	f.mustCancel(b)
	other := f.newBooking(0, uuid.New(), 2)
	f.mustBook(other)

	now, until := f.now.Add(time.Second), f.now.Add(time.Minute)
	lease := func(now time.Time) []reservation.Event {
		t.Helper()
		events, err := f.store.Lease(t.Context(), 10, now, until)
		f.must(err)
		return events
	}
	wantBacklog := func(want int) {
		t.Helper()
		b, err := f.store.Backlog(t.Context())
		f.must(err)
		if b.Waiting != want || b.Oldest.IsZero() != (want == 0) || want > 0 && !b.Oldest.Equal(f.now) {
			t.Fatalf("backlog %+v, want %d events since %s", b, want, f.now)
		}
	}
	wantBacklog(3)
	got := lease(now)
	wantBacklog(3)
	if len(got) != 2 || got[0].ID != b.EventID || got[1].ID != other.EventID {
		t.Fatalf("leased %+v, want the two bookings, not yet the cancellation", got)
	}
	if e := got[0]; e.Kind != reservation.EventConfirmed || e.Traceparent != b.Traceparent || e.Attempts != 1 ||
		!e.OccurredAt.Equal(f.now) || e.Reservation.DinerID != diner || e.Reservation.Status != reservation.Confirmed {
		t.Fatalf("event %+v", e)
	}
	if again := lease(now); len(again) != 0 {
		t.Fatalf("leased twice: %+v", again)
	}
	f.must(f.store.Delivered(t.Context(), got[0].Seq))
	f.must(f.store.Postpone(t.Context(), got[1].Seq, now.Add(10*time.Second)))
	wantBacklog(2)
	next := lease(now)
	if len(next) != 1 || next[0].Kind != reservation.EventCancelled || next[0].Reservation.Status != reservation.Cancelled {
		t.Fatalf("leased %+v, want the cancellation", next)
	}
	if again := lease(until.Add(time.Second)); len(again) != 2 || again[1].Attempts != 2 {
		t.Fatalf("leased after the first leases ended: %+v", again)
	}
	for _, e := range append(got[1:], next...) {
		f.must(f.store.Delivered(t.Context(), e.Seq))
	}
	wantBacklog(0)
}

// concurrentRelaysLeaseOnce empties one outbox from six relays.
func concurrentRelaysLeaseOnce(t *testing.T, f *fixture) {
	const bookings = 60
	for i := range bookings {
		f.mustBook(f.newBooking(i%len(f.slots), uuid.New(), 1))
	}
	var mu sync.Mutex
	leases := map[int64]int{} // by Seq
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			for empty := 0; empty < 3; { // a lease may be empty because other relays are just leasing the rest
				events, err := f.store.Lease(t.Context(), 4, f.now.Add(time.Second), f.now.Add(time.Hour))
				if err != nil {
					t.Error(err)
					return
				}
				if len(events) == 0 {
					empty++
				}
				mu.Lock()
				for _, e := range events {
					leases[e.Seq]++
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if len(leases) != bookings {
		t.Errorf("%d of %d events were leased", len(leases), bookings)
	}
	for seq, n := range leases {
		if n != 1 {
			t.Errorf("event %d was leased %d times", seq, n)
		}
	}
}
