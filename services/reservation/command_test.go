package reservation

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"jari.example/internal/fault"
	"jari.example/services/reservation/schedule"
)

// now is when the commands of these tests arrive; the slots start tomorrow.
var now = time.Date(2026, 12, 1, 3, 0, 0, 0, time.UTC)

// diner is whose commands they are, other somebody else.
var diner, other = uuid.MustParse("01900000-0000-7000-8000-000000000001"), uuid.MustParse("01900000-0000-7000-8000-000000000002")

// newUnit is a unit of work with two slots of 4 covers for parties of 1 to 4:
// slot 1 tomorrow, slot 2 two hours later.
func newUnit() *UnitOfWork {
	u := &UnitOfWork{Slots: map[SlotID]*Slot{}, Reservations: map[uuid.UUID]*Reservation{}, ClosedDates: map[string]bool{}}
	for i := range 2 {
		start := now.Add(24*time.Hour + time.Duration(i)*2*time.Hour)
		u.Slots[SlotID(i+1)] = &Slot{
			ID: SlotID(i + 1), RestaurantID: "mokran", Start: start, End: start.Add(90 * time.Minute), TimeZone: "Asia/Seoul",
			Party: schedule.PartySize{Min: 1, Max: 4}, Wanted: 4, Capacity: 4, CancelUntil: start.Add(-2 * time.Hour),
		}
	}
	return u
}

// with adds a reservation of whose on slot 1, and takes its covers.
func (u *UnitOfWork) with(whose uuid.UUID, status Status, party int) *Reservation {
	s := u.Slots[1]
	r := &Reservation{
		ID: uuid.New(), DinerID: whose, SlotID: s.ID, RestaurantID: s.RestaurantID, Start: s.Start, End: s.End,
		CancelUntil: s.CancelUntil, Party: party, Status: status, Version: 1, WaitlistOrder: int64(len(u.Reservations) + 1),
	}
	if status == Offered {
		r.OfferEndsAt = now.Add(time.Minute)
	}
	if status.HoldsCovers() {
		s.Booked += party
	}
	u.Reservations[r.ID] = r
	if whose == diner && status.Active() {
		u.OfDiner = append(u.OfDiner, *r)
	}
	return r
}

// meta is of a command that arrives at a time.
func meta(at time.Time) CommandMeta { return CommandMeta{DinerID: diner, EventID: uuid.New(), At: at} }

// apply runs decide on u and checks the reason of its fault, "" for success, and
// the kinds of the events.
func apply(
	t *testing.T, u *UnitOfWork, m CommandMeta, decide func(*UnitOfWork) (Reservation, error), reason string, kinds ...string,
) Reservation {
	t.Helper()
	r, err := Command{CommandMeta: m, Decide: decide}.Apply(u)
	if got := fault.ReasonOf(err); got != reason {
		t.Fatalf("reason %q (%v), want %q", got, err, reason)
	}
	if err != nil {
		return r
	}
	var got []string
	for _, e := range u.ChangeSet().Events {
		got = append(got, e.Kind)
	}
	if len(got) != len(kinds) {
		t.Fatalf("events %v, want %v", got, kinds)
	}
	for i := range got {
		if got[i] != kinds[i] {
			t.Fatalf("events %v, want %v", got, kinds)
		}
	}
	for _, s := range u.Slots {
		held := 0
		for _, r := range u.Reservations {
			if r.SlotID == s.ID && r.Status.HoldsCovers() {
				held += r.Party
			}
		}
		if s.Booked != held || s.Booked > s.Capacity {
			t.Fatalf("slot %d has %d booked of %d, its reservations hold %d", s.ID, s.Booked, s.Capacity, held)
		}
	}
	return r
}
