package storetest

import (
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"jari.example/internal/fault"
	"jari.example/services/reservation"
	"jari.example/telemetry"
)

// reminding tells each diner once a visit, and again of the day they moved to.
func reminding(t *testing.T, w *world) {
	const traced = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01" // the job
	remind := func(at time.Time, n int) int {
		t.Helper()
		told, err := w.store.EnqueueReminders(telemetry.Continue(t.Context(), traced), at, at.Add(reservation.ReminderLead), n)
		w.must(err)
		return told
	}
	booked := w.now
	first, moved, gone := w.wants(5, uuid.New(), 2), w.wants(6, uuid.New(), 2), w.wants(7, uuid.New(), 2)
	for _, b := range []reservation.Booking{first, moved, gone} {
		w.books(b)
	}
	_, err := w.cancel(w.gives(gone.ID, gone.DinerID))
	w.must(err)
	w.enters(8, 2)
	w.fill(9)
	w.joins(9, 1)
	w.kinds()

	// The slots lie 24 h ahead and more: nobody is due yet.
	if n := remind(booked, 10); n != 0 {
		t.Fatalf("%d reminders a day too early", n)
	}
	w.now = w.starts[7].Add(-reservation.ReminderLead).Add(time.Second)
	late := w.wants(4, uuid.New(), 2) // less than a day ahead: they know
	w.books(late)
	w.kinds()
	if n := remind(w.now, 1) + remind(w.now, 1) + remind(w.now, 10); n != 2 {
		t.Fatalf("%d reminders, want those of the two who booked a day ahead and still come", n)
	}
	events, err := w.store.Lease(t.Context(), 10, w.now.AddDate(1, 0, 0), w.now.AddDate(2, 0, 0))
	w.must(err)
	for _, e := range events {
		if e.Kind != reservation.EventReminder || e.Reservation.ID != first.ID && e.Reservation.ID != moved.ID || e.ID == uuid.Nil ||
			e.Traceparent != traced {
			t.Errorf("told %+v", e)
		}
		w.must(w.store.Delivered(t.Context(), e.Seq))
	}
	_, err = w.move(w.moves(moved, 20, 2))
	w.must(err)
	w.kinds()
	if n := remind(w.now, 10); n != 0 {
		t.Fatalf("%d reminders again", n)
	}
	w.now = w.starts[20].Add(-reservation.ReminderLead).Add(time.Second)
	if n := remind(w.now, 10); n != 5 { // and the four of the sold-out slot
		t.Fatalf("%d reminders, want one of the day moved to and four others", n)
	}
}

// enters books the i-th slot for a guest of the owner's.
func (w *world) enters(i, party int) reservation.Outcome {
	w.t.Helper()
	e := reservation.OwnerEntry{Booking: w.wants(i, uuid.New(), party), RestaurantID: w.house}
	return w.do(reservation.Command{
		CommandMeta: e.CommandMeta, Op: reservation.OpEnter, Decide: e.Decide, Scope: reservation.Scope{Slots: []reservation.SlotID{e.SlotID}},
	})
}

// sweeping forgets what is old, step by step, and nothing else.
func sweeping(t *testing.T, w *world) {
	var old []reservation.Booking
	for i := range 5 {
		b := w.wants(2*i, uuid.New(), 1)
		w.books(b)
		old = append(old, b)
	}
	noon := w.now.Add(time.Hour)
	w.now = noon
	young := w.wants(1, uuid.New(), 1)
	w.books(young)
	total := 0
	for _, want := range []int{2, 2, 1, 0} {
		n, err := w.store.DeleteIdempotencyRecords(t.Context(), noon, 2)
		w.must(err)
		if n != want {
			t.Fatalf("swept %d, want %d", n, want)
		}
		total += n
	}
	if out := w.books(young); !out.Replayed {
		t.Error("a young key is forgotten")
	}
	again := w.wants(1, old[0].DinerID, 1)
	again.Key, again.RequestHash, again.SlotID = old[0].Key, sum("another body"), w.slots[3].ID
	if out := w.books(again); out.Replayed {
		t.Error("a key that was swept is still known")
	}
}

