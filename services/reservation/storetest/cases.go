package storetest

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"jari.example/internal/fault"
	"jari.example/services/reservation"
)

func booking(t *testing.T, w *world) {
	diner := uuid.New()
	b := w.wants(3, diner, 4)
	out := w.books(b)
	want := reservation.Reservation{
		ID: b.ID, DinerID: diner, SlotID: w.slots[3].ID, RestaurantID: w.house, TimeZone: "Asia/Seoul",
		Start: w.starts[3], End: w.starts[3].Add(dining),
		Party: 4, Note: b.Note, Status: reservation.Confirmed, CreatedAt: w.now,
		CancelUntil: w.starts[3].Add(-cutoff), Version: 1,
	}
	if out.Replayed || !same(out.Reservation, want) {
		t.Fatalf("got  %+v\nwant %+v", out, want)
	}
	if got := w.left(3); got != 16 {
		t.Fatalf("%d covers left, want 16", got)
	}
	found, err := w.store.Reservation(t.Context(), diner, b.ID)
	w.must(err)
	if !same(found, want) {
		t.Fatalf("found %+v\nwant  %+v", found, want)
	}
	_, err = w.store.Reservation(t.Context(), uuid.New(), b.ID)
	wantReason(t, err, "reservation_not_found")
}

func refusals(t *testing.T, w *world) {
	diner := uuid.New()
	w.books(w.wants(0, diner, 2))
	for range 3 {
		w.books(w.wants(5, uuid.New(), 6))
	}
	for reason, spoil := range map[string]func(*reservation.Booking){
		"slot_not_found": func(b *reservation.Booking) { b.SlotID = 1 << 60 },
		"slot_closed":    func(b *reservation.Booking) { b.At = w.slots[8].Start },
		"invalid_field":  func(b *reservation.Booking) { b.Party = 7 },
		"slot_full":      func(b *reservation.Booking) { b.SlotID, b.Party = w.slots[5].ID, 3 },
		"already_booked": func(b *reservation.Booking) { b.DinerID, b.SlotID = diner, w.slots[0].ID },
		"overlap":        func(b *reservation.Booking) { b.DinerID, b.SlotID = diner, w.slots[1].ID },
	} {
		b := w.wants(8, uuid.New(), 2)
		spoil(&b)
		_, err := w.store.Book(t.Context(), b)
		wantReason(t, err, reason)
	}
	if got := w.left(5); got != 2 {
		t.Fatalf("%d covers left after refusals, want 2", got)
	}
	w.books(w.wants(5, uuid.New(), 2)) // what is left can be had to the last cover
}

func limits(t *testing.T, w *world) {
	diner := uuid.New()
	var last reservation.Outcome
	for i := range reservation.MaxActive {
		last = w.books(w.wants(2*i, diner, 1)) // 2 h apart: 90 minutes do not overlap
	}
	_, err := w.store.Book(t.Context(), w.wants(2*reservation.MaxActive, diner, 1))
	wantReason(t, err, "too_many_reservations")
	_, err = w.cancel(w.gives(last.ID, diner))
	w.must(err)
	w.books(w.wants(2*reservation.MaxActive, diner, 1))
}

func replay(t *testing.T, w *world) {
	b := w.wants(0, uuid.New(), 2)
	first := w.books(b)
	_, err := w.cancel(w.gives(b.ID, b.DinerID))
	w.must(err)
	w.put(0) // closed: a new booking would be refused

	again := b
	again.ID, again.EventID, again.At = uuid.New(), uuid.New(), b.At.Add(100*24*time.Hour)
	out := w.books(again)
	if !out.Replayed || !same(out.Reservation, first.Reservation) {
		t.Fatalf("again: %+v, want the first answer %+v", out, first)
	}
	again.RequestHash = sum("another body")
	_, err = w.store.Book(t.Context(), again)
	wantReason(t, err, "idempotency_key_reused")
	if fault.CodeOf(err) != fault.Unprocessable {
		t.Fatal(err)
	}
	other := w.wants(0, uuid.New(), 2)
	other.Key = b.Key // keys belong to diners
	_, err = w.store.Book(t.Context(), other)
	wantReason(t, err, "slot_closed")
}

func refusalForgotten(t *testing.T, w *world) {
	w.put(0)
	b := w.wants(0, uuid.New(), 2)
	_, err := w.store.Book(t.Context(), b)
	wantReason(t, err, "slot_closed")
	w.put(20)
	if out := w.books(b); out.Replayed {
		t.Fatal("a first success is no replay")
	}
}

func cancelling(t *testing.T, w *world) {
	diner := uuid.New()
	out := w.books(w.wants(0, diner, 5))
	_, err := w.cancel(w.gives(out.ID, uuid.New()))
	wantReason(t, err, "reservation_not_found")

	c := w.gives(out.ID, diner)
	first, err := w.cancel(c)
	w.must(err)
	if first.Status != reservation.Cancelled || first.Replayed || w.left(0) != 20 {
		t.Fatalf("%+v, %d left", first, w.left(0))
	}
	again, err := w.cancel(c)
	w.must(err)
	if !again.Replayed || !same(again.Reservation, first.Reservation) {
		t.Fatalf("again: %+v, want %+v", again, first)
	}
	_, err = w.cancel(w.gives(out.ID, diner))
	wantReason(t, err, "not_cancellable")
	c.ID, c.RequestHash = uuid.New(), sum("another")
	_, err = w.cancel(c)
	wantReason(t, err, "idempotency_key_reused")

	late := w.books(w.wants(0, diner, 5)) // the seat can be had again
	c = w.gives(late.ID, diner)
	c.At = late.Start
	_, err = w.cancel(c)
	wantReason(t, err, "not_cancellable")
}

