package storetest

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"jari.example/services/reservation"
)

// joins puts a party into the i-th slot's line.
func (w *world) joins(i, party int) reservation.Booking {
	w.t.Helper()
	b := w.wants(i, uuid.New(), party)
	out, err := w.join(b)
	w.must(err)
	if out.Status != reservation.Waiting || out.Position == 0 {
		w.t.Fatalf("joined as %+v", out.Reservation)
	}
	return b
}

func (w *world) join(b reservation.Booking) (reservation.Outcome, error) {
	return w.store.Execute(w.t.Context(), reservation.Command{
		CommandMeta: b.CommandMeta, Op: reservation.OpJoin, Decide: b.Join,
		Scope: reservation.Scope{LimitsOf: b.DinerID, Slots: []reservation.SlotID{b.SlotID}},
	})
}

func (w *world) answer(b reservation.Booking, accept bool) (reservation.Outcome, error) {
	a := reservation.OfferResponse{CommandMeta: w.act(b.DinerID, uuid.NewString()), ID: b.ID, Accept: accept}
	return w.store.Execute(w.t.Context(), reservation.Command{
		CommandMeta: a.CommandMeta, Op: reservation.OpAccept, Scope: reservation.Scope{ReservationID: a.ID}, Decide: a.Decide,
	})
}

func (w *world) move(m reservation.Move) (reservation.Outcome, error) {
	scope := reservation.Scope{ReservationID: m.ID, LimitsOf: m.DinerID}
	if m.SlotID != nil {
		scope.Slots = []reservation.SlotID{*m.SlotID}
	}
	return w.store.Execute(w.t.Context(), reservation.Command{CommandMeta: m.CommandMeta, Scope: scope, Decide: m.Decide})
}

// moves asks for another slot or party of what b booked.
func (w *world) moves(b reservation.Booking, slot, party int) reservation.Move {
	id := w.slots[slot].ID
	return reservation.Move{CommandMeta: w.act(b.DinerID, ""), ID: b.ID, SlotID: &id, Party: &party}
}

// is checks what has become of a booking.
func (w *world) is(b reservation.Booking, status reservation.Status, position int) reservation.Reservation {
	w.t.Helper()
	r, err := w.store.Reservation(w.t.Context(), b.DinerID, b.ID)
	w.must(err)
	if r.Status != status || r.Position != position {
		w.t.Fatalf("%s at position %d, want %s at %d", r.Status, r.Position, status, position)
	}
	return r
}

// fill sells the i-th slot out, in parties of five.
func (w *world) fill(i int) (sold []reservation.Booking) {
	w.t.Helper()
	for range 4 {
		b := w.wants(i, uuid.New(), 5)
		w.books(b)
		sold = append(sold, b)
	}
	return sold
}

// kinds empties the outbox and returns what there was to tell, in order.
func (w *world) kinds() (kinds []string) {
	w.t.Helper()
	for {
		events, err := w.store.Lease(w.t.Context(), 100, w.now.AddDate(1, 0, 0), w.now.AddDate(2, 0, 0))
		w.must(err)
		if len(events) == 0 {
			return kinds
		}
		for _, e := range events {
			kinds = append(kinds, e.Kind)
			w.must(w.store.Delivered(w.t.Context(), e.Seq))
		}
	}
}

func joining(t *testing.T, w *world) {
	_, err := w.join(w.wants(0, uuid.New(), 2))
	wantReason(t, err, "seats_available")
	w.fill(0)
	b := w.joins(0, 2)
	again, err := w.join(b)
	w.must(err)
	if !again.Replayed || again.Position != 1 {
		t.Fatalf("again: %+v", again)
	}
	w.joins(0, 3)
	third := w.joins(0, 1)
	w.is(third, reservation.Waiting, 3)

	twice := w.wants(0, b.DinerID, 2)
	_, err = w.join(twice)
	wantReason(t, err, "already_booked")
	_, err = w.store.Book(t.Context(), twice)
	wantReason(t, err, "already_booked")
	twice.SlotID = w.slots[1].ID
	_, err = w.store.Book(t.Context(), twice)
	wantReason(t, err, "overlap")
	late := w.wants(0, uuid.New(), 1)
	late.At = w.slots[0].CancelUntil
	_, err = w.join(late)
	wantReason(t, err, "slot_closed")
}