// unmade lists whose slots were last made long ago.
func unmade(t *testing.T, w *world) {
	made := func(before time.Time) []string {
		t.Helper()
		list, err := w.store.RestaurantsToGenerate(t.Context(), before, 10)
		w.must(err)
		return list
	}
	if list := made(w.now); len(list) != 0 {
		t.Fatalf("%q were just made", list)
	}
	if list := made(w.now.Add(time.Second)); len(list) != 1 || list[0] != w.house {
		t.Fatalf("unmade are %q", list)
	}
	w.now = w.now.Add(time.Hour)
	w.put(20)
	if list := made(w.now); len(list) != 0 {
		t.Fatalf("%q were just made again", list)
	}
}

// expiringAtOnce runs the job four times at once over many slots with one offer
// that has run out each, and two who wait for it.
func expiringAtOnce(t *testing.T, w *world) {
	var first, next, last []reservation.Booking
	for i := range w.slots {
		sold := w.fill(i)
		first, next, last = append(first, w.joins(i, 5)), append(next, w.joins(i, 5)), append(last, w.joins(i, 5))
		_, err := w.cancel(w.gives(sold[0].ID, sold[0].DinerID))
		w.must(err)
	}
	w.kinds()
	w.now = w.now.Add(reservation.OfferTTL)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			due, err := w.store.SlotsWithExpiry(t.Context(), w.now, 1000)
			if err != nil {
				t.Error(err)
			}
			for _, slot := range due {
				if _, err := w.store.Execute(t.Context(), reservation.Command{
					CommandMeta: w.act(uuid.Nil, ""), Decide: reservation.ExpireOffers, Scope: reservation.Scope{Slots: []reservation.SlotID{slot}},
				}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	for i := range w.slots {
		w.is(first[i], reservation.Expired, 0)
		w.is(next[i], reservation.Offered, 0)
		w.is(last[i], reservation.Waiting, 1)
	}
	count := map[string]int{}
	for _, kind := range w.kinds() {
		count[kind]++
	}
	if n := len(w.slots); len(count) != 2 || count[reservation.EventExpired] != n || count[reservation.EventOffered] != n {
		t.Errorf("told %v, want %d offers to have run out and as many made", count, n)
	}
	w.audited()
}

// audited is a clean audit of every slot.
func (w *world) audited() {
	w.t.Helper()
	a, err := w.store.Audit(w.t.Context(), w.now)
	w.must(err)
	if a.Slots != len(w.slots) || len(a.Mismatches) > 0 {
		w.t.Errorf("audit: %+v, want %d slots and nothing wrong", a, len(w.slots))
	}
}

// hoarding lets one diner ask for many times at once, by every way there is to
// have one: at most MaxLive are had, and no two that overlap.
func hoarding(t *testing.T, w *world) {
	for i := range w.slots {
		if i%3 == 0 {
			w.fill(i)
		}
	}
	for range 3 {
		diner := uuid.New()
		var wg sync.WaitGroup
		for i := range w.slots {
			wg.Go(func() {
				var err error
				if b := w.wants(i, diner, 1); i%3 == 0 {
					_, err = w.join(b)
				} else {
					_, err = w.store.Book(t.Context(), b)
				}
				switch reason := fault.ReasonOf(err); reason {
				case "", "overlap", "too_many_reservations", "slot_full":
				default:
					t.Error(err)
				}
			})
		}
		wg.Wait()
		had, err := w.store.Reservations(t.Context(), reservation.ReservationQuery{DinerID: diner, Soonest: true, Limit: 100})
		w.must(err)
		if len(had) > reservation.MaxActive || len(had) == 0 {
			t.Fatalf("one diner has %d reservations", len(had))
		}
		for i, r := range had[1:] {
			if r.Start.Before(had[i].End) {
				t.Errorf("%v to %v and %v overlap", had[i].Start, had[i].End, r.Start)
			}
		}
	}
	w.audited()
}
