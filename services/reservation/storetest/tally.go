package storetest

import (
	"sync"
	"testing"

	"github.com/google/uuid"
	"go.opentelemetry.io/otel/attribute"

	"jari.example/services/reservation"
	"jari.example/telemetry/names"
	"jari.example/telemetry/telemetrytest"
)

// Tally checks that a store counts what has become true, and nothing twice; open
// returns an empty store.
func Tally(t *testing.T, open func(t *testing.T) Store) {
	rec := telemetrytest.Start(t)
	w := newWorld(t, open(t))
	want := map[attribute.KeyValue]float64{}
	became := func(kind string, n float64) { want[attribute.String(names.EventKind, kind)] += n }
	sold := func(method string, covers float64) { want[attribute.String(names.Method, method)] += covers }
	check := func(after string) {
		t.Helper()
		for label, n := range want {
			metric := names.MetricReservations
			if label.Key == names.Method {
				metric = names.MetricCovers
			}
			if got, _ := rec.Value(t, metric, label); got != n {
				t.Errorf("after %s: %s = %v, want %v", after, label.Value.AsString(), got, n)
			}
		}
	}

	b := w.wants(0, uuid.New(), 2)
	w.books(b)
	if out := w.books(b); !out.Replayed {
		t.Error("the same key books again")
	}
	sold("reservation.Book", 2)
	became(reservation.EventConfirmed, 1)
	check("a booking and its replay")

	var crowd sync.WaitGroup
	for range 30 { // 20 covers, 10 go without: in groups, where a store has them
		ask := w.wants(3, uuid.New(), 1)
		crowd.Go(func() { _, _ = w.store.Book(t.Context(), ask) })
	}
	crowd.Wait()
	sold("reservation.Book", 20)
	became(reservation.EventConfirmed, 20)
	check("a rush")

	full := w.fill(1)
	sold("reservation.Book", 20)
	became(reservation.EventConfirmed, 4)
	next, late := w.joins(1, 5), w.joins(1, 5)
	became(reservation.EventJoined, 2)
	for _, one := range full[:2] {
		_, err := w.cancel(w.gives(one.ID, one.DinerID))
		w.must(err)
	}
	became(reservation.EventCancelled, 2)
	became(reservation.EventOffered, 2)
	accept := reservation.OfferResponse{CommandMeta: w.act(next.DinerID, uuid.NewString()), ID: next.ID, Accept: true}
	for range 2 {
		w.do(reservation.Command{
			CommandMeta: accept.CommandMeta, Op: reservation.OpAccept, Scope: reservation.Scope{ReservationID: accept.ID}, Decide: accept.Decide,
		})
	}
	sold("reservation.Accept", 5)
	became(reservation.EventConfirmed, 1)
	became("waitlist.accepted", 1)
	w.now = w.now.Add(reservation.OfferTTL)
	w.expire()
	w.expire()
	w.is(late, reservation.Expired, 0)
	became(reservation.EventExpired, 1)
	check("a line")

	_, err := w.move(w.moves(b, 5, 4))
	w.must(err)
	became(reservation.EventMoved, 1)
	w.enters(8, 3)
	sold("reservation.Enter", 3)
	became(reservation.EventConfirmed, 1)
	if _, err := w.store.Book(t.Context(), w.wants(1, uuid.New(), 6)); err == nil {
		t.Error("six were booked where five are left")
	}
	at := w.starts[5].Add(-reservation.ReminderLead)
	n, err := w.store.EnqueueReminders(t.Context(), at, at.Add(2*reservation.ReminderLead), 100)
	w.must(err)
	became(reservation.EventReminder, float64(n))
	sold("reservation.Move", 0)
	became(reservation.EventDeclined, 0)
	check("the rest")
}
