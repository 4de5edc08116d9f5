package postgres_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"jari.example/services/internal/fault"
	"jari.example/services/internal/postgres/postgrestest"
	"jari.example/services/reservation"
	"jari.example/services/reservation/postgres"
	"jari.example/services/reservation/storetest"
)

func open(t *testing.T, url string) *postgres.Store {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	s, err := postgres.Open(ctx, url, func(error) {})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func TestStore(t *testing.T) {
	url := postgrestest.Database(t)
	store := open(t, url)
	storetest.Run(t, func(t *testing.T) storetest.Store {
		postgrestest.Exec(t, url, "TRUNCATE schedules, closures, slots, reservations, idempotency, outbox")
		return store
	})
}

func TestOpenTwiceMigratesOnce(t *testing.T) {
	url := postgrestest.Database(t)
	failed := make(chan error, 4)
	for range cap(failed) { // replicas that start at once
		go func() {
			s, err := postgres.Open(t.Context(), url, nil)
			if err == nil {
				s.Close()
			}
			failed <- err
		}()
	}
	for range cap(failed) {
		if err := <-failed; err != nil {
			t.Error(err)
		}
	}
}

func TestDatabaseThatRefusesIsUnavailableAndComesBack(t *testing.T) {
	url := postgrestest.Database(t)
	s := open(t, url)
	accept := postgrestest.Refuse(t, url)
	for range 20 {
		began := time.Now()
		_, err := s.Slots(t.Context(), []string{"x"}, time.Now(), time.Now().Add(time.Hour))
		if f := fault.Of(err); f == nil || f.Code != fault.Unavailable || f.RetryAfter == 0 {
			t.Fatalf("refused: %v", err)
		}
		if took := time.Since(began); took > 2*time.Second {
			t.Fatalf("took %v to say so", took)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if s, err := postgres.Open(ctx, url, func(error) {}); err == nil {
		s.Close()
		t.Fatal("opened a database that refuses")
	}
	accept()
	if err := s.Ping(t.Context()); err != nil {
		t.Fatalf("after it came back: %v", err)
	}
}

func TestOpenHidesThePassword(t *testing.T) {
	_, err := postgres.Open(t.Context(), "postgres://u:hunter2@[", nil)
	if err == nil || err.Error() != "database URL: not one that PostgreSQL understands" {
		t.Fatal(err)
	}
}

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

// While somebody holds the slot's row, callers that give up are not booked and
// leave no statement waiting behind them.
func TestACallerWhoLeavesIsNotBooked(t *testing.T) {
	url := postgrestest.Database(t)
	s := open(t, url)
	now := time.Now().UTC().Truncate(time.Microsecond)
	start := now.Add(24 * time.Hour)
	slot := reservation.Slot{
		RestaurantID: "mokran", Start: start, End: start.Add(time.Hour), CancelUntil: start, TimeZone: "Asia/Seoul",
		Party: reservation.PartySize{Min: 1, Max: 4}, Wanted: 20, Capacity: 20,
	}
	if _, err := s.Change(t.Context(), reservation.Change{
		Act:   reservation.Act{At: now},
		Scope: reservation.Scope{Period: reservation.Period{RestaurantID: "mokran", From: now, To: start.Add(time.Hour)}},
		Decide: func(d *reservation.Desk) (reservation.Reservation, error) {
			d.Arrange([]reservation.Slot{slot})
			return reservation.Reservation{}, nil
		},
	}); err != nil {
		t.Fatal(err)
	}
	holder, watcher := connect(t, url), connect(t, url)
	if _, err := holder.Exec(t.Context(), "BEGIN; SELECT FROM slots FOR NO KEY UPDATE"); err != nil {
		t.Fatal(err)
	}

	b := reservation.Booking{ID: uuid.New(), SlotID: 1, Party: 2}
	b.DinerID, b.Key, b.Hash, b.EventID, b.At = uuid.New(), "k", []byte("h"), uuid.New(), now
	var wg sync.WaitGroup
	for range 30 { // more than there are connections
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
			defer cancel()
			if _, err := s.Book(ctx, b); fault.CodeOf(err) != fault.Timeout {
				t.Errorf("gave up: %v", err)
			}
		})
	}
	wg.Wait()
	waiting := -1
	for deadline := time.Now().Add(5 * time.Second); waiting != 0 && time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		err := watcher.QueryRow(t.Context(), "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'").Scan(&waiting)
		if err != nil {
			t.Fatal(err)
		}
	}
	if waiting != 0 {
		t.Errorf("%d statements still wait for nobody", waiting)
	}
	if _, err := holder.Exec(t.Context(), "COMMIT"); err != nil {
		t.Fatal(err)
	}
	out, err := s.Book(t.Context(), b)
	if err != nil || out.Replayed {
		t.Fatalf("afterwards: %+v, %v", out, err)
	}
}
