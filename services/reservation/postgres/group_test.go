package postgres_test

import (
	"context"
	"fmt"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"jari.example/internal/fault"
	"jari.example/internal/postgres/postgrestest"
	"jari.example/services/reservation"
	"jari.example/services/reservation/postgres"
	"sync"
	"testing"
	"time"
)

// stage is a store with one slot, and somebody who can hold it.
type stage struct {
	*testing.T
	url     string
	store   *postgres.Store
	holder  *pgx.Conn
	watcher *pgx.Conn
}

func newStage(t *testing.T, covers int) *stage {
	url := postgrestest.Database(t)
	s := &stage{t, url, open(t, url), connect(t, url), connect(t, url)}
	makeSlots(t, url, 1, covers)
	return s
}

// hold locks the slot's row, as a slow change would; the returned function lets
// it go.
func (s *stage) hold() (release func()) {
	s.Helper()
	if _, err := s.holder.Exec(s.Context(), "BEGIN; SELECT FROM slots FOR NO KEY UPDATE"); err != nil {
		s.Fatal(err)
	}
	return sync.OnceFunc(func() {
		if _, err := s.holder.Exec(context.Background(), "COMMIT"); err != nil {
			s.Error(err)
		}
	})
}

// number reads one number.
func (s *stage) number(sql string) (n int) {
	s.Helper()
	if err := s.watcher.QueryRow(s.Context(), sql).Scan(&n); err != nil {
		s.Fatal(err)
	}
	return n
}

const waitingSQL = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"

// until waits for n statements that wait for the holder.
func (s *stage) until(n int) {
	s.Helper()
	for deadline := time.Now().Add(10 * time.Second); s.number(waitingSQL) != n; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			s.Fatalf("%d statements wait, want %d", s.number(waitingSQL), n)
		}
	}
}

// answered is what became of one booking.
type answered struct {
	reservation.Booking
	out reservation.Outcome
	err error
}

// send books without waiting for the answer.
func (s *stage) send(ctx context.Context, bookings ...reservation.Booking) <-chan answered {
	answers := make(chan answered, len(bookings))
	for _, b := range bookings {
		go func() {
			out, err := s.store.Book(ctx, b)
			answers <- answered{b, out, err}
		}()
	}
	return answers
}

func crowd(n, party int) (bookings []reservation.Booking) {
	for range n {
		bookings = append(bookings, someBooking(1, party))
	}
	return bookings
}

// busy holds the slot and lets one booking go alone and one in a group wait for
// it: whatever comes next stays in the queue.
func (s *stage) busy() (release func(), answers []<-chan answered) {
	s.Helper()
	release = s.hold()
	for n := range 2 {
		answers = append(answers, s.send(s.Context(), crowd(1, 1)...))
		s.until(n + 1)
	}
	return release, answers
}

func TestWhoLeavesTheQueueIsNotBooked(t *testing.T) {
	s := newStage(t, 100)
	release, sent := s.busy()
	ctx, leave := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer leave()
	leavers := crowd(40, 1)
	gone := s.send(ctx, leavers...)
	for range leavers {
		if a := <-gone; fault.CodeOf(a.err) != fault.Timeout {
			t.Errorf("gave up: %v", a.err)
		}
	}
	stays := s.send(t.Context(), crowd(1, 1)...)
	release()
	for _, answers := range append(sent, stays) {
		if a := <-answers; a.err != nil {
			t.Errorf("stayed: %v", a.err)
		}
	}
	if n := s.number("SELECT count(*) FROM reservations"); n != 3 {
		t.Errorf("%d bookings, want those of the 3 who stayed", n)
	}
	out, err := s.store.Book(t.Context(), leavers[0])
	if err != nil || out.Replayed {
		t.Errorf("who comes back with the same key gets %+v, %v", out, err)
	}
}

func TestAFullQueueSaysWhenToComeBack(t *testing.T) {
	s := newStage(t, 10_000)
	release, sent := s.busy()
	defer release()
	const queue, more = 1024, 10
	answers := s.send(t.Context(), crowd(queue+more, 1)...)
	for range more {
		a := <-answers
		f := fault.Of(a.err)
		if f == nil || f.Code != fault.Unavailable || f.Reason != "overloaded" || f.RetryAfter != time.Second {
			t.Fatalf("beyond the queue's end: %+v, %v", a.out, a.err)
		}
	}
	release()
	for range queue {
		if a := <-answers; a.err != nil {
			t.Fatalf("in the queue: %v", a.err)
		}
	}
	for _, answers := range sent {
		<-answers
	}
	if n := s.number("SELECT count(*) FROM reservations"); n != queue+len(sent) {
		t.Errorf("%d bookings, want %d", n, queue+len(sent))
	}
}

