package reservation

import (
	"testing"
	"time"

	"github.com/google/uuid"
)

func TestBooking(t *testing.T) {
	for name, c := range map[string]struct {
		slot   SlotID
		party  int
		change func(*UnitOfWork)
		reason string
	}{
		"takes covers":                          {1, 4, func(*UnitOfWork) {}, ""},
		"needs a slot":                          {9, 2, func(*UnitOfWork) {}, "slot_not_found"},
		"needs covers":                          {1, 2, func(u *UnitOfWork) { u.with(other, Confirmed, 3) }, "slot_full"},
		"counts offered covers as taken":        {1, 2, func(u *UnitOfWork) { u.with(other, Offered, 3) }, "slot_full"},
		"ignores the covers of a cancelled one": {1, 2, func(u *UnitOfWork) { u.with(other, Cancelled, 3) }, ""},
		"needs a party that the slot seats":     {1, 5, func(*UnitOfWork) {}, "invalid_field"},
		"is refused on a closed slot":           {1, 2, func(u *UnitOfWork) { u.Slots[1].Wanted = 0 }, "slot_closed"},
		"is refused while a slot shrinks":       {1, 1, func(u *UnitOfWork) { u.Slots[1].Wanted = 3 }, "slot_closed"},
		"is refused once the slot has begun":    {1, 2, func(u *UnitOfWork) { u.Slots[1].Start = now }, "slot_closed"},
		"is refused before the drop":            {1, 2, func(u *UnitOfWork) { u.Slots[1].OpensAt = now.Add(time.Hour) }, "not_open_yet"},
		"is allowed from the drop on":           {1, 2, func(u *UnitOfWork) { u.Slots[1].OpensAt = now }, ""},
		"is refused twice on one slot":          {1, 1, func(u *UnitOfWork) { u.with(diner, Waiting, 1) }, "already_booked"},
		"is refused while another visit overlaps": {2, 1, func(u *UnitOfWork) {
			u.with(diner, Confirmed, 1)
			u.OfDiner[0].End = u.Slots[2].Start.Add(1)
		}, "overlap"},
		"may begin when another visit ends": {2, 1, func(u *UnitOfWork) {
			u.with(diner, Confirmed, 1)
			u.OfDiner[0].End = u.Slots[2].Start
		}, ""},
		"is refused beyond the limit of a diner": {1, 1, func(u *UnitOfWork) {
			for range MaxActive {
				u.OfDiner = append(u.OfDiner, Reservation{ID: uuid.New()})
			}
		}, "too_many_reservations"},
		"is allowed up to the limit of a diner": {1, 1, func(u *UnitOfWork) {
			for range MaxActive - 1 {
				u.OfDiner = append(u.OfDiner, Reservation{ID: uuid.New()})
			}
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			u := newUnit()
			c.change(u)
			b := Booking{CommandMeta: meta(now), ID: uuid.New(), SlotID: c.slot, Party: c.party}
			var kinds []string
			if c.reason == "" {
				kinds = []string{EventConfirmed}
			}
			r := apply(t, u, b.CommandMeta, b.Decide, c.reason, kinds...)
			if c.reason == "" && (r.Status != Confirmed || r.Version != 1 || r.ID != b.ID) {
				t.Errorf("got %+v", r)
			}
		})
	}
}
