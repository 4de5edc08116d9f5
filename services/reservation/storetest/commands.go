package storetest

import (
	"time"

	"github.com/google/uuid"

	"jari.example/internal/secret"
	"jari.example/services/reservation"
)

// Each new… method builds a command under a key of its own, and each must…
// method fails the test unless the command succeeds. i is the number of a slot.

func (f *fixture) mustExecute(c reservation.Command) reservation.Outcome {
	f.t.Helper()
	out, err := f.store.Execute(f.t.Context(), c)
	f.must(err)
	return out
}

func (f *fixture) newBooking(i int, diner uuid.UUID, party int) reservation.Booking {
	b := reservation.Booking{
		CommandMeta: f.meta(diner, uuid.NewString()),
		ID:          uuid.Must(uuid.NewV7()), SlotID: f.slots[i].ID, Party: party, Note: secret.New("창가 자리"),
	}
	b.RequestHash = hash(b.SlotID.String())
	return b
}

func (f *fixture) mustBook(b reservation.Booking) reservation.Outcome {
	f.t.Helper()
	out, err := f.store.Book(f.t.Context(), b)
	f.must(err)
	return out
}

// sellOut books every cover of a slot, in four parties of five.
func (f *fixture) sellOut(i int) (sold []reservation.Booking) {
	f.t.Helper()
	for range 4 {
		b := f.newBooking(i, uuid.New(), 5)
		f.mustBook(b)
		sold = append(sold, b)
	}
	return sold
}

func (f *fixture) newCancellation(id, diner uuid.UUID) reservation.Cancellation {
	c := reservation.Cancellation{CommandMeta: f.meta(diner, uuid.NewString()), ID: id}
	c.RequestHash = hash(id.String())
	return c
}

func (f *fixture) cancel(c reservation.Cancellation) (reservation.Outcome, error) {
	return f.store.Execute(f.t.Context(), reservation.Command{
		CommandMeta: c.CommandMeta, Op: reservation.OpCancel, Scope: reservation.Scope{ReservationID: c.ID}, Decide: c.Decide,
	})
}

func (f *fixture) mustCancel(b reservation.Booking) {
	f.t.Helper()
	_, err := f.cancel(f.newCancellation(b.ID, b.DinerID))
	f.must(err)
}

func (f *fixture) join(b reservation.Booking) (reservation.Outcome, error) {
	return f.store.Execute(f.t.Context(), reservation.Command{
		CommandMeta: b.CommandMeta, Op: reservation.OpJoin, Decide: b.Join,
		Scope: reservation.Scope{LimitsOf: b.DinerID, Slots: []reservation.SlotID{b.SlotID}},
	})
}

func (f *fixture) mustJoin(i, party int) reservation.Booking {
	f.t.Helper()
	b := f.newBooking(i, uuid.New(), party)
	out, err := f.join(b)
	f.must(err)
	if out.Status != reservation.Waiting || out.Position == 0 {
		f.t.Fatalf("joined as %+v", out.Reservation)
	}
	return b
}

func (f *fixture) leave(b reservation.Booking) error {
	c := f.newCancellation(b.ID, b.DinerID)
	_, err := f.store.Execute(f.t.Context(), reservation.Command{
		CommandMeta: c.CommandMeta, Scope: reservation.Scope{ReservationID: c.ID}, Decide: c.Leave,
	})
	return err
}

// respond accepts or declines the offer that b's reservation has got.
func (f *fixture) respond(b reservation.Booking, accept bool) (reservation.Outcome, error) {
	o := reservation.OfferResponse{CommandMeta: f.meta(b.DinerID, uuid.NewString()), ID: b.ID, Accept: accept}
	return f.store.Execute(f.t.Context(), reservation.Command{
		CommandMeta: o.CommandMeta, Op: reservation.OpAccept, Scope: reservation.Scope{ReservationID: o.ID}, Decide: o.Decide,
	})
}