func TestClosingAnswersWhatWasAccepted(t *testing.T) {
	s := newStage(t, 100)
	release, sent := s.busy()
	defer release()
	queued := s.send(t.Context(), crowd(1, 1)...)
	closed := make(chan struct{})
	go func() {
		s.store.Close()
		close(closed)
	}()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		_, err := s.store.Replay(t.Context(), reservation.OpBook, reservation.CommandMeta{Key: "k"})
		if fault.CodeOf(err) == fault.Unavailable {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("still takes questions")
		}
	}
	if _, err := s.store.Book(t.Context(), someBooking(1, 1)); fault.CodeOf(err) != fault.Unavailable {
		t.Errorf("after closing: %v", err)
	}
	release()
	<-closed
	for _, answers := range append(sent, queued) {
		select {
		case a := <-answers:
			if a.err != nil && fault.CodeOf(a.err) != fault.Unavailable {
				t.Errorf("accepted before closing: %v", a.err)
			}
		case <-time.After(10 * time.Second):
			t.Fatal("no answer to what was accepted before closing")
		}
	}
}

func TestAKilledConnectionLeavesItToTheKey(t *testing.T) {
	s := newStage(t, 100)
	release, _ := s.busy()
	waiting := crowd(20, 1)
	answers := s.send(t.Context(), waiting...)
	terminate := "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
	killed := 0
	for deadline := time.Now().Add(10 * time.Second); len(answers) < len(waiting); time.Sleep(time.Millisecond) {
		killed += s.number(terminate)
		if time.Now().After(deadline) {
			t.Fatal("nobody told who waited")
		}
	}
	if killed < 3 {
		t.Errorf("%d transactions were killed, want the one alone and two groups", killed)
	}
	for range waiting {
		if a := <-answers; fault.CodeOf(a.err) != fault.Unavailable {
			t.Errorf("a killed transaction: %+v, %v", a.out, a.err)
		}
	}
	release()
	for a := range again(s, waiting) {
		if a.err != nil || a.out.Replayed {
			t.Errorf("the same key again: %+v, %v", a.out, a.err)
		}
	}
	for a := range again(s, waiting) {
		if a.err != nil || !a.out.Replayed || a.out.ID != a.ID {
			t.Errorf("and once more: %+v, %v", a.out, a.err)
		}
	}
}

// again sends the same keys at once and yields the answers.
func again(s *stage, bookings []reservation.Booking) func(func(answered) bool) {
	return func(yield func(answered) bool) {
		answers := s.send(s.Context(), bookings...)
		for range bookings {
			if !yield(<-answers) {
				return
			}
		}
	}
}

func TestABadMemberHarmsItselfOnly(t *testing.T) {
	s := newStage(t, 100)
	release, _ := s.busy()
	group := crowd(20, 1)
	group[7].Key = "a\x00b" // no text in PostgreSQL: 22021
	answers := s.send(t.Context(), group...)
	release()
	for range group {
		switch a := <-answers; {
		case a.Key == group[7].Key && fault.CodeOf(a.err) != fault.Internal:
			t.Errorf("the bad one: %+v, %v", a.out, a.err)
		case a.Key != group[7].Key && a.err != nil:
			t.Errorf("a good one: %v", a.err)
		}
	}
}

func TestRememberedLooksUpManyAtOnce(t *testing.T) {
	s := newStage(t, 1000)
	var booked []reservation.Booking
	for _, b := range crowd(40, 2) {
		if _, err := s.store.Book(t.Context(), b); err != nil {
			t.Fatal(err)
		}
		booked = append(booked, b)
	}
	var wg sync.WaitGroup
	for i, b := range booked {
		wg.Go(func() {
			out, err := s.store.Replay(t.Context(), reservation.OpBook, b.CommandMeta)
			if err != nil || !out.Replayed || out.ID != b.ID || out.Party != 2 {
				t.Errorf("the key of %d: %+v, %v", i, out, err)
			}
		})
		wg.Go(func() {
			other := b.CommandMeta
			other.RequestHash = []byte("another")
			if _, err := s.store.Replay(t.Context(), reservation.OpBook, other); fault.ReasonOf(err) != "idempotency_key_reused" {
				t.Errorf("another body: %v", err)
			}
		})
		wg.Go(func() {
			if out, err := s.store.Replay(t.Context(), reservation.OpCancel, b.CommandMeta); err != nil || out.Replayed {
				t.Errorf("another operation: %+v, %v", out, err)
			}
		})
		wg.Go(func() {
			stranger := b.CommandMeta
			stranger.DinerID = uuid.New()
			if out, err := s.store.Replay(t.Context(), reservation.OpBook, stranger); err != nil || out.Replayed {
				t.Errorf("another diner: %+v, %v", out, err)
			}
		})
	}
	wg.Wait()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.store.Replay(ctx, reservation.OpBook, booked[0].CommandMeta); err != nil && fault.CodeOf(err) != fault.Timeout {
		t.Errorf("who has left: %v", err)
	}
}

