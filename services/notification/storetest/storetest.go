// Package storetest is the suite every store of events must pass.
package storetest

import (
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"jari.example/internal/secret"
	"jari.example/services/notification"
)

// Event is a valid one.
func Event() notification.Event {
	start := time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC)
	return notification.Event{
		ID: uuid.New(), Kind: notification.Confirmed, DinerID: uuid.New(), Words: secret.New("정전"),
		Previous:    notification.Before{Start: start.Add(-time.Hour), Party: 3},
		OccurredAt:  time.Now().UTC().Truncate(time.Microsecond),
		Traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
		Reservation: notification.Visit{
			ID: uuid.New(), RestaurantID: "mosu", SlotID: "42", Party: 2, TimeZone: "Asia/Seoul",
			Start: start, End: start.Add(90 * time.Minute), Note: secret.New("창가 자리"), Status: "confirmed",
			Version: 2, CancelUntil: start.Add(-2 * time.Hour), OfferEndsAt: start.Add(-3 * time.Hour), Position: 4,
		},
	}
}

// town is a store with a clock of its own.
type town struct {
	court
	notification.Store
	now time.Time
}

func (w *town) add(e notification.Event) notification.Event {
	w.Helper()
	if added, err := w.Add(w.Context(), e, w.now); err != nil || !added {
		w.Fatalf("add: %v, %v", added, err)
	}
	return e
}

// lease returns the ids of what was leased for a minute.
func (w *town) lease(n int) (ids []uuid.UUID) {
	w.Helper()
	jobs, err := w.Lease(w.Context(), n, w.now, w.now.Add(time.Minute))
	if err != nil {
		w.Fatal(err)
	}
	for _, j := range jobs {
		ids = append(ids, j.ID)
	}
	return ids
}

func (w *town) want(say string, got []uuid.UUID, want ...notification.Event) {
	w.Helper()
	ok := len(got) == len(want)
	for i := range want {
		ok = ok && got[i] == want[i].ID
	}
	if !ok {
		w.Errorf("%s: got %v, want %d events", say, got, len(want))
	}
}

func (w *town) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

var stories = map[string]func(*town){
	"an event comes out as it went in":                 asItWentIn,
	"the same event again is the same event":           again,
	"what is leased is nobody else's until it ends":    leased,
	"one reservation's mails keep their order":         ordered,
	"what is settled never comes again":                settled,
	"a postponed job comes when it is due":             postponed,
	"many postmen share the work and hand out no two":  shared,
	"what was sent cannot fail, what failed not leave": final,
	"an attempt is unknown until its outcome is told":  unknown,
	"who was not told last can be asked for":           failures,
	"what is long over is forgotten step by step":      sweeping,
	"what waits is counted":                            counted,
}

// Run runs the suite; open returns an empty store.
func Run(t *testing.T, open func(*testing.T) notification.Store) {
	for sentence, story := range stories {
		t.Run(sentence, func(t *testing.T) { story(newTown(t, open(t))) })
	}
}

func newTown(t court, s notification.Store) *town {
	return &town{t, s, time.Now().UTC().Truncate(time.Millisecond)}
}

func asItWentIn(w *town) {
	want := w.add(Event())
	jobs, err := w.Lease(w.Context(), 10, w.now, w.now.Add(time.Minute))
	if err != nil || len(jobs) != 1 {
		w.Fatal(jobs, err)
	}
	if jobs[0].Attempts != 1 || jobs[0].Unknown != 0 {
		w.Errorf("attempts %d, unknown %d; want the first", jobs[0].Attempts, jobs[0].Unknown)
	}
	if got, want := plain(jobs[0].Event), plain(want); got != want {
		w.Errorf("got %+v\nwant %+v", got, want)
	}
	bare := Event()
	bare.Previous, bare.Words = notification.Before{}, secret.String{}
	bare.Reservation.CancelUntil, bare.Reservation.OfferEndsAt = time.Time{}, time.Time{}
	w.add(bare)
	jobs, err = w.Lease(w.Context(), 10, w.now, w.now.Add(time.Minute))
	if err != nil || len(jobs) != 1 || plain(jobs[0].Event) != plain(bare) {
		w.Errorf("of what is not known: %+v, %v\nwant %+v", jobs, err, bare)
	}
}