// offering frees covers in every way there is, and each time the first who fit
// are offered them.
func offering(t *testing.T, w *world) {
	for name, frees := range map[string]func(w *world, sold reservation.Booking){
		"a cancellation": func(w *world, sold reservation.Booking) {
			_, err := w.cancel(w.gives(sold.ID, sold.DinerID))
			w.must(err)
		},
		"a move away": func(w *world, sold reservation.Booking) {
			_, err := w.move(w.moves(sold, 12, 5))
			w.must(err)
		},
		"a smaller party": func(w *world, sold reservation.Booking) {
			_, err := w.move(w.moves(sold, 0, 1))
			w.must(err)
		},
		"more capacity": func(w *world, _ reservation.Booking) { w.put(24) },
		"a no-show before the end": func(w *world, sold reservation.Booking) {
			a := reservation.Attendance{CommandMeta: w.act(uuid.New(), uuid.NewString()), ID: sold.ID, NoShow: true,
				MayTouch: func(string) bool { return true }}
			a.At = w.slots[0].Start
			w.do(reservation.Command{CommandMeta: a.CommandMeta, Op: reservation.OpNoShow, Scope: reservation.Scope{ReservationID: sold.ID}, Decide: a.Decide})
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorldAt(t, w.store, "house-"+uuid.NewString()[:8])
			sold := w.fill(0)
			big, small, last := w.joins(0, 6), w.joins(0, 3), w.joins(0, 1)
			frees(w, sold[0])
			if name == "a no-show before the end" { // the cut-off is over: they are public
				w.is(small, reservation.Waiting, 2)
				if got := w.left(0); got != 5 {
					t.Fatalf("%d covers left, want 5", got)
				}
				return
			}
			w.is(big, reservation.Waiting, 1) // passed over: it does not fit
			offer := w.is(small, reservation.Offered, 0)
			if !offer.OfferEndsAt.Equal(w.now.Add(reservation.OfferTTL)) {
				t.Errorf("offer ends at %v", offer.OfferEndsAt)
			}
			w.is(last, reservation.Offered, 0)
		})
	}
}

func expiring(t *testing.T, w *world) {
	sold := w.fill(0)
	first, second := w.joins(0, 5), w.joins(0, 4)
	_, err := w.cancel(w.gives(sold[0].ID, sold[0].DinerID))
	w.must(err)
	w.is(first, reservation.Offered, 0)
	w.is(second, reservation.Waiting, 1)

	due, err := w.store.SlotsWithExpiry(t.Context(), w.now.Add(reservation.OfferTTL-time.Second), 10)
	w.must(err)
	if len(due) != 0 {
		t.Fatalf("due too early: %v", due)
	}
	w.now = w.now.Add(reservation.OfferTTL)
	_, err = w.answer(first, true)
	wantReason(t, err, "offer_expired")
	w.expire()
	w.is(first, reservation.Expired, 0)
	w.is(second, reservation.Offered, 0)
	_, err = w.answer(first, true)
	wantReason(t, err, "offer_expired")
	_, err = w.answer(second, false)
	w.must(err)
	if got := w.left(0); got != 5 {
		t.Fatalf("%d covers left once nobody wants them, want 5", got)
	}
	w.books(w.wants(0, uuid.New(), 5)) // public again
	third := w.joins(0, 1)
	w.now = w.slots[0].CancelUntil
	w.expire()
	w.is(third, reservation.Expired, 0) // the line has closed
}

// expire does what the job does.
func (w *world) expire() {
	w.t.Helper()
	due, err := w.store.SlotsWithExpiry(w.t.Context(), w.now, 10)
	w.must(err)
	for _, slot := range due {
		w.do(reservation.Command{
			CommandMeta: w.act(uuid.Nil, ""), Decide: reservation.ExpireOffers,
			Scope: reservation.Scope{Slots: []reservation.SlotID{slot}},
		})
	}
}

func accepting(t *testing.T, w *world) {
	sold := w.fill(0)
	b := w.joins(0, 2)
	_, err := w.answer(b, true)
	wantReason(t, err, "not_offered")
	_, err = w.cancel(w.gives(sold[0].ID, sold[0].DinerID))
	w.must(err)
	if got := w.left(0); got != 3 {
		t.Fatalf("%d covers left beside an offer of 2, want 3", got)
	}
	stranger := b
	stranger.DinerID = uuid.New()
	_, err = w.answer(stranger, true)
	wantReason(t, err, "reservation_not_found")
	out, err := w.answer(b, true)
	w.must(err)
	if out.Status != reservation.Confirmed || !out.OfferEndsAt.IsZero() || w.left(0) != 3 {
		t.Fatalf("accepted: %+v", out)
	}
	if kinds := w.kinds(); len(kinds) != 8 { // four bookings, joined, cancelled, offered, accepted
		t.Fatalf("told %v", kinds)
	}
}

