package postgres_test

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"jari.example/internal/fault"
	"jari.example/internal/postgres/postgrestest"
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

func TestCountsEachTransitionOnce(t *testing.T) {
	url := postgrestest.Database(t)
	storetest.RunMetrics(t, func(t *testing.T) storetest.Store { return open(t, url) })
}

// Two replicas of the service share the database.
func TestReplicasAgreeWithTheReferenceModel(t *testing.T) {
	url := postgrestest.Database(t)
	replicas := []storetest.Store{open(t, url), open(t, url)}
	storetest.RunScenarios(t, 10, func(t *testing.T) []storetest.Store {
		postgrestest.Exec(t, url, "TRUNCATE schedules, closures, slots, reservations, idempotency, outbox")
		return replicas
	})
}

func TestSimultaneousStartsMigrateOnce(t *testing.T) {
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

func TestReportsUnavailableWhileTheDatabaseRefuses(t *testing.T) {
	url := postgrestest.Database(t)
	s := open(t, url)
	accept := postgrestest.Refuse(t, url)
	for range 20 {
		began := time.Now()
		_, err := s.Slots(t.Context(), []string{"x"}, time.Now(), time.Now().Add(time.Hour))
		if f := fault.Of(err); f == nil || f.Code != fault.Unavailable || f.RetryAfter == 0 {
			t.Fatalf("while connections are refused: %v, want unavailable with a retry time", err)
		}
		if elapsed := time.Since(began); elapsed > 2*time.Second {
			t.Fatalf("the error came after %v, want 2 s at most", elapsed)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if s, err := postgres.Open(ctx, url, func(error) {}); err == nil {
		s.Close()
		t.Fatal("opened a database that refuses connections")
	}
	accept()
	if err := s.Ping(t.Context()); err != nil {
		t.Fatalf("once the database accepts connections: %v", err)
	}
}

func TestOpenErrorHidesThePassword(t *testing.T) {
	_, err := postgres.Open(t.Context(), "postgres://u:hunter2@[", nil)
	if err == nil || err.Error() != "database URL: PostgreSQL cannot parse it" {
		t.Fatalf("got %v", err)
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
