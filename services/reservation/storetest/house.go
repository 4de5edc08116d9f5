package storetest

import (
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"jari.example/services/reservation"
)

// ownersDay lists everybody, whatever became of them, page by page.
func ownersDay(t *testing.T, w *world) {
	other := newWorldAt(t, w.store, "other")
	other.books(other.wants(0, uuid.New(), 2))
	var want []uuid.UUID
	sold := w.fill(2)
	for i := range 3 { // equal starts: the id decides
		b := w.wants(1, uuid.New(), 1+i)
		w.books(b)
		want = append(want, b.ID)
	}
	_, err := w.cancel(w.gives(want[0], w.owner(want[0])))
	w.must(err)
	slices.SortFunc(want, func(a, b uuid.UUID) int { return slices.Compare(a[:], b[:]) })
	entered := w.enters(1, 2)
	waits := w.joins(2, 1)
	w.books(w.wants(5, uuid.New(), 1)) // of the time after

	q := reservation.DayQuery{Period: reservation.Period{RestaurantID: w.house, From: w.starts[0], To: w.starts[5]}, Limit: 2}
	list := func(q reservation.DayQuery) (all []reservation.Reservation) {
		for {
			page, err := w.store.Day(t.Context(), q)
			w.must(err)
			if len(page) == 0 {
				return all
			}
			all = append(all, page...)
			last := page[len(page)-1]
			q.After = reservation.Position{Start: last.Start, ID: last.ID}
		}
	}
	all := list(q)
	if len(all) != len(want)+1+len(sold)+1 {
		t.Fatalf("%d are listed: %+v", len(all), all)
	}
	if !slices.IsSortedFunc(all, func(a, b reservation.Reservation) int {
		if c := a.Start.Compare(b.Start); c != 0 {
			return c
		}
		return slices.Compare(a.ID[:], b.ID[:])
	}) {
		t.Errorf("out of order: %+v", all)
	}
	for status, n := range map[reservation.Status]int{
		reservation.Cancelled: 1, reservation.Confirmed: 7, reservation.Waiting: 1, reservation.Seated: 0,
	} {
		q.Status = status
		if got := list(q); len(got) != n {
			t.Errorf("%d of status %s, want %d", len(got), status, n)
		}
	}
	q.Status = reservation.Waiting
	if got := list(q); got[0].ID != waits.ID || got[0].Position != 1 {
		t.Errorf("who waits is listed as %+v", got)
	}
	if !slices.ContainsFunc(all, func(r reservation.Reservation) bool {
		return r.ID == entered.ID && r.DinerID == uuid.Nil && r.Guest.Name.Reveal() == entered.Guest.Name.Reveal()
	}) {
		t.Error("whom the owner has entered is missing")
	}
}

// owner is whose reservation it is.
func (w *world) owner(id uuid.UUID) uuid.UUID {
	list, err := w.store.Day(w.t.Context(), reservation.DayQuery{
		Period: reservation.Period{RestaurantID: w.house, From: w.starts[0], To: w.starts[len(w.starts)-1]}, Limit: 1000,
	})
	w.must(err)
	for _, r := range list {
		if r.ID == id {
			return r.DinerID
		}
	}
	w.t.Fatalf("nobody has %s", id)
	return uuid.Nil
}

// bothWays lists visits to come and visits past, each in its order.
func bothWays(t *testing.T, w *world) {
	diner := uuid.New()
	for i := range 4 {
		w.books(w.wants(2*i, diner, 1))
	}
	noon := w.slots[4].End // two have ended and the third ends now
	starts := func(q reservation.ReservationQuery) (list []time.Time) {
		q.DinerID, q.Limit = diner, 1
		for {
			page, err := w.store.Reservations(t.Context(), q)
			w.must(err)
			if len(page) == 0 {
				return list
			}
			list = append(list, page[0].Start)
			q.After = reservation.Position{Start: page[0].Start, ID: page[0].ID}
		}
	}
	same := func(a, b []time.Time) bool { return slices.EqualFunc(a, b, time.Time.Equal) }
	if got := starts(reservation.ReservationQuery{From: noon, Soonest: true}); !same(got, []time.Time{w.starts[4], w.starts[6]}) {
		t.Errorf("to come are %v", got)
	}
	if got := starts(reservation.ReservationQuery{To: noon}); !same(got, []time.Time{w.starts[2], w.starts[0]}) {
		t.Errorf("past are %v", got)
	}
	none := []reservation.Status{reservation.Waiting, reservation.Offered}
	if got := starts(reservation.ReservationQuery{Statuses: none, From: noon, Soonest: true}); len(got) != 0 {
		t.Errorf("waiting are %v", got)
	}
	if got := starts(reservation.ReservationQuery{Statuses: append(none, reservation.Confirmed)}); len(got) != 4 {
		t.Errorf("of several statuses there are %v", got)
	}
}
