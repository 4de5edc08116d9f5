package storetest

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"jari.example/services/reservation"
	"jari.example/services/reservation/inmem"
)

// wrong is a store with one fault.
type wrong struct {
	*inmem.Store
	laid    func(*reservation.UnitOfWork)                         // before anything is decided
	decided func(*reservation.UnitOfWork)                         // before the desk settles
	asked   func(reservation.Command) reservation.Command         // before the store knows of it
	refused func(Store, reservation.Command)                      // after a refusal
	heard   func(reservation.Event) (_ reservation.Event, _ bool) // when the outbox gives it out
	shown   func(*reservation.Reservation)
	counted func(*reservation.Slot)
}

func (w wrong) Execute(ctx context.Context, c reservation.Command) (reservation.Outcome, error) {
	decide := c.Decide
	c.Decide = func(d *reservation.UnitOfWork) (reservation.Reservation, error) {
		if w.laid != nil {
			w.laid(d)
		}
		r, err := decide(d)
		if err == nil && w.decided != nil {
			w.decided(d)
		}
		return r, err
	}
	if w.asked != nil {
		c = w.asked(c)
	}
	out, err := w.Store.Execute(ctx, c)
	if err != nil && w.refused != nil {
		w.refused(w.Store, c)
	}
	return out, err
}

func (w wrong) Lease(ctx context.Context, n int, now, until time.Time) (told []reservation.Event, err error) {
	for {
		events, err := w.Store.Lease(ctx, n, now, until)
		if w.heard == nil || len(events) == 0 {
			return events, err
		}
		for _, e := range events {
			if e, ok := w.heard(e); ok {
				told = append(told, e)
			} else if err := w.Delivered(ctx, e.Seq); err != nil {
				return nil, err
			}
		}
		if len(told) > 0 {
			return told, nil
		}
	}
}

func (w wrong) Day(ctx context.Context, q reservation.DayQuery) ([]reservation.Reservation, error) {
	list, err := w.Store.Day(ctx, q)
	for i := range list {
		if w.shown != nil {
			w.shown(&list[i])
		}
	}
	return list, err
}

func (w wrong) Slots(ctx context.Context, restaurants []string, from, to time.Time) ([]reservation.Slot, error) {
	list, err := w.Store.Slots(ctx, restaurants, from, to)
	for i := range list {
		if w.counted != nil {
			w.counted(&list[i])
		}
	}
	return list, err
}

// lines are who waits for slots that have covers to offer, first come first.
func lines(d *reservation.UnitOfWork) map[reservation.SlotID][]*reservation.Reservation {
	all := map[reservation.SlotID][]*reservation.Reservation{}
	for _, r := range d.Reservations {
		if r.Status == reservation.Waiting && d.Slots[r.SlotID].Left() > 0 {
			all[r.SlotID] = append(all[r.SlotID], r)
		}
	}
	for _, line := range all {
		slices.SortFunc(line, func(a, b *reservation.Reservation) int { return int(a.WaitlistOrder - b.WaitlistOrder) })
	}
	return all
}

func unwanted(d *reservation.UnitOfWork) (slots []*reservation.Slot) {
	for _, s := range d.Slots {
		if s.Wanted == 0 {
			slots = append(slots, s)
		}
	}
	return slots
}

