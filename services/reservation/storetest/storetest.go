// Package storetest is what every store of reservations must do, as one suite
// that each of them runs.
package storetest

import (
	"crypto/sha256"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"jari.example/internal/fault"
	"jari.example/internal/secret"
	"jari.example/services/reservation"
	"jari.example/services/reservation/jobs"
	"jari.example/services/reservation/outbox"
	"jari.example/services/reservation/schedule"
)

// Store is what the suite needs to see.
type Store interface {
	reservation.Store
	outbox.Store
	jobs.Store
}

// Run runs the suite; open returns an empty store.
func Run(t *testing.T, open func(t *testing.T) Store) {
	for name, test := range map[string]func(*testing.T, *world){
		"a booking takes covers and can be found":              booking,
		"each refusal has its reason":                          refusals,
		"limits of one diner":                                  limits,
		"a remembered key is answered before anything else":    replay,
		"a refusal is not remembered":                          refusalForgotten,
		"a cancellation gives the covers back":                 cancelling,
		"a schedule again changes nothing":                     scheduleAgain,
		"a schedule never drops a booked seat":                 shrinking,
		"free times fit the party":                             free,
		"lists go page by page, latest visit first":            listing,
		"the outbox keeps the order of each reservation":       outboxOrder,
		"nobody waits beside free seats":                       joining,
		"whatever frees covers offers them":                    offering,
		"an offer that runs out goes to the next":              expiring,
		"an offer is accepted once":                            accepting,
		"a move takes the new seats or changes nothing":        moving,
		"who waits and moves loses nothing":                    waitersMove,
		"who leaves lets the next one in":                      leaving,
		"a line ends":                                          lineEnds,
		"an owner cancels what the owner entered":              enteredCancelled,
		"relays at once lease each event once":                 leases,
		"a rush sells exactly what there is":                   rush,
		"a retry beside its original is never told full":       retries,
		"one diner at many doors gets one seat":                doubled,
		"cancels and bookings at once leave the counter right": churn,
		"one diner at many times at once keeps to the limits":  hoarding,
		"each visit is reminded of once":                       reminding,
		"old keys are swept step by step":                      sweeping,
		"slots long unmade are listed":                         unmade,
		"replicas that end offers at once make each one once":  expiringAtOnce,
		"the owner's day lists everybody":                      ownersDay,
		"visits to come and visits past":                       bothWays,
	} {
		t.Run(name, func(t *testing.T) { test(t, newWorld(t, open(t))) })
	}
}

// world is one restaurant with slots an hour apart, the first of them tomorrow.
type world struct {
	t      *testing.T
	house  string
	store  Store
	now    time.Time
	starts []time.Time
	plan   schedule.Schedule
	slots  []reservation.Slot
}

func newWorld(t *testing.T, s Store) *world { return newWorldAt(t, s, "mokran") }

func newWorldAt(t *testing.T, s Store, house string) *world {
	w := &world{t: t, house: house, store: s, now: time.Now().UTC().Truncate(time.Microsecond)}
	first := w.now.Add(24 * time.Hour).Truncate(time.Hour)
	for i := range 24 {
		w.starts = append(w.starts, first.Add(time.Duration(i)*time.Hour))
	}
	w.put(20)
	w.slots = w.free(1)
	if len(w.slots) != len(w.starts) {
		t.Fatalf("%d free slots, want %d", len(w.slots), len(w.starts))
	}
	return w
}

const (
	dining = 90 * time.Minute
	cutoff = 2 * time.Hour
)

// put states the schedule with so many covers per slot.
func (w *world) put(covers int) {
	w.t.Helper()
	w.plan = schedule.Schedule{
		TimeZone: "Asia/Seoul", Covers: covers, IntervalMinutes: 60, DaysAhead: 2,
		Party: schedule.PartySize{Min: 1, Max: 6},
	}
	var want []reservation.Slot
	for _, start := range w.starts {
		want = append(want, w.slot(start, covers))
	}
	w.arrange(want)
}

