package model

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"jari.example/services/reservation"
	"jari.example/services/reservation/inmem"
)

// The negative controls: each store is wrong in a way that somebody could
// have programmed, and random scenarios must find it.
var wrongStores = map[string]struct {
	scenarios *rapid.Generator[Scenario]
	message   string // part of the error
	store     wrongStore
}{
	"free covers are not offered": {WaitlistScenarios, "free covers", wrongStore{
		afterDecide: func(u *reservation.UnitOfWork) { u.Now = endOfTime },
	}},
	"the last in the waitlist comes first": {WaitlistScenarios, "was passed over", wrongStore{
		afterDecide: func(u *reservation.UnitOfWork) {
			for _, list := range waitlists(u) {
				for _, r := range list {
					r.WaitlistOrder = -r.WaitlistOrder
				}
			}
		},
	}},
	"a large party blocks the waitlist": {WaitlistScenarios, "free covers", wrongStore{
		afterDecide: func(u *reservation.UnitOfWork) {
			for id, list := range waitlists(u) {
				for _, r := range list[1:] {
					if list[0].Party > u.Slots[id].Left() {
						delete(u.Reservations, r.ID)
					}
				}
			}
		},
	}},
	"an offer has no event": {WaitlistScenarios, "events none", wrongStore{
		event: func(e reservation.Event) (reservation.Event, bool) { return e, e.Kind != reservation.EventOffered },
	}},
	"a move has no previous visit": {WaitlistScenarios, "events " + reservation.EventMoved, wrongStore{
		event: func(e reservation.Event) (reservation.Event, bool) {
			e.Previous = nil
			return e, true
		},
	}},
	"a closure has no reason": {WaitlistScenarios, "events " + reservation.EventClosed, wrongStore{
		event: func(e reservation.Event) (reservation.Event, bool) {
			e.Reason = ""
			return e, true
		},
	}},
	"the counter loses covers": {WaitlistScenarios, "its reservations hold", wrongStore{afterDecide: loseACover}},
	"the capacity is too high": {WaitlistScenarios, "booked of", wrongStore{
		slot: func(s *reservation.Slot) { s.Capacity++ },
	}},
	"the version never changes": {WaitlistScenarios, "differs from the model", wrongStore{
		reservation: func(r *reservation.Reservation) { r.Version = 1 },
	}},
	"an offer lasts too long": {WaitlistScenarios, "an offer made", wrongStore{
		reservation: func(r *reservation.Reservation) {
			if r.Status == reservation.Offered {
				r.OfferEndsAt = r.OfferEndsAt.Add(time.Minute)
			}
		},
	}},
	"an offer outlasts the cut-off": {WaitlistScenarios, "differs from the model", wrongStore{
		reservation: func(r *reservation.Reservation) {
			if r.Status == reservation.Offered && r.OfferEndsAt.Equal(r.CancelUntil) {
				r.OfferEndsAt = r.OfferEndsAt.Add(time.Nanosecond)
			}
		},
	}},
	"two have the same position": {WaitlistScenarios, "waitlist position", wrongStore{
		reservation: func(r *reservation.Reservation) { r.Position = min(r.Position, 1) },
	}},
	"idempotency keys are not stored": {WaitlistScenarios, "replay of", wrongStore{
		command: func(c reservation.Command) reservation.Command {
			c.Key = ""
			return c
		},
	}},
	"a refused move loses the place in the waitlist": {WaitlistScenarios, "an unexpected change", wrongStore{
		afterRefusal: func(s Store, c reservation.Command) {
			if isMove := c.Op == "" && c.LimitsOf != uuid.Nil; isMove {
				leave := reservation.Cancellation{CommandMeta: c.CommandMeta, ID: c.ReservationID}
				_, _ = s.Execute(context.Background(), reservation.Command{CommandMeta: c.CommandMeta, Scope: c.Scope, Decide: leave.Leave})
			}
		},
	}},
	"slots are generated twice": {ScheduleScenarios, "slots and", wrongStore{
		beforeDecide: func(u *reservation.UnitOfWork) {
			if u.Schedule != nil {
				clear(u.Slots)
			}
		},
	}},
	"slots that the schedule drops stay open": {ScheduleScenarios, "differs from the model", wrongStore{
		afterDecide: func(u *reservation.UnitOfWork) {
			for _, s := range unwanted(u) {
				s.Wanted = s.Capacity
			}
		},
	}},
	"reservations keep the zone of an earlier schedule": {ScheduleScenarios, "differs from the model", wrongStore{
		reservation: func(r *reservation.Reservation) { r.TimeZone = "Asia/Seoul" },
	}},
	"a schedule edit cancels reservations": {ScheduleScenarios, "differs from the model", wrongStore{
		afterDecide: func(u *reservation.UnitOfWork) {
			if slots := unwanted(u); u.Schedule != nil && len(slots) == len(u.Slots) {
				u.CloseDay(reservation.Closure{Date: "2026-12-01", Open: true})
			}
		},
	}},
}

