package postgres_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"jari.example/internal/fault"
	"jari.example/internal/postgres/postgrestest"
	"jari.example/services/reservation"
	"jari.example/services/reservation/postgres"
)

// lockedSlot is a store with one slot, and another session that can lock it.
type lockedSlot struct {
	*testing.T
	url    string
	store  *postgres.Store
	holder *pgx.Conn // locks the slot
	admin  *pgx.Conn // the test's queries
}

func newLockedSlot(t *testing.T, covers int) *lockedSlot {
	url := postgrestest.Database(t)
	s := &lockedSlot{t, url, open(t, url), connect(t, url), connect(t, url)}
	insertSlots(t, url, 1, covers)
	return s
}

// lock locks the slot's row, as a slow command would, until release is called.
func (s *lockedSlot) lock() (release func()) {
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

// queryInt reads one number.
func (s *lockedSlot) queryInt(sql string) (n int) {
	s.Helper()
	if err := s.admin.QueryRow(s.Context(), sql).Scan(&n); err != nil {
		s.Fatal(err)
	}
	return n
}

// lockWaitersSQL counts the statements that wait for a lock.
const lockWaitersSQL = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"

// waitForLockWaiters polls until n statements wait for the lock.
func (s *lockedSlot) waitForLockWaiters(n int) {
	s.Helper()
	for deadline := time.Now().Add(10 * time.Second); s.queryInt(lockWaitersSQL) != n; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			s.Fatalf("%d statements wait for the lock, want %d", s.queryInt(lockWaitersSQL), n)
		}
	}
}

// result is a booking and what the store returned for it.
type result struct {
	reservation.Booking
	out reservation.Outcome
	err error
}

// send books without waiting for the results.
func (s *lockedSlot) send(ctx context.Context, bookings ...reservation.Booking) <-chan result {
	results := make(chan result, len(bookings))
	for _, b := range bookings {
		go func() {
			out, err := s.store.Book(ctx, b)
			results <- result{b, out, err}
		}()
	}
	return results
}

func newBookings(n, party int) (bookings []reservation.Booking) {
	for range n {
		bookings = append(bookings, newBooking(1, party))
	}
	return bookings
}

// occupyWorker locks the slot and lets two bookings wait for it, one in a single
// commit and one in a group. Later bookings stay in the worker's queue.
func (s *lockedSlot) occupyWorker() (release func(), results []<-chan result) {
	s.Helper()
	release = s.lock()
	for n := range 2 {
		results = append(results, s.send(s.Context(), newBookings(1, 1)...))
		s.waitForLockWaiters(n + 1)
	}
	return release, results
}

func TestCallerThatLeavesTheQueueIsNotBooked(t *testing.T) {
	s := newLockedSlot(t, 100)
	release, sent := s.occupyWorker()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	leavers := newBookings(40, 1)
	abandoned := s.send(ctx, leavers...)
	for range leavers {
		if a := <-abandoned; fault.CodeOf(a.err) != fault.Timeout {
			t.Errorf("a caller that left got %v, want a timeout", a.err)
		}
	}
	stayed := s.send(t.Context(), newBookings(1, 1)...)
	release()
	for _, results := range append(sent, stayed) {
		if a := <-results; a.err != nil {
			t.Errorf("a caller that stayed got %v", a.err)
		}
	}
	if n := s.queryInt("SELECT count(*) FROM reservations"); n != 3 {
		t.Errorf("%d bookings, want those of the 3 callers that stayed", n)
	}
	out, err := s.store.Book(t.Context(), leavers[0])
	if err != nil || out.Replayed {
		t.Errorf("the same key later got %+v, %v, want a new booking", out, err)
	}
}

func TestFullQueueRefusesWithRetryAfter(t *testing.T) {
	s := newLockedSlot(t, 10_000)
	release, sent := s.occupyWorker()
	defer release()
	const queue, more = 1024, 10
	results := s.send(t.Context(), newBookings(queue+more, 1)...)
	for range more {
		a := <-results
		f := fault.Of(a.err)
		if f == nil || f.Code != fault.Unavailable || f.Reason != "overloaded" || f.RetryAfter != time.Second {
			t.Fatalf("beyond the queue: %+v, %v, want overloaded and a retry after 1 s", a.out, a.err)
		}
	}
	release()
	for range queue {
		if a := <-results; a.err != nil {
			t.Fatalf("in the queue: %v", a.err)
		}
	}
	for _, results := range sent {
		<-results
	}
	if n := s.queryInt("SELECT count(*) FROM reservations"); n != queue+len(sent) {
		t.Errorf("%d bookings, want %d", n, queue+len(sent))
	}
}