func (w *world) slot(start time.Time, covers int) reservation.Slot {
	return reservation.Slot{
		RestaurantID: w.house, Start: start, End: start.Add(dining), TimeZone: w.plan.TimeZone, Party: w.plan.Party,
		Wanted: covers, Capacity: covers, CancelUntil: start.Add(-cutoff),
	}
}

// arrange makes the plan the restaurant's, and want its slots.
func (w *world) arrange(want []reservation.Slot) {
	w.t.Helper()
	w.do(reservation.Command{
		CommandMeta: w.act(uuid.Nil, ""), Scope: reservation.Scope{Period: w.period()},
		Decide: func(d *reservation.UnitOfWork) (reservation.Reservation, error) {
			d.SetSchedule(w.plan, want)
			return reservation.Reservation{}, nil
		},
	})
}

func (w *world) period() reservation.Period {
	return reservation.Period{RestaurantID: w.house, From: w.now, To: w.now.AddDate(1, 0, 0)}
}

// do commits a change that must succeed.
func (w *world) do(c reservation.Command) reservation.Outcome {
	w.t.Helper()
	out, err := w.store.Execute(w.t.Context(), c)
	w.must(err)
	return out
}

func (w *world) cancel(c reservation.Cancellation) (reservation.Outcome, error) {
	return w.store.Execute(w.t.Context(), reservation.Command{
		CommandMeta: c.CommandMeta, Op: reservation.OpCancel, Scope: reservation.Scope{ReservationID: c.ID}, Decide: c.Decide,
	})
}

// free lists the slots with room for the party.
func (w *world) free(party int) []reservation.Slot {
	w.t.Helper()
	slots, err := w.store.Slots(w.t.Context(), []string{w.house}, w.starts[0], w.starts[len(w.starts)-1].Add(time.Second))
	w.must(err)
	return slices.DeleteFunc(slots, func(s reservation.Slot) bool {
		return s.Left() < party || party < s.Party.Min || party > s.Party.Max
	})
}

// left is what can be booked of the i-th slot.
func (w *world) left(i int) int {
	w.t.Helper()
	for _, s := range w.free(1) {
		if s.ID == w.slots[i].ID {
			return s.Left()
		}
	}
	return 0
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// wants is a booking of the i-th slot by a diner, under a key of its own.
func (w *world) wants(i int, diner uuid.UUID, party int) reservation.Booking {
	b := reservation.Booking{
		CommandMeta: w.act(diner, uuid.NewString()),
		ID:          uuid.Must(uuid.NewV7()), SlotID: w.slots[i].ID, Party: party, Note: secret.New("창가 자리"),
	}
	b.RequestHash = sum(b.SlotID.String())
	return b
}

// same compares what a and b hold, their notes revealed.
func same(a, b reservation.Reservation) bool {
	if a.Note.Reveal() != b.Note.Reveal() || a.Guest.Name.Reveal() != b.Guest.Name.Reveal() {
		return false
	}
	a.Note, a.Guest = b.Note, b.Guest
	return a == b
}

func (w *world) gives(id, diner uuid.UUID) reservation.Cancellation {
	c := reservation.Cancellation{CommandMeta: w.act(diner, uuid.NewString()), ID: id}
	c.RequestHash = sum(id.String())
	return c
}

func (w *world) act(diner uuid.UUID, key string) reservation.CommandMeta {
	return reservation.CommandMeta{
		DinerID: diner, Key: key, RequestHash: sum(""), EventID: uuid.New(), At: w.now,
		Traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
	}
}

// books books and must succeed.
func (w *world) books(b reservation.Booking) reservation.Outcome {
	w.t.Helper()
	out, err := w.store.Book(w.t.Context(), b)
	w.must(err)
	return out
}

func wantReason(t *testing.T, err error, reason string) {
	t.Helper()
	if got := fault.ReasonOf(err); got != reason {
		t.Fatalf("reason %q (%v), want %q", got, err, reason)
	}
}

func sum(s string) []byte {
	h := sha256.Sum256([]byte(s))
	return h[:]
}
