package reservation_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"jari.example/internal/fault"
	"jari.example/services/reservation"
	"jari.example/services/reservation/inmem"
	"jari.example/services/reservation/schedule"
)

// What availability offers is what the commands do: a diner without reservations
// who is told to book is booked, who is told to wait waits, and for whom there is
// nothing is refused with the reason that was named.
func TestActionIsWhatTheCommandsDecide(t *testing.T) {
	seen := map[string]int{}
	want := []string{
		"book ", "wait ", "none not_open_yet", "none slot_closed", "none party_too_large", "none invalid_field",
	}
	missing := func(action string) bool { return seen[action] == 0 }
	for round := 0; round < 20 && (round == 0 || slices.ContainsFunc(want, missing)); round++ {
		rapid.Check(t, func(t *rapid.T) { checkAction(t, seen) })
	}
	if slices.ContainsFunc(want, missing) {
		t.Errorf("the test has tried only %v, want %q", seen, want)
	}
}

// checkAction compares the action for one slot at one time with the commands, and
// counts it in seen.
func checkAction(t *rapid.T, seen map[string]int) {
	now := time.Date(2026, 12, 1, 3, 0, 0, 0, time.UTC)
	near := rapid.SampledFrom([]time.Duration{-time.Hour, -time.Microsecond, 0, time.Microsecond, time.Hour, 3 * time.Hour})
	slot := reservation.Slot{
		RestaurantID: "mokran", TimeZone: "Asia/Seoul", Start: now.Add(2 * time.Hour), End: now.Add(4 * time.Hour),
		Party: schedule.PartySize{Min: rapid.IntRange(1, 2).Draw(t, "smallest"), Max: rapid.IntRange(2, 8).Draw(t, "largest")},
	}
	slot.Wanted = rapid.IntRange(1, 8).Draw(t, "covers")
	slot.Capacity, slot.CancelUntil = slot.Wanted, slot.Start.Add(-near.Draw(t, "cut-off"))
	store := inmem.New()
	execute := func(c reservation.Command) error {
		_, err := store.Execute(t.Context(), c)
		return err
	}
	setSlots := func(at time.Time, want ...reservation.Slot) {
		err := execute(reservation.Command{
			CommandMeta: reservation.CommandMeta{EventID: uuid.New(), At: at},
			Scope:       reservation.Scope{Period: reservation.SlotsFrom("mokran", at)},
			Decide: func(u *reservation.UnitOfWork) (reservation.Reservation, error) {
				u.ReconcileSlots(want)
				return reservation.Reservation{}, nil
			},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	booking := func(party int, at time.Time) reservation.Booking {
		return reservation.Booking{
			CommandMeta: reservation.CommandMeta{DinerID: uuid.New(), EventID: uuid.New(), At: at},
			ID:          uuid.New(), SlotID: 1, Party: party,
		}
	}
	join := func(b reservation.Booking) error {
		return execute(reservation.Command{
			CommandMeta: b.CommandMeta, Decide: b.Join,
			Scope: reservation.Scope{LimitsOf: b.DinerID, Slots: []reservation.SlotID{b.SlotID}},
		})
	}
	setSlots(now, slot)
	for range rapid.IntRange(0, 8).Draw(t, "others") { // as many as find seats
		_, _ = store.Book(t.Context(), booking(rapid.IntRange(1, 8).Draw(t, "party of another"), now))
	}
	if rapid.IntRange(0, 3).Draw(t, "owner changes the slot") == 0 {
		slot.Wanted = rapid.IntRange(0, 8).Draw(t, "covers then")
		slot.Capacity = slot.Wanted
		setSlots(now, slot)
	}
	at := []time.Time{now, slot.CancelUntil, now, slot.Start}[rapid.IntRange(0, 3).Draw(t, "moment")].Add(near.Draw(t, "later"))
	if rapid.Bool().Draw(t, "drop") {
		slot.OpensAt = at.Add(near.Draw(t, "opens"))
		setSlots(now, slot)
	}

	shown, err := store.Slots(t.Context(), []string{"mokran"}, now, now.AddDate(0, 0, 1))
	if err != nil || len(shown) != 1 {
		t.Fatal(shown, err)
	}
	b := booking(rapid.IntRange(1, 8).Draw(t, "party"), at)
	action, refusal := b.Action(&shown[0])
	reason := ""
	if refusal != nil {
		reason = fault.ReasonOf(refusal)
	}
	seen[string(action)+" "+reason]++
	if (action == reservation.ActionNone) != (refusal != nil) {
		t.Fatalf("action %s with reason %q", action, reason)
	}
	joined := join(b)
	if (joined == nil) != (action == reservation.ActionWait) || joined != nil && action == reservation.ActionNone &&
		fault.ReasonOf(joined) != reason {
		t.Fatalf("%s %s, but joining: %v", action, reason, joined)
	}
	if joined == nil {
		return // the diner waits now
	}
	_, booked := store.Book(t.Context(), b)
	if (booked == nil) != (action == reservation.ActionBook) {
		t.Fatalf("%s %s, but booking: %v", action, reason, booked)
	}
	if got := fault.ReasonOf(booked); booked != nil && got != reason && got != "slot_full" {
		t.Fatalf("%s %s, but booking is refused with %s", action, reason, got)
	}
}
