// Package storetest is the test suite of event stores.
package storetest

import (
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"jari.example/internal/backlog"
	"jari.example/internal/secret"
	"jari.example/services/notification"
)

// Event returns a valid event.
func Event() notification.Event {
	start := time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC)
	return notification.Event{
		ID: uuid.New(), Kind: notification.Confirmed, DinerID: uuid.New(), ClosureReason: secret.New("정전"),
		Previous:    notification.PreviousState{Start: start.Add(-time.Hour), Party: 3},
		OccurredAt:  time.Now().UTC().Truncate(time.Microsecond),
		Traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
		Reservation: notification.ReservationState{
			ID: uuid.New(), RestaurantID: "mosu", SlotID: "42", Party: 2, TimeZone: "Asia/Seoul",
			Start: start, End: start.Add(90 * time.Minute), Note: secret.New("창가 자리"), Status: "confirmed",
			Version: 2, CancelUntil: start.Add(-2 * time.Hour), OfferEndsAt: start.Add(-3 * time.Hour), Position: 4,
		},
	}
}

// fixture is a store with a clock of its own.
type fixture struct {
	testingT
	notification.Store
	now time.Time
}

func (f *fixture) add(e notification.Event) notification.Event {
	f.Helper()
	if added, err := f.Add(f.Context(), e, f.now); err != nil || !added {
		f.Fatalf("add: %v, %v", added, err)
	}
	return e
}

// lease leases up to n jobs for a minute and returns their ids.
func (f *fixture) lease(n int) (ids []uuid.UUID) {
	f.Helper()
	jobs, err := f.Lease(f.Context(), n, f.now, f.now.Add(time.Minute))
	if err != nil {
		f.Fatal(err)
	}
	for _, j := range jobs {
		ids = append(ids, j.ID)
	}
	return ids
}

func (f *fixture) want(step string, got []uuid.UUID, want ...notification.Event) {
	f.Helper()
	ok := len(got) == len(want)
	for i := range want {
		ok = ok && got[i] == want[i].ID
	}
	if !ok {
		f.Errorf("%s: got %v, want %d events", step, got, len(want))
	}
}

func (f *fixture) must(err error) {
	f.Helper()
	if err != nil {
		f.Fatal(err)
	}
}

var cases = map[string]func(*fixture){
	"returns an event as it was added":                 unchanged,
	"ignores a duplicate event":                        duplicate,
	"leases a job once until the lease ends":           leased,
	"keeps the order of a reservation's jobs":          ordered,
	"leases an offer before older jobs":                urgentFirst,
	"leases what an offer waits for before older jobs": urgentWithOlder,
	"leases what is due for longest first":             longestDue,
	"never leases a completed job":                     completed,
	"leases a postponed job when it is due":            postponed,
	"gives each job to one of many workers":            shared,
	"keeps the outcome of a completed job":             final,
	"counts an attempt as unknown until its outcome":   unknown,
	"returns reservations whose last mail failed":      failures,
	"sweeps old events in batches":                     sweeping,
	"counts the backlog":                               counted,
	"the mail about a no-show waits":                   noShowWaits,
	"withdraws the mails of a no-show that is undone":  withdrawn,
}

// Run runs the suite; open returns an empty store.
func Run(t *testing.T, open func(*testing.T) notification.Store) {
	for name, test := range cases {
		t.Run(name, func(t *testing.T) { test(newFixture(t, open(t))) })
	}
}

func newFixture(t testingT, s notification.Store) *fixture {
	return &fixture{t, s, time.Now().UTC().Truncate(time.Millisecond)}
}

func unchanged(f *fixture) {
	want := f.add(Event())
	jobs, err := f.Lease(f.Context(), 10, f.now, f.now.Add(time.Minute))
	if err != nil || len(jobs) != 1 {
		f.Fatal(jobs, err)
	}
	if jobs[0].Attempts != 1 || jobs[0].Unknown != 0 {
		f.Errorf("attempts %d, unknown %d; want the first", jobs[0].Attempts, jobs[0].Unknown)
	}
	if got, want := plain(jobs[0].Event), plain(want); got != want {
		f.Errorf("got %+v\nwant %+v", got, want)
	}
	bare := Event()
	bare.Previous, bare.ClosureReason = notification.PreviousState{}, secret.String{}
	bare.Reservation.CancelUntil, bare.Reservation.OfferEndsAt = time.Time{}, time.Time{}
	f.add(bare)
	jobs, err = f.Lease(f.Context(), 10, f.now, f.now.Add(time.Minute))
	if err != nil || len(jobs) != 1 || plain(jobs[0].Event) != plain(bare) {
		f.Errorf("with unknown values: %+v, %v\nwant %+v", jobs, err, bare)
	}
}