func moving(t *testing.T, w *world) {
	b := w.wants(0, uuid.New(), 4)
	w.books(b)
	w.fill(5)
	_, err := w.move(w.moves(b, 5, 4))
	wantReason(t, err, "slot_full")
	if r := w.is(b, reservation.Confirmed, 0); r.SlotID != w.slots[0].ID || r.Version != 1 {
		t.Fatalf("a move that failed left %+v", r)
	}
	out, err := w.move(w.moves(b, 3, 6))
	w.must(err)
	if out.SlotID != w.slots[3].ID || out.Party != 6 || !out.Start.Equal(w.starts[3]) || out.Version != 2 {
		t.Fatalf("moved: %+v", out)
	}
	if w.left(0) != 20 || w.left(3) != 14 {
		t.Fatalf("%d and %d covers left", w.left(0), w.left(3))
	}
	stale := w.moves(b, 4, 6)
	stale.Version = 1
	_, err = w.move(stale)
	wantReason(t, err, "version_mismatch")
	_, err = w.move(w.moves(b, 3, 7))
	wantReason(t, err, "invalid_field")
	late := w.moves(b, 4, 6)
	late.At = out.CancelUntil
	_, err = w.move(late)
	wantReason(t, err, "not_movable")
	if kinds := w.kinds(); kinds[len(kinds)-1] != reservation.EventMoved {
		t.Fatalf("told %v", kinds)
	}
}

// waitersMove: who waits and asks for another time has it, or keeps the place
// in line; who asks for another party keeps it anyway.
func waitersMove(t *testing.T, w *world) {
	sold := w.fill(0)
	w.fill(5)
	first, second := w.joins(0, 6), w.joins(0, 2)
	_, err := w.move(w.moves(first, 5, 6))
	wantReason(t, err, "slot_full")
	w.is(first, reservation.Waiting, 1)
	_, err = w.move(w.moves(first, 0, 5))
	w.must(err)
	w.is(first, reservation.Waiting, 1)
	out, err := w.move(w.moves(second, 3, 2))
	w.must(err)
	if out.Status != reservation.Confirmed || out.SlotID != w.slots[3].ID {
		t.Fatalf("moved out of the line: %+v", out)
	}
	_, err = w.cancel(w.gives(sold[0].ID, sold[0].DinerID))
	w.must(err)
	w.is(first, reservation.Offered, 0)
}

func leaving(t *testing.T, w *world) {
	sold := w.fill(0)
	first, second := w.joins(0, 5), w.joins(0, 5)
	leave := func(b reservation.Booking) error {
		c := w.gives(b.ID, b.DinerID)
		_, err := w.store.Execute(t.Context(), reservation.Command{CommandMeta: c.CommandMeta, Scope: reservation.Scope{ReservationID: c.ID}, Decide: c.Leave})
		return err
	}
	_, err := w.cancel(w.gives(sold[0].ID, sold[0].DinerID))
	w.must(err)
	w.is(second, reservation.Waiting, 1)
	w.must(leave(first)) // gives the offer up
	w.is(second, reservation.Offered, 0)
	w.must(leave(first)) // again: nothing to do
	wantReason(t, leave(sold[1]), "not_waiting")
}

// lineEnds: behind so many nobody has a chance, and each change of the slot
// looks at all of them.
func lineEnds(t *testing.T, w *world) {
	w.fill(0)
	for range reservation.MaxWaitlist {
		w.joins(0, 1)
	}
	_, err := w.join(w.wants(0, uuid.New(), 1))
	wantReason(t, err, "line_full")
}

// enteredCancelled: a guest who calls off frees the covers for the line, and
// only the restaurant's own may say so.
func enteredCancelled(t *testing.T, w *world) {
	entered := w.enters(0, 5)
	for range 3 {
		w.books(w.wants(0, uuid.New(), 5))
	}
	waits := w.joins(0, 5)
	c := w.gives(entered.ID, uuid.New())
	c.At = w.slots[0].CancelUntil.Add(-time.Minute)
	_, err := w.cancel(c)
	wantReason(t, err, "reservation_not_found")
	c.MayTouch = func(restaurant string) bool { return restaurant != w.house }
	_, err = w.cancel(c)
	wantReason(t, err, "reservation_not_found")
	c.MayTouch = func(restaurant string) bool { return restaurant == w.house }
	out, err := w.cancel(c)
	w.must(err)
	if out.Status != reservation.Cancelled {
		t.Fatalf("cancelled: %+v", out)
	}
	w.is(waits, reservation.Offered, 0)
	theirs := w.gives(waits.ID, uuid.New()) // a diner's is the diner's
	theirs.MayTouch = c.MayTouch
	_, err = w.cancel(theirs)
	wantReason(t, err, "reservation_not_found")
}