func loseACover(u *reservation.UnitOfWork) {
	for _, s := range u.Slots {
		s.Booked = max(0, s.Booked-1)
	}
}

func TestDetectsWrongStores(t *testing.T) {
	for name, c := range wrongStores {
		t.Run(name, func(t *testing.T) {
			var other error
			for seed := range 1000 {
				w := c.store
				w.Store = inmem.New()
				err := c.scenarios.Example(seed).Run(t.Context(), []Store{w}, nil)
				if err != nil && strings.Contains(err.Error(), c.message) {
					t.Logf("scenario %d: %v", seed, err)
					return
				}
				if other == nil {
					other = err
				}
			}
			t.Fatalf("no scenario fails with %q; first error: %v", c.message, other)
		})
	}
}

// Scenarios that never reach an offer would detect nothing about offers.
func TestScenariosReachEveryOperationAndEvent(t *testing.T) {
	coverage := Coverage{}
	for seed := range 300 {
		for _, generator := range []*rapid.Generator[Scenario]{WaitlistScenarios, ScheduleScenarios} {
			if err := generator.Example(seed).Run(t.Context(), []Store{inmem.New()}, coverage); err != nil {
				t.Fatal(err)
			}
		}
	}
	for op, refusals := range map[Op][]string{
		Book:          {ReasonSlotFull, ReasonOverlap, ReasonAlreadyBooked, ReasonNotOpenYet, ReasonSlotClosed},
		Join:          {ReasonSeatsAvailable},
		Move:          {ReasonSlotFull, ReasonNotMovable},
		Cancel:        {ReasonNotCancellable},
		Leave:         {"", ReasonNotWaiting},
		Accept:        {"", ReasonOfferExpired, ReasonNotOffered},
		Decline:       {""},
		Enter:         {"", ReasonSlotFull},
		Seat:          {"", ReasonNotSeatable},
		NoShow:        {"", ReasonNotNoShow},
		Undo:          {"", ReasonNotUndoable},
		CloseDay:      {""},
		ReopenDay:     {""},
		GenerateSlots: {""},
		EditSchedule:  {""},
		Replay:        {""},
		ReuseKey:      {""},
	} {
		for _, refusal := range refusals {
			wantCovered(t, coverage, string(op)+" "+refusal)
		}
	}
	for _, kind := range []string{
		reservation.EventConfirmed, reservation.EventMoved, reservation.EventCancelled, reservation.EventClosed, reservation.EventNoShow, reservation.EventUndone,
		reservation.EventJoined, reservation.EventChanged, reservation.EventOffered, reservation.EventDeclined,
		reservation.EventExpired, reservation.EventLeft,
	} {
		wantCovered(t, coverage, kind)
	}
	t.Log(coverage)
}

func wantCovered(t *testing.T, coverage Coverage, what string) {
	t.Helper()
	if coverage[what] < 3 {
		t.Errorf("%q happened %d times, want at least 3", what, coverage[what])
	}
}