// plain returns an event that can be compared with ==: times in UTC, secrets
// revealed.
func plain(e notification.Event) (p struct {
	notification.Event
	note, words string
}) {
	v := &e.Reservation
	for _, at := range []*time.Time{&e.OccurredAt, &e.Previous.Start, &v.Start, &v.End, &v.CancelUntil, &v.OfferEndsAt} {
		*at = at.UTC()
	}
	p.note, p.words = v.Note.Reveal(), e.ClosureReason.Reveal()
	e.ClosureReason, v.Note = secret.String{}, secret.String{}
	p.Event = e
	return p
}

func duplicate(f *fixture) {
	e := f.add(Event())
	if added, err := f.Add(f.Context(), e, f.now); added || err != nil {
		f.Errorf("added %v, %v", added, err)
	}
	f.want("leased", f.lease(10), e)
	f.must(f.Sent(f.Context(), e.ID, f.now))
	if added, err := f.Add(f.Context(), e, f.now); added || err != nil {
		f.Errorf("after it was sent: added %v, %v", added, err)
	}
	f.want("after it was sent", f.lease(10))
}

func leased(f *fixture) {
	a, b := f.add(Event()), f.add(Event())
	f.want("one of two", f.lease(1), a)
	f.want("the other", f.lease(10), b)
	f.want("no job is left", f.lease(10))
	f.now = f.now.Add(61 * time.Second)
	f.want("after the leases have ended", f.lease(10), a, b)
}

func ordered(f *fixture) {
	first := f.add(Event())
	second := Event()
	second.Reservation.ID, second.Kind = first.Reservation.ID, notification.Cancelled
	f.add(second)
	f.want("the older one first", f.lease(10), first)
	f.want("the newer one waits", f.lease(10))
	f.must(f.Postpone(f.Context(), first.ID, f.now.Add(time.Hour), true))
	f.want("while the older one is postponed", f.lease(10))
	f.must(f.Fail(f.Context(), first.ID, f.now, "refused"))
	f.want("after the older one is completed", f.lease(10), second)
}

func completed(f *fixture) {
	sent, failed := f.add(Event()), f.add(Event())
	f.must(f.Sent(f.Context(), sent.ID, f.now))
	f.must(f.Fail(f.Context(), failed.ID, f.now, "refused"))
	f.now = f.now.Add(time.Hour)
	f.want("an hour later", f.lease(10))
}

func postponed(f *fixture) {
	e := f.add(Event())
	f.lease(1)
	f.must(f.Postpone(f.Context(), e.ID, f.now.Add(5*time.Second), true))
	f.want("too early", f.lease(10))
	f.now = f.now.Add(5 * time.Second)
	jobs, err := f.Lease(f.Context(), 10, f.now, f.now.Add(time.Minute))
	if err != nil || len(jobs) != 1 || jobs[0].Attempts != 2 {
		f.Errorf("when it is due: %+v, %v", jobs, err)
	}
}

func shared(f *fixture) {
	const events, workers = 60, 6
	for range events {
		f.add(Event())
	}
	var mu sync.Mutex
	var wg sync.WaitGroup
	times := map[uuid.UUID]int{}
	for range workers {
		wg.Go(func() {
			for {
				jobs, err := f.Lease(f.Context(), 3, f.now, f.now.Add(time.Minute))
				if err != nil {
					f.Error(err)
					return
				}
				mu.Lock()
				for _, j := range jobs {
					times[j.ID]++
				}
				got := len(times)
				mu.Unlock()
				if len(jobs) == 0 && got == events {
					return
				}
			}
		})
	}
	wg.Wait()
	for id, n := range times {
		if n != 1 {
			f.Errorf("%v was leased %d times", id, n)
		}
	}
}

func final(f *fixture) {
	e := f.add(Event())
	f.must(f.Sent(f.Context(), e.ID, f.now))
	f.must(f.Fail(f.Context(), e.ID, f.now, "late"))
	f.must(f.Postpone(f.Context(), e.ID, f.now, true))
	f.want("afterwards", f.lease(10))
	f.must(f.Sent(f.Context(), uuid.New(), f.now)) // an unknown id
}

// attempt leases e again and returns how many earlier attempts have an unknown
// outcome.
func (f *fixture) attempt(e notification.Event) int {
	f.Helper()
	jobs, err := f.Lease(f.Context(), 10, f.now, f.now.Add(time.Minute))
	if err != nil || len(jobs) != 1 || jobs[0].ID != e.ID {
		f.Fatalf("leased %v, %v", jobs, err)
	}
	return jobs[0].Unknown
}