// plain is an event that == compares: times in UTC, secrets revealed.
func plain(e notification.Event) (p struct {
	notification.Event
	note, words string
}) {
	v := &e.Reservation
	for _, at := range []*time.Time{&e.OccurredAt, &e.Previous.Start, &v.Start, &v.End, &v.CancelUntil, &v.OfferEndsAt} {
		*at = at.UTC()
	}
	p.note, p.words = v.Note.Reveal(), e.Words.Reveal()
	e.Words, v.Note = secret.String{}, secret.String{}
	p.Event = e
	return p
}

func again(w *town) {
	e := w.add(Event())
	if added, err := w.Add(w.Context(), e, w.now); added || err != nil {
		w.Errorf("added %v, %v", added, err)
	}
	w.want("leased", w.lease(10), e)
	w.must(w.Sent(w.Context(), e.ID, w.now))
	if added, err := w.Add(w.Context(), e, w.now); added || err != nil {
		w.Errorf("after it was sent: added %v, %v", added, err)
	}
	w.want("after it was sent", w.lease(10))
}

func leased(w *town) {
	a, b := w.add(Event()), w.add(Event())
	w.want("one of two", w.lease(1), a)
	w.want("the other", w.lease(10), b)
	w.want("none is left", w.lease(10))
	w.now = w.now.Add(61 * time.Second)
	w.want("when the leases have ended", w.lease(10), a, b)
}

func ordered(w *town) {
	first := w.add(Event())
	second := Event()
	second.Reservation.ID, second.Kind = first.Reservation.ID, notification.Cancelled
	w.add(second)
	w.want("the older one first", w.lease(10), first)
	w.want("the newer one waits", w.lease(10))
	w.must(w.Postpone(w.Context(), first.ID, w.now.Add(time.Hour), true))
	w.want("also while the older one is postponed", w.lease(10))
	w.must(w.Fail(w.Context(), first.ID, w.now, "refused"))
	w.want("until the older one is settled", w.lease(10), second)
}

func settled(w *town) {
	sent, failed := w.add(Event()), w.add(Event())
	w.must(w.Sent(w.Context(), sent.ID, w.now))
	w.must(w.Fail(w.Context(), failed.ID, w.now, "refused"))
	w.now = w.now.Add(time.Hour)
	w.want("an hour later", w.lease(10))
}

func postponed(w *town) {
	e := w.add(Event())
	w.lease(1)
	w.must(w.Postpone(w.Context(), e.ID, w.now.Add(5*time.Second), true))
	w.want("too early", w.lease(10))
	w.now = w.now.Add(5 * time.Second)
	jobs, err := w.Lease(w.Context(), 10, w.now, w.now.Add(time.Minute))
	if err != nil || len(jobs) != 1 || jobs[0].Attempts != 2 {
		w.Errorf("when it is due: %+v, %v", jobs, err)
	}
}