func TestCloseCompletesAcceptedBookings(t *testing.T) {
	s := newLockedSlot(t, 100)
	release, sent := s.occupyWorker()
	defer release()
	queued := s.send(t.Context(), newBookings(1, 1)...)
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
			t.Fatal("accepts lookups 10 s after Close")
		}
	}
	if _, err := s.store.Book(t.Context(), newBooking(1, 1)); fault.CodeOf(err) != fault.Unavailable {
		t.Errorf("after closing: %v", err)
	}
	release()
	<-closed
	for _, results := range append(sent, queued) {
		select {
		case a := <-results:
			if a.err != nil && fault.CodeOf(a.err) != fault.Unavailable {
				t.Errorf("accepted before closing: %v", a.err)
			}
		case <-time.After(10 * time.Second):
			t.Fatal("no result for a booking accepted before closing")
		}
	}
}

func TestKeyFindsTheResultAfterAKilledConnection(t *testing.T) {
	s := newLockedSlot(t, 100)
	release, _ := s.occupyWorker()
	waiting := newBookings(20, 1)
	results := s.send(t.Context(), waiting...)
	const terminate = `SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
		WHERE datname = current_database() AND wait_event_type = 'Lock'`
	killed := 0
	for deadline := time.Now().Add(10 * time.Second); len(results) < len(waiting); time.Sleep(time.Millisecond) {
		killed += s.queryInt(terminate)
		if time.Now().After(deadline) {
			t.Fatal("no result within 10 s")
		}
	}
	if killed < 3 {
		t.Errorf("%d transactions were killed, want the single commit and two groups", killed)
	}
	for range waiting {
		if a := <-results; fault.CodeOf(a.err) != fault.Unavailable {
			t.Errorf("a booking of a killed transaction got %+v, %v, want unavailable", a.out, a.err)
		}
	}
	release()
	for a := range resend(s, waiting) {
		if a.err != nil || a.out.Replayed {
			t.Errorf("the same key again got %+v, %v, want a new booking", a.out, a.err)
		}
	}
	for a := range resend(s, waiting) {
		if a.err != nil || !a.out.Replayed || a.out.ID != a.ID {
			t.Errorf("the same key a third time got %+v, %v, want a replay", a.out, a.err)
		}
	}
}

// resend sends the same keys at once and yields the results.
func resend(s *lockedSlot, bookings []reservation.Booking) func(func(result) bool) {
	return func(yield func(result) bool) {
		results := s.send(s.Context(), bookings...)
		for range bookings {
			if !yield(<-results) {
				return
			}
		}
	}
}

func TestBookingWithBadDataFailsAlone(t *testing.T) {
	s := newLockedSlot(t, 100)
	release, _ := s.occupyWorker()
	group := newBookings(20, 1)
	group[7].Key = "a\x00b" // PostgreSQL refuses NUL in a text: 22021
	results := s.send(t.Context(), group...)
	release()
	for range group {
		switch a := <-results; {
		case a.Key == group[7].Key && fault.CodeOf(a.err) != fault.Internal:
			t.Errorf("the bad booking got %+v, %v, want internal", a.out, a.err)
		case a.Key != group[7].Key && a.err != nil:
			t.Errorf("a good booking got %v", a.err)
		}
	}
}

func TestReplayLooksUpManyKeysAtOnce(t *testing.T) {
	s := newLockedSlot(t, 1000)
	var booked []reservation.Booking
	for _, b := range newBookings(40, 2) {
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
				t.Errorf("booking %d got %+v, %v, want a replay", i, out, err)
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
			otherDiner := b.CommandMeta
			otherDiner.DinerID = uuid.New()
			if out, err := s.store.Replay(t.Context(), reservation.OpBook, otherDiner); err != nil || out.Replayed {
				t.Errorf("another diner: %+v, %v", out, err)
			}
		})
	}
	wg.Wait()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.store.Replay(ctx, reservation.OpBook, booked[0].CommandMeta); err != nil && fault.CodeOf(err) != fault.Timeout {
		t.Errorf("a caller that has left got %v, want a timeout", err)
	}
}