// The negative controls: each store is wrong in a way that somebody could have
// built, and the player must say so.
func TestPlayingConvicts(t *testing.T) {
	for name, c := range map[string]struct {
		scripts *rapid.Generator[script]
		says    string
		wrong
	}{
		"freed covers are not offered": {evenings, "free covers", wrong{decided: func(d *reservation.UnitOfWork) { d.Now = forever }}},
		"the last in line comes first": {evenings, "was passed over", wrong{decided: func(d *reservation.UnitOfWork) {
			for _, line := range lines(d) {
				for _, r := range line {
					r.WaitlistOrder = -r.WaitlistOrder
				}
			}
		}}},
		"a big party holds up the line": {evenings, "free covers", wrong{decided: func(d *reservation.UnitOfWork) {
			for id, line := range lines(d) {
				for _, r := range line[1:] {
					if line[0].Party > d.Slots[id].Left() {
						delete(d.Reservations, r.ID)
					}
				}
			}
		}}},
		"an offer is not told": {evenings, "told nothing", wrong{heard: func(e reservation.Event) (reservation.Event, bool) {
			return e, e.Kind != reservation.EventOffered
		}}},
		"nobody says what was moved": {evenings, "told reservation.moved", wrong{heard: func(e reservation.Event) (reservation.Event, bool) {
			e.Previous = nil
			return e, true
		}}},
		"a closing day gives no reason": {evenings, "told reservation.closed", wrong{heard: func(e reservation.Event) (reservation.Event, bool) {
			e.Reason = ""
			return e, true
		}}},
		"covers are lost": {evenings, "its claims say", wrong{decided: func(d *reservation.UnitOfWork) {
			for _, s := range d.Slots {
				s.Booked = max(0, s.Booked-1)
			}
		}}},
		"more is sold than there is": {evenings, "booked of", wrong{counted: func(s *reservation.Slot) { s.Capacity++ }}},
		"versions stand still":       {evenings, "not what it should be", wrong{shown: func(r *reservation.Reservation) { r.Version = 1 }}},
		"offers last too long": {evenings, "an offer made", wrong{shown: func(r *reservation.Reservation) {
			if r.Status == reservation.Offered {
				r.OfferEndsAt = r.OfferEndsAt.Add(time.Minute)
			}
		}}},
		"offers outlast the cut-off": {evenings, "not what it should be", wrong{shown: func(r *reservation.Reservation) {
			if r.Status == reservation.Offered && r.OfferEndsAt.Equal(r.CancelUntil) {
				r.OfferEndsAt = r.OfferEndsAt.Add(time.Nanosecond)
			}
		}}},
		"two stand in one place": {evenings, "in line", wrong{shown: func(r *reservation.Reservation) { r.Position = min(r.Position, 1) }}},
		"keys are forgotten": {evenings, "again: ", wrong{asked: func(c reservation.Command) reservation.Command {
			c.Key = ""
			return c
		}}},
		"who fails to move loses the place in line": {evenings, "changed what it should not", wrong{refused: func(s Store, c reservation.Command) {
			if c.Op == "" && c.LimitsOf != uuid.Nil {
				leave := reservation.Cancellation{CommandMeta: c.CommandMeta, ID: c.ReservationID}
				_, _ = s.Execute(context.Background(), reservation.Command{CommandMeta: c.CommandMeta, Scope: c.Scope, Decide: leave.Leave})
			}
		}}},
		"slots are made twice": {seasons, "slots and", wrong{laid: func(d *reservation.UnitOfWork) {
			if d.Schedule != nil {
				clear(d.Slots)
			}
		}}},
		"slots nobody wants stay open": {seasons, "not what it should be", wrong{decided: func(d *reservation.UnitOfWork) {
			for _, s := range unwanted(d) {
				s.Wanted = s.Capacity
			}
		}}},
		"an edit throws guests out": {seasons, "not what it should be", wrong{decided: func(d *reservation.UnitOfWork) {
			if slots := unwanted(d); d.Schedule != nil && len(slots) == len(d.Slots) {
				d.CloseDay(reservation.Closure{Date: "2026-12-01", Open: true})
			}
		}}},
	} {
		t.Run(name, func(t *testing.T) {
			var other error
			for seed := range 1000 {
				w := c.wrong
				w.Store = inmem.New()
				err := c.scripts.Example(seed).play(t.Context(), map[string]int{}, []Store{w})
				if err != nil && strings.Contains(err.Error(), c.says) {
					t.Logf("script %d: %v", seed, err)
					return
				}
				if other == nil {
					other = err
				}
			}
			t.Fatalf("nobody says %q, at most: %v", c.says, other)
		})
	}
}

// Scripts that never get to an offer would find nobody guilty.
func TestScriptsGetEverywhere(t *testing.T) {
	seen := map[string]int{}
	for seed := range 300 {
		for _, scripts := range []*rapid.Generator[script]{evenings, seasons} {
			if err := scripts.Example(seed).play(t.Context(), seen, []Store{inmem.New()}); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, what := range []string{
		"book slot_full", "book overlap", "book already_booked", "book not_open_yet", "book slot_closed", "join seats_available",
		"move slot_full", "move not_movable", "cancel not_cancellable", "leave not_waiting", "accept ", "accept offer_expired",
		"accept not_offered", "decline ", "leave ", "enter ", "enter slot_full", "seat ", "seat not_seatable", "no_show ", "no_show not_no_show",
		"close ", "reopen ", "make ", "edit ", "again ", "reuse ",
		reservation.EventConfirmed, reservation.EventMoved, reservation.EventCancelled, reservation.EventClosed, reservation.EventNoShow,
		reservation.EventJoined, reservation.EventChanged, reservation.EventOffered, reservation.EventDeclined,
		reservation.EventExpired, reservation.EventLeft,
	} {
		if seen[what] < 3 {
			t.Errorf("%q came about %d times", what, seen[what])
		}
	}
	t.Log(seen)
}

// The audit is worth nothing if it does not see a cover that was lost.
func TestTheAuditConvicts(t *testing.T) {
	s := wrong{Store: inmem.New(), decided: func(d *reservation.UnitOfWork) {
		for _, slot := range d.Slots {
			slot.Booked = max(0, slot.Booked-1)
		}
	}}
	w := newWorld(t, s)
	w.books(w.wants(0, uuid.New(), 4))
	gone := w.wants(0, uuid.New(), 4)
	w.books(gone)
	w.audited()
	_, err := w.cancel(w.gives(gone.ID, gone.DinerID))
	w.must(err)
	a, err := s.Audit(t.Context(), w.now)
	w.must(err)
	if len(a.Mismatches) != 1 || a.Mismatches[0].SlotID != w.slots[0].ID || a.Mismatches[0].Booked != 3 || a.Mismatches[0].Held != 4 {
		t.Fatalf("the audit says %+v", a)
	}
}