func shared(w *town) {
	const events, postmen = 60, 6
	for range events {
		w.add(Event())
	}
	var mu sync.Mutex
	var wg sync.WaitGroup
	times := map[uuid.UUID]int{}
	for range postmen {
		wg.Go(func() {
			for {
				jobs, err := w.Lease(w.Context(), 3, w.now, w.now.Add(time.Minute))
				if err != nil {
					w.Error(err)
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
			w.Errorf("%v was handed out %d times", id, n)
		}
	}
}

func final(w *town) {
	e := w.add(Event())
	w.must(w.Sent(w.Context(), e.ID, w.now))
	w.must(w.Fail(w.Context(), e.ID, w.now, "late"))
	w.must(w.Postpone(w.Context(), e.ID, w.now, true))
	w.want("afterwards", w.lease(10))
	w.must(w.Sent(w.Context(), uuid.New(), w.now)) // of somebody else's database
}

// attempt leases e once more and returns how many earlier attempts are unknown.
func (w *town) attempt(e notification.Event) int {
	w.Helper()
	jobs, err := w.Lease(w.Context(), 10, w.now, w.now.Add(time.Minute))
	if err != nil || len(jobs) != 1 || jobs[0].ID != e.ID {
		w.Fatalf("leased %v, %v", jobs, err)
	}
	return jobs[0].Unknown
}

func unknown(w *town) {
	e := w.add(Event())
	for i, c := range []struct {
		what string
		want int
		end  func()
	}{
		{"the first", 0, func() { w.must(w.Postpone(w.Context(), e.ID, w.now, true)) }},
		{"after one that did not leave", 0, func() { w.must(w.Postpone(w.Context(), e.ID, w.now, false)) }},
		{"after a lost answer", 1, func() { w.now = w.now.Add(time.Hour) }},
		{"after a postman's death", 2, func() { w.must(w.Postpone(w.Context(), e.ID, w.now, true)) }},
		{"after another that did not leave", 2, func() { w.must(w.Sent(w.Context(), e.ID, w.now)) }},
	} {
		if got := w.attempt(e); got != c.want {
			w.Errorf("attempt %d, %s: %d unknown, want %d", i+1, c.what, got, c.want)
		}
		c.end()
	}
	never := w.add(Event())
	w.must(w.Postpone(w.Context(), never.ID, w.now, true)) // nobody has begun
	if got := w.attempt(never); got != 0 {
		w.Errorf("never begun: %d unknown", got)
	}
}

func failures(w *town) {
	refused, reached, waiting, nobody := Event(), Event(), Event(), Event()
	again := func(e notification.Event) notification.Event {
		next := Event()
		next.Kind, next.Reservation.ID = notification.Cancelled, e.Reservation.ID
		return next
	}
	for _, e := range []notification.Event{refused, reached, waiting} {
		w.add(e)
		w.must(w.Fail(w.Context(), e.ID, w.now, notification.Refused))
	}
	w.add(again(reached))
	later := w.add(again(refused))
	for _, id := range w.lease(10) {
		if id == later.ID {
			w.must(w.Fail(w.Context(), id, w.now.Add(time.Second), notification.BadAddress))
			continue
		}
		w.must(w.Sent(w.Context(), id, w.now))
	}
	w.add(again(waiting)) // on its way: the last that is settled counts
	asked := []uuid.UUID{refused.Reservation.ID, reached.Reservation.ID, refused.Reservation.ID, nobody.Reservation.ID, waiting.Reservation.ID}
	found, err := w.Failures(w.Context(), asked)
	if err != nil || len(found) != 2 {
		w.Fatalf("found %+v, %v; want two", found, err)
	}
	for _, f := range found {
		f.At = f.At.UTC()
		want := notification.Failure{ReservationID: waiting.Reservation.ID, Kind: waiting.Kind, Reason: notification.Refused, At: w.now}
		if f.ReservationID == refused.Reservation.ID {
			want = notification.Failure{ReservationID: refused.Reservation.ID, Kind: notification.Cancelled, Reason: notification.BadAddress, At: w.now.Add(time.Second)}
		}
		if f != want {
			w.Errorf("found %+v, want %+v", f, want)
		}
	}
	if none, err := w.Failures(w.Context(), nil); err != nil || len(none) != 0 {
		w.Errorf("asked for nobody: %v, %v", none, err)
	}
}

func sweeping(w *town) {
	visit := func(end time.Time) notification.Event {
		e := Event()
		e.Reservation.Start, e.Reservation.End = end.Add(-time.Hour), end
		return w.add(e)
	}
	cut := w.now.Add(-time.Hour)
	old := []notification.Event{visit(cut.Add(-1 * time.Minute)), visit(cut.Add(-2 * time.Minute)), visit(cut.Add(-3 * time.Minute))}
	recent, young, pending := visit(cut.Add(time.Minute)), visit(cut.Add(-time.Minute)), visit(cut.Add(-time.Minute))
	for _, e := range append(old, recent) {
		w.must(w.Sent(w.Context(), e.ID, cut.Add(-time.Second)))
	}
	w.must(w.Fail(w.Context(), young.ID, cut, notification.Refused)) // settled only now
	for _, want := range []int{2, 1, 0} {
		if n, err := w.Sweep(w.Context(), cut, 2); err != nil || n != want {
			w.Fatalf("swept %d, %v; want %d", n, err, want)
		}
	}
	for _, e := range []notification.Event{recent, young, pending} {
		if added, err := w.Add(w.Context(), e, w.now); err != nil || added {
			w.Errorf("it was forgotten too early: %v", err)
		}
	}
	w.add(old[0])
}

func counted(w *town) {
	waits := func(want int, since time.Time) {
		w.Helper()
		b, err := w.Backlog(w.Context())
		w.must(err)
		if b.Waiting != want || !b.Oldest.Equal(since) {
			w.Errorf("%+v wait, want %d since %s", b, want, since)
		}
	}
	waits(0, time.Time{})
	began := w.now
	first := w.add(Event())
	w.now = w.now.Add(time.Minute)
	second := w.add(Event())
	w.lease(1)
	waits(2, began)
	w.must(w.Sent(w.Context(), first.ID, w.now))
	waits(1, w.now)
	w.must(w.Fail(w.Context(), second.ID, w.now, notification.TooLate))
	waits(0, time.Time{})
}