// The limits of one diner hold between simultaneous requests for slots of
// different workers, in two replicas.
func TestSimultaneousBookingsKeepADinersLimits(t *testing.T) {
	url := postgrestest.Database(t)
	stores := []*postgres.Store{open(t, url), open(t, url)}
	insertSlots(t, url, 40, 10)
	postgrestest.Exec(t, url, "UPDATE slots SET ends_at = starts_at + interval '90 minutes'") // neighbours overlap
	for round := range 10 {
		diner := uuid.New()
		var wg sync.WaitGroup
		reasons := make(chan string, 80)
		for i := range 80 {
			b := newBooking(reservation.SlotID(1+i/2), 1)
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
	var overlaps int
	if err := conn.QueryRow(t.Context(), `SELECT count(*) FROM reservations a JOIN reservations b
USING (diner_id) WHERE a.id < b.id AND a.starts_at < b.ends_at AND b.starts_at < a.ends_at`).Scan(&overlaps); err != nil {
		t.Fatal(err)
	}
	if overlaps != 0 {
		t.Errorf("%d pairs of reservations of one diner overlap", overlaps)
	}
}

// Groups, single commits and commands that lock two slots, in two replicas, may
// wait for one another, but never in a cycle.
func TestTransactionsNeverDeadlock(t *testing.T) {
	url := postgrestest.Database(t)
	stores := []*postgres.Store{open(t, url), open(t, url)}
	const slots = 12
	insertSlots(t, url, slots, 60)
	var wg sync.WaitGroup
	for i := range 24 {
		wg.Go(func() {
			s := stores[i%2]
			diner := uuid.NewMD5(uuid.Nil, fmt.Appendf(nil, "%d", i/4)) // four goroutines per diner
			for n := range 25 {
				b := newBooking(reservation.SlotID(1+(i*7+n*5)%slots), 1+n%3)
				b.DinerID = diner
				out, err := s.Book(t.Context(), b)
				if err != nil {
					mustBeConflict(t, err)
					continue
				}
				to := reservation.SlotID(1 + (i+n*3)%slots)
				m := reservation.Move{CommandMeta: newBooking(to, 1).CommandMeta, ID: out.ID, SlotID: &to}
				m.DinerID = diner
				_, err = s.Execute(t.Context(), reservation.Command{
					CommandMeta: m.CommandMeta, Op: "move", Decide: m.Decide,
					Scope: reservation.Scope{LimitsOf: diner, ReservationID: out.ID, Slots: []reservation.SlotID{to}},
				})
				mustBeConflict(t, err)
				c := reservation.Cancellation{CommandMeta: m.CommandMeta, ID: out.ID}
				_, err = s.Execute(t.Context(), reservation.Command{
					CommandMeta: c.CommandMeta, Op: reservation.OpCancel, Decide: c.Decide,
					Scope: reservation.Scope{LimitsOf: diner, ReservationID: out.ID},
				})
				mustBeConflict(t, err)
			}
		})
	}
	wg.Wait()
	if audit, err := stores[0].Audit(t.Context(), time.Now()); err != nil || len(audit.Mismatches) > 0 {
		t.Errorf("the audit found %+v, %v", audit.Mismatches, err)
	}
	for _, s := range stores {
		s.Close() // a backend reports its counters when it ends
	}
	conn := connect(t, url)
	backends, deadlocks := 2, 0
	for deadline := time.Now().Add(10 * time.Second); backends > 1 && time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		const counters = "SELECT numbackends, deadlocks FROM pg_stat_database WHERE datname = current_database()"
		if err := conn.QueryRow(t.Context(), counters).Scan(&backends, &deadlocks); err != nil {
			t.Fatal(err)
		}
	}
	if deadlocks != 0 {
		t.Errorf("%d deadlocks", deadlocks)
	}
}

func mustBeConflict(t *testing.T, err error) {
	t.Helper()
	if code := fault.CodeOf(err); err != nil && code != fault.Conflict {
		t.Errorf("got %v, want success or a conflict", err)
	}
}