func unknown(f *fixture) {
	e := f.add(Event())
	for i, c := range []struct {
		name string
		want int
		end  func()
	}{
		{"the first", 0, func() { f.must(f.Postpone(f.Context(), e.ID, f.now, true)) }},
		{"after one that was not sent", 0, func() { f.must(f.Postpone(f.Context(), e.ID, f.now, false)) }},
		{"after a lost response", 1, func() { f.now = f.now.Add(time.Hour) }},
		{"after a worker died", 2, func() { f.must(f.Postpone(f.Context(), e.ID, f.now, true)) }},
		{"after another that was not sent", 2, func() { f.must(f.Sent(f.Context(), e.ID, f.now)) }},
	} {
		if got := f.attempt(e); got != c.want {
			f.Errorf("attempt %d, %s: %d unknown, want %d", i+1, c.name, got, c.want)
		}
		c.end()
	}
	never := f.add(Event())
	f.must(f.Postpone(f.Context(), never.ID, f.now, true)) // no attempt has started
	if got := f.attempt(never); got != 0 {
		f.Errorf("without an attempt: %d unknown", got)
	}
}

func failures(f *fixture) {
	refused, reached, waiting, nobody := Event(), Event(), Event(), Event()
	again := func(e notification.Event) notification.Event {
		next := Event()
		next.Kind, next.Reservation.ID = notification.Cancelled, e.Reservation.ID
		return next
	}
	for _, e := range []notification.Event{refused, reached, waiting} {
		f.add(e)
		f.must(f.Fail(f.Context(), e.ID, f.now, notification.Refused))
	}
	f.add(again(reached))
	later := f.add(again(refused))
	for _, id := range f.lease(10) {
		if id == later.ID {
			f.must(f.Fail(f.Context(), id, f.now.Add(time.Second), notification.BadAddress))
			continue
		}
		f.must(f.Sent(f.Context(), id, f.now))
	}
	f.add(again(waiting)) // not completed yet: the completed one counts
	ids := []uuid.UUID{refused.Reservation.ID, reached.Reservation.ID, refused.Reservation.ID, nobody.Reservation.ID,
		waiting.Reservation.ID}
	found, err := f.Failures(f.Context(), ids)
	if err != nil || len(found) != 2 {
		f.Fatalf("found %+v, %v; want two", found, err)
	}
	for _, got := range found {
		got.At = got.At.UTC()
		want := notification.Failure{ReservationID: waiting.Reservation.ID, Kind: waiting.Kind, Reason: notification.Refused, At: f.now}
		if got.ReservationID == refused.Reservation.ID {
			want = notification.Failure{ReservationID: refused.Reservation.ID, Kind: notification.Cancelled,
				Reason: notification.BadAddress, At: f.now.Add(time.Second)}
		}
		if got != want {
			f.Errorf("found %+v, want %+v", got, want)
		}
	}
	if none, err := f.Failures(f.Context(), nil); err != nil || len(none) != 0 {
		f.Errorf("for no reservations: %v, %v", none, err)
	}
}

func sweeping(f *fixture) {
	visit := func(end time.Time) notification.Event {
		e := Event()
		e.Reservation.Start, e.Reservation.End = end.Add(-time.Hour), end
		return f.add(e)
	}
	cut := f.now.Add(-time.Hour)
	old := []notification.Event{visit(cut.Add(-1 * time.Minute)), visit(cut.Add(-2 * time.Minute)), visit(cut.Add(-3 * time.Minute))}
	recent, young, pending := visit(cut.Add(time.Minute)), visit(cut.Add(-time.Minute)), visit(cut.Add(-time.Minute))
	for _, e := range append(old, recent) {
		f.must(f.Sent(f.Context(), e.ID, cut.Add(-time.Second)))
	}
	f.must(f.Fail(f.Context(), young.ID, cut, notification.Refused)) // completed too recently
	for _, want := range []int{2, 1, 0} {
		if n, err := f.Sweep(f.Context(), cut, 2); err != nil || n != want {
			f.Fatalf("swept %d, %v; want %d", n, err, want)
		}
	}
	for _, e := range []notification.Event{recent, young, pending} {
		if added, err := f.Add(f.Context(), e, f.now); err != nil || added {
			f.Errorf("it was deleted too early: %v", err)
		}
	}
	f.add(old[0])
}

func counted(f *fixture) {
	waits := func(want int, since time.Time) {
		f.Helper()
		b, err := f.Backlog(f.Context())
		f.must(err)
		if b.Waiting != want || !b.Oldest.Equal(since) {
			f.Errorf("backlog %+v, want %d since %s", b, want, since)
		}
	}
	waits(0, time.Time{})
	urgent, err := f.UrgentBacklog(f.Context())
	if f.must(err); urgent != (backlog.Backlog{}) {
		f.Errorf("urgent in an empty store: %+v", urgent)
	}
	began := f.now
	first := f.add(Event())
	f.now = f.now.Add(time.Minute)
	second := f.add(Event())
	f.lease(1)
	waits(2, began)
	f.must(f.Sent(f.Context(), first.ID, f.now))
	waits(1, f.now)
	f.must(f.Fail(f.Context(), second.ID, f.now, notification.TooLate))
	waits(0, time.Time{})
}