func scheduleAgain(t *testing.T, w *world) {
	w.put(20)
	again := w.free(1)
	if len(again) != len(w.slots) {
		t.Fatalf("%d slots, want %d", len(again), len(w.slots))
	}
	for i := range again {
		if again[i] != w.slots[i] {
			t.Fatalf("slot %d changed: %+v, was %+v", i, again[i], w.slots[i])
		}
	}
}

func shrinking(t *testing.T, w *world) {
	diner := uuid.New()
	for range 3 {
		w.books(w.wants(0, uuid.New(), 4))
	}
	kept := w.books(w.wants(0, diner, 4))
	w.put(14) // 16 are booked: nobody is dropped, nobody gets in
	_, err := w.store.Book(t.Context(), w.wants(0, uuid.New(), 1))
	wantReason(t, err, "slot_closed")
	_, err = w.cancel(w.gives(kept.ID, diner))
	w.must(err)
	if got := w.left(0); got != 2 {
		t.Fatalf("%d covers left once 12 of 14 are booked, want 2", got)
	}
	w.starts = w.starts[1:] // no seating at the first time any more
	w.put(14)
	_, err = w.store.Book(t.Context(), w.wants(0, uuid.New(), 1))
	wantReason(t, err, "slot_closed")
	w.books(w.wants(1, uuid.New(), 1))
	w.arrange(nil) // none at all
	_, err = w.store.Book(t.Context(), w.wants(1, uuid.New(), 1))
	wantReason(t, err, "slot_closed")
}

func free(t *testing.T, w *world) {
	for range 3 {
		w.books(w.wants(0, uuid.New(), 6))
	}
	for party, want := range map[int]int{1: 24, 2: 24, 3: 23, 6: 23, 7: 0} {
		if got := len(w.free(party)); got != want {
			t.Errorf("%d times for %d, want %d", got, party, want)
		}
	}
}

func listing(t *testing.T, w *world) {
	diner := uuid.New()
	for i := range 6 {
		out := w.books(w.wants(2*i, diner, 1))
		if i%2 == 1 {
			_, err := w.cancel(w.gives(out.ID, diner))
			w.must(err)
		}
	}
	w.books(w.wants(0, uuid.New(), 1))
	for status, want := range map[reservation.Status]int{"": 6, reservation.Confirmed: 3, reservation.Seated: 0} {
		q := reservation.ReservationQuery{DinerID: diner, Limit: 2}
		if status != "" {
			q.Statuses = []reservation.Status{status}
		}
		var got []reservation.Reservation
		for {
			page, err := w.store.Reservations(t.Context(), q)
			w.must(err)
			if len(page) == 0 {
				break
			}
			got = append(got, page...)
			last := page[len(page)-1]
			q.After = reservation.Position{Start: last.Start, ID: last.ID}
		}
		if len(got) != want {
			t.Fatalf("%d of status %q, want %d", len(got), status, want)
		}
		for i := 1; i < len(got); i++ {
			if !got[i].Start.Before(got[i-1].Start) {
				t.Fatalf("out of order: %v after %v", got[i].Start, got[i-1].Start)
			}
		}
	}
}

func outboxOrder(t *testing.T, w *world) {
	diner := uuid.New()
	b := w.wants(0, diner, 2)
	w.books(b)
	_, err := w.cancel(w.gives(b.ID, diner))
	w.must(err)
	other := w.wants(0, uuid.New(), 2)
	w.books(other)

	now, until := w.now.Add(time.Second), w.now.Add(time.Minute)
	lease := func(now time.Time) []reservation.Event {
		t.Helper()
		events, err := w.store.Lease(t.Context(), 10, now, until)
		w.must(err)
		return events
	}
	left := func(want int) {
		t.Helper()
		b, err := w.store.Backlog(t.Context())
		w.must(err)
		if b.Waiting != want || b.Oldest.IsZero() != (want == 0) || want > 0 && !b.Oldest.Equal(w.now) {
			t.Fatalf("%+v are left, want %d since %s", b, want, w.now)
		}
	}
	left(3)
	got := lease(now)
	left(3)
	if len(got) != 2 || got[0].ID != b.EventID || got[1].ID != other.EventID {
		t.Fatalf("leased %+v, want the two bookings, not yet the cancellation", got)
	}
	if e := got[0]; e.Kind != reservation.EventConfirmed || e.Traceparent != b.Traceparent || e.Attempts != 1 ||
		!e.OccurredAt.Equal(w.now) || e.Reservation.DinerID != diner || e.Reservation.Status != reservation.Confirmed {
		t.Fatalf("event %+v", e)
	}
	if again := lease(now); len(again) != 0 {
		t.Fatalf("leased twice: %+v", again)
	}
	w.must(w.store.Delivered(t.Context(), got[0].Seq))
	w.must(w.store.Postpone(t.Context(), got[1].Seq, now.Add(10*time.Second)))
	left(2)
	next := lease(now)
	if len(next) != 1 || next[0].Kind != reservation.EventCancelled || next[0].Reservation.Status != reservation.Cancelled {
		t.Fatalf("leased %+v, want the cancellation", next)
	}
	if late := lease(until.Add(time.Second)); len(late) != 2 || late[1].Attempts != 2 {
		t.Fatalf("leases that ended: %+v", late)
	}
	for _, e := range append(got[1:], next...) {
		w.must(w.store.Delivered(t.Context(), e.Seq))
	}
	left(0)
}