// newMove moves what b booked to slot i, for another party.
func (f *fixture) newMove(b reservation.Booking, i, party int) reservation.Move {
	id := f.slots[i].ID
	return reservation.Move{CommandMeta: f.meta(b.DinerID, ""), ID: b.ID, SlotID: &id, Party: &party}
}

func (f *fixture) move(m reservation.Move) (reservation.Outcome, error) {
	scope := reservation.Scope{ReservationID: m.ID, LimitsOf: m.DinerID}
	if m.SlotID != nil {
		scope.Slots = []reservation.SlotID{*m.SlotID}
	}
	return f.store.Execute(f.t.Context(), reservation.Command{CommandMeta: m.CommandMeta, Scope: scope, Decide: m.Decide})
}

// mustEnter is the owner's entry for a guest.
func (f *fixture) mustEnter(i, party int) reservation.Outcome {
	f.t.Helper()
	e := reservation.OwnerEntry{Booking: f.newBooking(i, uuid.New(), party), RestaurantID: f.restaurant}
	return f.mustExecute(reservation.Command{
		CommandMeta: e.CommandMeta, Op: reservation.OpEnter, Decide: e.Decide, Scope: reservation.Scope{Slots: []reservation.SlotID{e.SlotID}},
	})
}

// markNoShow is the owner's report at a time that the party has not come.
func (f *fixture) markNoShow(b reservation.Booking, at time.Time) {
	f.t.Helper()
	a := reservation.Attendance{
		CommandMeta: f.meta(uuid.New(), uuid.NewString()), ID: b.ID, NoShow: true, MayTouch: func(string) bool { return true },
	}
	a.At = at
	f.mustExecute(reservation.Command{
		CommandMeta: a.CommandMeta, Op: reservation.OpNoShow, Scope: reservation.Scope{ReservationID: a.ID}, Decide: a.Decide,
	})
}

// undoNoShow is the owner's correction, under the key.
func (f *fixture) undoNoShow(b reservation.Booking, at time.Time, key string) (reservation.Outcome, error) {
	n := reservation.NoShowUndo{CommandMeta: f.meta(b.DinerID, key), ID: b.ID, MayTouch: func(string) bool { return true }}
	n.At = at
	return f.store.Execute(f.t.Context(), reservation.Command{
		CommandMeta: n.CommandMeta, Op: reservation.OpUndoNoShow, Scope: reservation.Scope{ReservationID: n.ID}, Decide: n.Decide,
	})
}

func (f *fixture) expiryCommand(slot reservation.SlotID) reservation.Command {
	return reservation.Command{
		CommandMeta: f.meta(uuid.Nil, ""), Decide: reservation.ExpireOffers,
		Scope: reservation.Scope{Slots: []reservation.SlotID{slot}},
	}
}

// expireOffers does what the maintenance job does.
func (f *fixture) expireOffers() {
	f.t.Helper()
	due, err := f.store.SlotsWithExpiry(f.t.Context(), f.now, 10)
	f.must(err)
	for _, slot := range due {
		f.mustExecute(f.expiryCommand(slot))
	}
}

// drainOutbox delivers every event, due or not, in order.
func (f *fixture) drainOutbox() (all []reservation.Event) {
	f.t.Helper()
	for {
		events, err := f.store.Lease(f.t.Context(), 100, f.now.AddDate(1, 0, 0), f.now.AddDate(2, 0, 0))
		f.must(err)
		if len(events) == 0 {
			return all
		}
		all = append(all, events...)
		for _, e := range events {
			f.must(f.store.Delivered(f.t.Context(), e.Seq))
		}
	}
}

// eventKinds delivers every event and returns the kinds, in order.
func (f *fixture) eventKinds() (kinds []string) {
	f.t.Helper()
	for _, e := range f.drainOutbox() {
		kinds = append(kinds, e.Kind)
	}
	return kinds
}
