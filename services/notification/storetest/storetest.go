// Package storetest is the suite every store of events must pass.
package storetest

import (
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"jari.example/services/notification"
	"jari.example/telemetry"
)

// Event is a valid one.
func Event() notification.Event {
	return notification.Event{
		ID: uuid.New(), Kind: notification.Confirmed, DinerID: uuid.New(),
		OccurredAt:  time.Now().UTC().Truncate(time.Microsecond),
		Traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
		Reservation: notification.Visit{
			ID: uuid.New(), RestaurantID: "mosu", SlotID: "42", Party: 2, TimeZone: "Asia/Seoul",
			Start: time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC), Note: telemetry.NewSecret("창가 자리"),
		},
	}
}

// town is a store with a clock of its own.
type town struct {
	*testing.T
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

// Run runs the suite; open returns an empty store.
func Run(t *testing.T, open func(*testing.T) notification.Store) {
	for sentence, story := range map[string]func(*town){
		"an event comes out as it went in":                 asItWentIn,
		"the same event again is the same event":           again,
		"what is leased is nobody else's until it ends":    leased,
		"one reservation's mails keep their order":         ordered,
		"what is settled never comes again":                settled,
		"a postponed job comes when it is due":             postponed,
		"many postmen share the work and hand out no two":  shared,
		"what was sent cannot fail, what failed not leave": final,
	} {
		t.Run(sentence, func(t *testing.T) {
			story(&town{t, open(t), time.Now().UTC().Truncate(time.Millisecond)})
		})
	}
}

func asItWentIn(w *town) {
	want := w.add(Event())
	jobs, err := w.Lease(w.Context(), 10, w.now, w.now.Add(time.Minute))
	if err != nil || len(jobs) != 1 {
		w.Fatal(jobs, err)
	}
	got := jobs[0]
	if got.Attempts != 1 {
		w.Errorf("attempts %d, want 1", got.Attempts)
	}
	if !got.OccurredAt.Equal(want.OccurredAt) || !got.Reservation.Start.Equal(want.Reservation.Start) {
		w.Errorf("times %v and %v", got.OccurredAt, got.Reservation.Start)
	}
	if got.Reservation.Note.Reveal() != want.Reservation.Note.Reveal() {
		w.Errorf("note %q", got.Reservation.Note.Reveal())
	}
	got.OccurredAt, got.Reservation.Start, got.Reservation.Note = want.OccurredAt, want.Reservation.Start, want.Reservation.Note
	if got.Event != want {
		w.Errorf("got %+v, want %+v", got.Event, want)
	}
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
	w.must(w.Postpone(w.Context(), first.ID, w.now.Add(time.Hour)))
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
	w.must(w.Postpone(w.Context(), e.ID, w.now.Add(5*time.Second)))
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
	w.must(w.Postpone(w.Context(), e.ID, w.now))
	w.want("afterwards", w.lease(10))
	w.must(w.Sent(w.Context(), uuid.New(), w.now)) // of somebody else's database
}
