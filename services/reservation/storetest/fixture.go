package storetest

import (
	"crypto/sha256"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"jari.example/internal/fault"
	"jari.example/services/reservation"
	"jari.example/services/reservation/schedule"
	"jari.example/services/reservation/storetest/model"
)

// Every slot of a fixture has these.
const (
	timeZone  = "Asia/Seoul"
	covers    = 20
	maxParty  = 6
	dining    = 90 * time.Minute
	cutOff    = 2 * time.Hour
	slotCount = 24
)

// fixture is one restaurant with slots an hour apart, the first of them
// tomorrow.
type fixture struct {
	t          *testing.T
	restaurant string
	store      Store
	now        time.Time
	starts     []time.Time
	schedule   schedule.Schedule
	slots      []reservation.Slot
}

func newFixture(t *testing.T, s Store) *fixture { return newFixtureAt(t, s, "mokran") }

func newFixtureAt(t *testing.T, s Store, restaurant string) *fixture {
	f := &fixture{t: t, restaurant: restaurant, store: s, now: time.Now().UTC().Truncate(time.Microsecond)}
	first := f.now.Add(24 * time.Hour).Truncate(time.Hour)
	for i := range slotCount {
		f.starts = append(f.starts, first.Add(time.Duration(i)*time.Hour))
	}
	f.setCovers(covers)
	f.slots = f.slotsFor(1)
	if len(f.slots) != len(f.starts) {
		t.Fatalf("%d slots with free covers, want %d", len(f.slots), len(f.starts))
	}
	return f
}

// setCovers sets the schedule, with so many covers in each slot.
func (f *fixture) setCovers(n int) {
	f.t.Helper()
	f.schedule = schedule.Schedule{
		TimeZone: timeZone, Covers: n, IntervalMinutes: 60, DaysAhead: 2,
		Party: schedule.PartySize{Min: 1, Max: maxParty},
	}
	var want []reservation.Slot
	for _, start := range f.starts {
		want = append(want, reservation.Slot{
			RestaurantID: f.restaurant, Start: start, End: start.Add(dining), TimeZone: timeZone, Party: f.schedule.Party,
			Wanted: n, Capacity: n, CancelUntil: start.Add(-cutOff),
		})
	}
	f.setSlots(want)
}

// setSlots stores the fixture's schedule with exactly these slots.
func (f *fixture) setSlots(want []reservation.Slot) {
	f.t.Helper()
	f.mustExecute(reservation.Command{
		CommandMeta: f.meta(uuid.Nil, ""),
		Scope: reservation.Scope{Period: reservation.Period{
			RestaurantID: f.restaurant, From: f.now, To: f.now.AddDate(1, 0, 0),
		}},
		Decide: func(u *reservation.UnitOfWork) (reservation.Reservation, error) {
			u.SetSchedule(f.schedule, want)
			return reservation.Reservation{}, nil
		},
	})
}

// slotsFor lists the slots that a party can book.
func (f *fixture) slotsFor(party int) []reservation.Slot {
	f.t.Helper()
	slots, err := f.store.Slots(f.t.Context(), []string{f.restaurant}, f.starts[0], f.starts[len(f.starts)-1].Add(time.Second))
	f.must(err)
	return slices.DeleteFunc(slots, func(s reservation.Slot) bool {
		return s.Left() < party || party < s.Party.Min || party > s.Party.Max
	})
}

// coversLeft is what can be booked of the i-th slot.
func (f *fixture) coversLeft(i int) int {
	f.t.Helper()
	for _, s := range f.slotsFor(1) {
		if s.ID == f.slots[i].ID {
			return s.Left()
		}
	}
	return 0
}

// meta is that of a request by a diner or an owner, with an event id of its own.
func (f *fixture) meta(diner uuid.UUID, key string) reservation.CommandMeta {
	return reservation.CommandMeta{
		DinerID: diner, Key: key, RequestHash: hash(""), EventID: uuid.New(), At: f.now,
		Traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
	}
}

func hash(body string) []byte {
	h := sha256.Sum256([]byte(body))
	return h[:]
}

func (f *fixture) must(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

// wantStatus checks the state of a booking and returns its reservation.
func (f *fixture) wantStatus(b reservation.Booking, status reservation.Status, position int) reservation.Reservation {
	f.t.Helper()
	r, err := f.store.Reservation(f.t.Context(), b.DinerID, b.ID)
	f.must(err)
	if r.Status != status || r.Position != position {
		f.t.Fatalf("%s at position %d, want %s at %d", r.Status, r.Position, status, position)
	}
	return r
}

// wantCleanAudit checks every slot's counter by the store's audit.
func (f *fixture) wantCleanAudit() {
	f.t.Helper()
	a, err := f.store.Audit(f.t.Context(), f.now)
	f.must(err)
	if a.Slots != len(f.slots) || len(a.Mismatches) > 0 {
		f.t.Errorf("audit: %+v, want %d slots without a mismatch", a, len(f.slots))
	}
}

func wantReason(t *testing.T, err error, reason string) {
	t.Helper()
	if got := fault.ReasonOf(err); got != reason {
		t.Fatalf("reason %q (%v), want %q", got, err, reason)
	}
}

// equal compares two reservations, their notes and guest names revealed.
func equal(a, b reservation.Reservation) bool { return model.Equal(a, b) }
