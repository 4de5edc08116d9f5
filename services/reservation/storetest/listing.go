package storetest

import (
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"jari.example/services/reservation"
)

// pages reads a list page by page, from the first position to an empty page.
func pages(f *fixture, read func(reservation.Position) ([]reservation.Reservation, error)) (all []reservation.Reservation) {
	f.t.Helper()
	var after reservation.Position
	for {
		page, err := read(after)
		f.must(err)
		if len(page) == 0 {
			return all
		}
		all = append(all, page...)
		last := page[len(page)-1]
		after = reservation.Position{Start: last.Start, ID: last.ID}
	}
}

func (f *fixture) listReservations(q reservation.ReservationQuery) []reservation.Reservation {
	f.t.Helper()
	return pages(f, func(after reservation.Position) ([]reservation.Reservation, error) {
		q.After = after
		return f.store.Reservations(f.t.Context(), q)
	})
}

func (f *fixture) listDay(q reservation.DayQuery) []reservation.Reservation {
	f.t.Helper()
	return pages(f, func(after reservation.Position) ([]reservation.Reservation, error) {
		q.After = after
		return f.store.Day(f.t.Context(), q)
	})
}

func listsByStatusInPages(t *testing.T, f *fixture) {
	diner := uuid.New()
	for i := range 6 {
		b := f.newBooking(2*i, diner, 1)
		f.mustBook(b)
		if i%2 == 1 {
			f.mustCancel(b)
		}
	}
	f.mustBook(f.newBooking(0, uuid.New(), 1)) // another diner's
	for status, want := range map[reservation.Status]int{"": 6, reservation.Confirmed: 3, reservation.Seated: 0} {
		q := reservation.ReservationQuery{DinerID: diner, Limit: 2}
		if status != "" {
			q.Statuses = []reservation.Status{status}
		}
		got := f.listReservations(q)
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

// listsByEndOfVisit lists visits to come, soonest first, and past visits.
func listsByEndOfVisit(t *testing.T, f *fixture) {
	diner := uuid.New()
	for i := range 4 {
		f.mustBook(f.newBooking(2*i, diner, 1))
	}
	now := f.slots[4].End // two have ended, and the third ends now
	starts := func(q reservation.ReservationQuery) (list []time.Time) {
		q.DinerID, q.Limit = diner, 1
		for _, r := range f.listReservations(q) {
			list = append(list, r.Start)
		}
		return list
	}
	equalTimes := func(a, b []time.Time) bool { return slices.EqualFunc(a, b, time.Time.Equal) }
	got := starts(reservation.ReservationQuery{From: now, Soonest: true})
	if !equalTimes(got, []time.Time{f.starts[4], f.starts[6]}) {
		t.Errorf("visits to come: %v", got)
	}
	if got := starts(reservation.ReservationQuery{To: now}); !equalTimes(got, []time.Time{f.starts[2], f.starts[0]}) {
		t.Errorf("past visits: %v", got)
	}
	onWaitlist := []reservation.Status{reservation.Waiting, reservation.Offered}
	if got := starts(reservation.ReservationQuery{Statuses: onWaitlist, From: now, Soonest: true}); len(got) != 0 {
		t.Errorf("on a waitlist: %v, want none", got)
	}
	if got := starts(reservation.ReservationQuery{Statuses: append(onWaitlist, reservation.Confirmed)}); len(got) != 4 {
		t.Errorf("of several statuses: %v, want 4", got)
	}
}

// listsDay lists every reservation of a period, whatever its status.
func listsDay(t *testing.T, f *fixture) {
	other := newFixtureAt(t, f.store, "other")
	other.mustBook(other.newBooking(0, uuid.New(), 2))
	sold := f.sellOut(2)
	for i := range 3 { // with equal starts, ordered by id
		b := f.newBooking(1, uuid.New(), 1+i)
		f.mustBook(b)
		if i == 0 {
			f.mustCancel(b)
		}
	}
	entered := f.mustEnter(1, 2)
	waiting := f.mustJoin(2, 1)
	f.mustBook(f.newBooking(5, uuid.New(), 1)) // after the period

	q := reservation.DayQuery{Period: reservation.Period{RestaurantID: f.restaurant, From: f.starts[0], To: f.starts[5]}, Limit: 2}
	all := f.listDay(q)
	if want := 3 + 1 + len(sold) + 1; len(all) != want {
		t.Fatalf("%d are listed, want %d: %+v", len(all), want, all)
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
		if got := f.listDay(q); len(got) != n {
			t.Errorf("%d of status %s, want %d", len(got), status, n)
		}
	}
	q.Status = reservation.Waiting
	if got := f.listDay(q); got[0].ID != waiting.ID || got[0].Position != 1 {
		t.Errorf("the waitlist entry is listed as %+v", got)
	}
	if !slices.ContainsFunc(all, func(r reservation.Reservation) bool {
		return r.ID == entered.ID && r.DinerID == uuid.Nil && r.Guest.Name.Reveal() == entered.Guest.Name.Reveal()
	}) {
		t.Error("the owner entry is missing")
	}
}
