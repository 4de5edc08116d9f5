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

// RunMetrics checks that a store counts every change once, and replays and
// refusals not at all; open returns an empty store.
func RunMetrics(t *testing.T, open func(t *testing.T) Store) {
	rec := telemetrytest.Start(t)
	f := newFixture(t, open(t))
	want := map[attribute.KeyValue]float64{}
	events := func(kind string, n float64) { want[attribute.String(names.EventKind, kind)] += n }
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

	b := f.newBooking(0, uuid.New(), 2)
	f.mustBook(b)
	if out := f.mustBook(b); !out.Replayed {
		t.Error("the same key books again")
	}
	sold("reservation.Book", 2)
	events(reservation.EventConfirmed, 1)
	check("a booking and its replay")

	var wg sync.WaitGroup
	for range covers + 10 { // 10 are refused. Stores with group commit use it.
		b := f.newBooking(3, uuid.New(), 1)
		wg.Go(func() { _, _ = f.store.Book(t.Context(), b) })
	}
	wg.Wait()
	sold("reservation.Book", covers)
	events(reservation.EventConfirmed, covers)
	check("concurrent bookings")

	booked := f.sellOut(1)
	sold("reservation.Book", covers)
	events(reservation.EventConfirmed, 4)
	accepted, expired := f.mustJoin(1, 5), f.mustJoin(1, 5)
	events(reservation.EventJoined, 2)
	for _, b := range booked[:2] {
		f.mustCancel(b)
	}
	events(reservation.EventCancelled, 2)
	events(reservation.EventOffered, 2)
	accept := reservation.OfferResponse{CommandMeta: f.meta(accepted.DinerID, uuid.NewString()), ID: accepted.ID, Accept: true}
	for range 2 {
		f.mustExecute(reservation.Command{
			CommandMeta: accept.CommandMeta, Op: reservation.OpAccept, Scope: reservation.Scope{ReservationID: accept.ID}, Decide: accept.Decide,
		})
	}
	sold("reservation.Accept", 5)
	events(reservation.EventConfirmed, 1)
	events("waitlist.accepted", 1)
	f.now = f.now.Add(reservation.OfferTTL)
	f.expireOffers()
	f.expireOffers()
	f.wantStatus(expired, reservation.Expired, 0)
	events(reservation.EventExpired, 1)
	check("a waitlist")

	_, err := f.move(f.newMove(b, 5, 4))
	f.must(err)
	events(reservation.EventMoved, 1)
	f.mustEnter(8, 3)
	sold("reservation.Enter", 3)
	events(reservation.EventConfirmed, 1)
	if _, err := f.store.Book(t.Context(), f.newBooking(1, uuid.New(), 6)); err == nil {
		t.Error("a party of 6 was booked with 5 covers left")
	}
	at := f.starts[5].Add(-reservation.ReminderLead)
	n, err := f.store.EnqueueReminders(t.Context(), at, at.Add(2*reservation.ReminderLead), 100)
	f.must(err)
	events(reservation.EventReminder, float64(n))
	sold("reservation.Move", 0)
	events(reservation.EventDeclined, 0)
	check("the rest")
}
