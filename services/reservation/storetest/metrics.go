package storetest

import (
	"log/slog"
	"maps"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.opentelemetry.io/otel/attribute"

	"jari.example/services/reservation"
	"jari.example/telemetry/names"
	"jari.example/telemetry/telemetrytest"
)

// RunMetrics checks that a store counts every change once, and replays and
// refusals not at all, and that it logs each offer; open returns an empty store.
func RunMetrics(t *testing.T, open func(t *testing.T) Store) {
	rec := telemetrytest.Start(t)
	store := open(t)
	store.(interface{ LogOffers(*slog.Logger) }).LogOffers(rec.Logger)
	m := metricsTest{newFixture(t, store), rec, map[attribute.KeyValue]float64{}}
	b := m.book()
	m.bookConcurrently()
	m.offerAcceptAndExpire()
	m.moveEnterAndRemind(b)
}

// metricsTest knows what the metrics must be, by attribute.
type metricsTest struct {
	*fixture
	rec  *telemetrytest.Recorder
	want map[attribute.KeyValue]float64
}

// events adds n events of a kind, sold adds covers sold by a service method.
func (m metricsTest) events(kind string, n float64) {
	m.want[attribute.String(names.EventKind, kind)] += n
}

func (m metricsTest) sold(method string, covers float64) {
	m.want[attribute.String(names.Method, method)] += covers
}

func (m metricsTest) check(after string) {
	m.t.Helper()
	for label, n := range m.want {
		metric := names.MetricReservations
		if label.Key == names.Method {
			metric = names.MetricCovers
		}
		if got, _ := m.rec.Value(m.t, metric, label); got != n {
			m.t.Errorf("after %s: %s = %v, want %v", after, label.Value.AsString(), got, n)
		}
	}
}

func (m metricsTest) book() reservation.Booking {
	b := m.newBooking(0, uuid.New(), 2)
	m.mustBook(b)
	if out := m.mustBook(b); !out.Replayed {
		m.t.Error("the same key books again")
	}
	m.sold("reservation.Book", 2)
	m.events(reservation.EventConfirmed, 1)
	m.check("a booking and its replay")
	return b
}

// bookConcurrently makes stores with group commit use it. Ten bookings are refused.
func (m metricsTest) bookConcurrently() {
	var wg sync.WaitGroup
	for range covers + 10 {
		b := m.newBooking(3, uuid.New(), 1)
		wg.Go(func() { _, _ = m.store.Book(m.t.Context(), b) })
	}
	wg.Wait()
	m.sold("reservation.Book", covers)
	m.events(reservation.EventConfirmed, covers)
	m.check("concurrent bookings")
}

func (m metricsTest) offerAcceptAndExpire() {
	booked := m.sellOut(1)
	m.sold("reservation.Book", covers)
	m.events(reservation.EventConfirmed, 4)
	accepted, expired, next := m.mustJoin(1, 5), m.mustJoin(1, 5), m.mustJoin(1, 5)
	m.events(reservation.EventJoined, 3)
	for _, b := range booked[:2] {
		m.mustCancel(b)
	}
	m.events(reservation.EventCancelled, 2)
	m.events(reservation.EventOffered, 2)
	accept := reservation.OfferResponse{CommandMeta: m.meta(accepted.DinerID, uuid.NewString()), ID: accepted.ID, Accept: true}
	for range 2 {
		m.mustExecute(reservation.Command{
			CommandMeta: accept.CommandMeta, Op: reservation.OpAccept, Scope: reservation.Scope{ReservationID: accept.ID}, Decide: accept.Decide,
		})
	}
	m.sold("reservation.Accept", 5)
	m.events(reservation.EventConfirmed, 1)
	m.events("waitlist.accepted", 1)
	m.now = m.now.Add(reservation.OfferTTL + 42*time.Second) // the job has been late
	m.expireOffers()
	m.expireOffers()
	m.wantStatus(expired, reservation.Expired, 0)
	m.events(reservation.EventExpired, 1)
	m.events(reservation.EventOffered, 1)
	m.now = m.now.Add(reservation.OfferTTL)
	m.expireOffers()
	m.events(reservation.EventExpired, 1)
	m.check("a waitlist")
	m.wantOffersLogged(map[string]float64{accepted.ID.String(): 0, expired.ID.String(): 0, next.ID.String(): 42})
}

// wantOffersLogged checks that each offer has one line with the seconds for which
// its covers had been free.
func (m metricsTest) wantOffersLogged(want map[string]float64) {
	m.t.Helper()
	got := map[string]float64{}
	lines := m.rec.Lines(m.t, names.EventOfferMade)
	for _, l := range lines {
		got[l[names.ReservationID].(string)] = l[names.OfferDelay].(float64)
	}
	if len(lines) != len(want) || !maps.Equal(got, want) {
		m.t.Errorf("%d offers are logged, with delays %v, want %v", len(lines), got, want)
	}
}

func (m metricsTest) moveEnterAndRemind(b reservation.Booking) {
	_, err := m.move(m.newMove(b, 5, 4))
	m.must(err)
	m.events(reservation.EventMoved, 1)
	m.mustEnter(8, 3)
	m.sold("reservation.Enter", 3)
	m.events(reservation.EventConfirmed, 1)
	if _, err := m.store.Book(m.t.Context(), m.newBooking(1, uuid.New(), 6)); err == nil {
		m.t.Error("a party of 6 was booked with 5 covers left")
	}
	at := m.starts[5].Add(-reservation.ReminderLead)
	n, err := m.store.EnqueueReminders(m.t.Context(), at, at.Add(2*reservation.ReminderLead), 100)
	m.must(err)
	m.events(reservation.EventReminder, float64(n))
	m.sold("reservation.Move", 0)
	m.events(reservation.EventDeclined, 0)
	m.check("a move, an owner entry, a refusal and reminders")
}
