package model

import (
	"context"
	"slices"
	"time"

	"jari.example/services/reservation"
	"jari.example/services/reservation/inmem"
)

// wrongStore is a store with one fault. Each function, where it is not nil,
// spoils one thing that passes through the store.
type wrongStore struct {
	*inmem.Store
	beforeDecide func(*reservation.UnitOfWork)
	afterDecide  func(*reservation.UnitOfWork) // before free covers are offered
	command      func(reservation.Command) reservation.Command
	afterRefusal func(Store, reservation.Command)
	event        func(reservation.Event) (_ reservation.Event, deliver bool)
	reservation  func(*reservation.Reservation)
	slot         func(*reservation.Slot)
}

func (w wrongStore) Execute(ctx context.Context, c reservation.Command) (reservation.Outcome, error) {
	decide := c.Decide
	c.Decide = func(u *reservation.UnitOfWork) (reservation.Reservation, error) {
		if w.beforeDecide != nil {
			w.beforeDecide(u)
		}
		r, err := decide(u)
		if err == nil && w.afterDecide != nil {
			w.afterDecide(u)
		}
		return r, err
	}
	if w.command != nil {
		c = w.command(c)
	}
	out, err := w.Store.Execute(ctx, c)
	if err != nil && w.afterRefusal != nil {
		w.afterRefusal(w.Store, c)
	}
	return out, err
}

func (w wrongStore) Lease(ctx context.Context, n int, now, until time.Time) (leased []reservation.Event, err error) {
	for {
		events, err := w.Store.Lease(ctx, n, now, until)
		if w.event == nil || len(events) == 0 {
			return events, err
		}
		for _, e := range events {
			if e, deliver := w.event(e); deliver {
				leased = append(leased, e)
			} else if err := w.Delivered(ctx, e.Seq); err != nil {
				return nil, err
			}
		}
		if len(leased) > 0 {
			return leased, nil
		}
	}
}

func (w wrongStore) Day(ctx context.Context, q reservation.DayQuery) ([]reservation.Reservation, error) {
	list, err := w.Store.Day(ctx, q)
	for i := range list {
		if w.reservation != nil {
			w.reservation(&list[i])
		}
	}
	return list, err
}

func (w wrongStore) Slots(ctx context.Context, restaurants []string, from, to time.Time) ([]reservation.Slot, error) {
	list, err := w.Store.Slots(ctx, restaurants, from, to)
	for i := range list {
		if w.slot != nil {
			w.slot(&list[i])
		}
	}
	return list, err
}

// waitlists are those of slots that have covers to offer, first come first.
func waitlists(u *reservation.UnitOfWork) map[reservation.SlotID][]*reservation.Reservation {
	lists := map[reservation.SlotID][]*reservation.Reservation{}
	for _, r := range u.Reservations {
		if r.Status == reservation.Waiting && u.Slots[r.SlotID].Left() > 0 {
			lists[r.SlotID] = append(lists[r.SlotID], r)
		}
	}
	for _, list := range lists {
		slices.SortFunc(list, func(a, b *reservation.Reservation) int { return int(a.WaitlistOrder - b.WaitlistOrder) })
	}
	return lists
}

// unwanted are the slots that the owner has closed.
func unwanted(u *reservation.UnitOfWork) (slots []*reservation.Slot) {
	for _, s := range u.Slots {
		if s.Wanted == 0 {
			slots = append(slots, s)
		}
	}
	return slots
}