// One diner's limits hold between requests at the same instant for slots of
// different workers, in both replicas.
func TestOneDinerAtManyDoorsStaysWithinTheLimits(t *testing.T) {
	url := postgrestest.Database(t)
	stores := []*postgres.Store{open(t, url), open(t, url)}
	makeSlots(t, url, 40, 10)
	postgrestest.Exec(t, url, "UPDATE slots SET ends_at = starts_at + interval '90 minutes'") // neighbours overlap
	for round := range 10 {
		diner := uuid.New()
		var wg sync.WaitGroup
		reasons := make(chan string, 80)
		for i := range 80 {
			b := someBooking(reservation.SlotID(1+i/2), 1)
			b.DinerID = diner
			wg.Go(func() {
				_, err := stores[i%2].Book(t.Context(), b)
				reasons <- fault.ReasonOf(err)
			})
		}
		wg.Wait()
		close(reasons)
		count := map[string]int{}
		for r := range reasons {
			count[r]++
		}
		if count[""] > reservation.MaxActive || count[""]+count["overlap"]+count["already_booked"]+count["too_many_reservations"] != 80 {
			t.Fatalf("round %d: %v", round, count)
		}
	}
	conn := connect(t, url)
	var clashes int
	if err := conn.QueryRow(t.Context(), `SELECT count(*) FROM reservations a JOIN reservations b
USING (diner_id) WHERE a.id < b.id AND a.starts_at < b.ends_at AND b.starts_at < a.ends_at`).Scan(&clashes); err != nil {
		t.Fatal(err)
	}
	if clashes != 0 {
		t.Errorf("%d pairs of one diner overlap", clashes)
	}
}

// Groups, bookings alone and changes that hold two slots, in two replicas: they
// may wait for one another, never in a circle.
func TestNobodyWaitsInACircle(t *testing.T) {
	url := postgrestest.Database(t)
	stores := []*postgres.Store{open(t, url), open(t, url)}
	const slots = 12
	makeSlots(t, url, slots, 60)
	var wg sync.WaitGroup
	for i := range 24 {
		wg.Go(func() {
			s := stores[i%2]
			diner := uuid.NewMD5(uuid.Nil, fmt.Appendf(nil, "%d", i/4)) // four sides of each
			for n := range 25 {
				b := someBooking(reservation.SlotID(1+(i*7+n*5)%slots), 1+n%3)
				b.DinerID = diner
				out, err := s.Book(t.Context(), b)
				if err != nil {
					mustBeRefusal(t, err)
					continue
				}
				to := reservation.SlotID(1 + (i+n*3)%slots)
				m := reservation.Move{CommandMeta: someBooking(to, 1).CommandMeta, ID: out.ID, SlotID: &to}
				m.DinerID = diner
				_, err = s.Execute(t.Context(), reservation.Command{
					CommandMeta: m.CommandMeta, Op: "move", Decide: m.Decide,
					Scope: reservation.Scope{LimitsOf: diner, ReservationID: out.ID, Slots: []reservation.SlotID{to}},
				})
				mustBeRefusal(t, err)
				c := reservation.Cancellation{CommandMeta: m.CommandMeta, ID: out.ID}
				_, err = s.Execute(t.Context(), reservation.Command{
					CommandMeta: c.CommandMeta, Op: reservation.OpCancel, Decide: c.Decide, Scope: reservation.Scope{LimitsOf: diner, ReservationID: out.ID},
				})
				mustBeRefusal(t, err)
			}
		})
	}
	wg.Wait()
	if audit, err := stores[0].Audit(t.Context(), time.Now()); err != nil || len(audit.Mismatches) > 0 {
		t.Errorf("the recount found %+v, %v", audit.Mismatches, err)
	}
	for _, s := range stores {
		s.Close() // a backend that ends has told all it counted
	}
	conn := connect(t, url)
	backends, circles := 2, 0
	for deadline := time.Now().Add(10 * time.Second); backends > 1 && time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		err := conn.QueryRow(t.Context(), "SELECT numbackends, deadlocks FROM pg_stat_database WHERE datname = current_database()").Scan(&backends, &circles)
		if err != nil {
			t.Fatal(err)
		}
	}
	if circles != 0 {
		t.Errorf("%d deadlocks", circles)
	}
}

func mustBeRefusal(t *testing.T, err error) {
	t.Helper()
	if code := fault.CodeOf(err); err != nil && code != fault.Conflict {
		t.Errorf("no refusal: %v", err)
	}
}
