package postgres_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"jari.example/internal/fault"
	"jari.example/internal/postgres/postgrestest"
	"jari.example/services/notification"
	"jari.example/services/notification/postgres"
	"jari.example/services/notification/storetest"
)

func open(t *testing.T) (*postgres.Store, string) {
	t.Helper()
	url := postgrestest.Database(t)
	s, err := postgres.Open(t.Context(), url, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s, url
}

func TestStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) notification.Store { s, _ := open(t); return s })
}

func TestRefusedConnectionsAreUnavailable(t *testing.T) {
	s, url := open(t)
	accept := postgrestest.Refuse(t, url)
	_, err := s.Add(t.Context(), storetest.Event(), storetest.Event().OccurredAt)
	if fault.CodeOf(err) != fault.Unavailable {
		t.Errorf("got %v, want unavailable", err)
	}
	if strings.Contains(err.Error(), "창가") {
		t.Errorf("the error contains a diner's note: %v", err)
	}
	accept()
	if added, err := s.Add(t.Context(), storetest.Event(), storetest.Event().OccurredAt); err != nil || !added {
		t.Errorf("afterwards: %v, %v", added, err)
	}
}

func TestACompletedEventLosesItsTexts(t *testing.T) {
	for want, complete := range map[string]func(*postgres.Store, notification.Event) error{
		"sent": func(s *postgres.Store, e notification.Event) error { return s.Sent(t.Context(), e.ID, e.OccurredAt) },
		"failed": func(s *postgres.Store, e notification.Event) error {
			return s.Fail(t.Context(), e.ID, e.OccurredAt, "refused")
		},
	} {
		s, url := open(t)
		e := storetest.Event()
		if _, err := s.Add(t.Context(), e, e.OccurredAt); err != nil {
			t.Fatal(err)
		}
		if err := complete(s, e); err != nil {
			t.Fatal(err)
		}
		conn, err := pgx.Connect(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close(t.Context()) }()
		var note, state string
		if err := conn.QueryRow(t.Context(), "select note || words, state from events").Scan(&note, &state); err != nil ||
			note != "" || state != want {
			t.Errorf("%s: note %q, state %q, %v", want, note, state, err)
		}
	}
}

// version1 is a database of the service's previous version: one pending event, one
// that was sent and one that failed.
const version1 = `
insert into events (id, kind, occurred_at, diner_id, reservation_id, restaurant_id, slot_id, starts_at, time_zone,
  party, note, traceparent, accepted_at, due_at, state, reason, attempts, settled_at) values
('01900000-0000-7000-8000-000000000001', 'reservation.confirmed', now(), gen_random_uuid(), '01900000-0000-7000-8000-00000000000a',
  'mosu', '42', '2026-11-23T09:30:00Z', 'Asia/Seoul', 2, '창가', '', now(), now(), 'pending', '', 3, null),
('01900000-0000-7000-8000-000000000002', 'reservation.confirmed', now(), gen_random_uuid(), '01900000-0000-7000-8000-00000000000b',
  'mosu', '42', '2026-11-23T09:30:00Z', 'Asia/Seoul', 2, '', '', now(), now(), 'sent', '', 1, now()),
('01900000-0000-7000-8000-000000000003', 'reservation.cancelled', now(), gen_random_uuid(), '01900000-0000-7000-8000-00000000000c',
  'mosu', '42', '2026-11-23T09:30:00Z', 'Asia/Seoul', 2, '', '', now(), now(), 'failed', 'refused', 1, now());
create table schema_version (version int4 not null);
insert into schema_version values (1)`

func TestMigratesADatabaseOfThePreviousVersion(t *testing.T) {
	first, err := os.ReadFile("migrations/001_events.sql")
	if err != nil {
		t.Fatal(err)
	}
	up, _, _ := strings.Cut(string(first), "---- create above")
	url := postgrestest.Database(t)
	postgrestest.Exec(t, url, up+version1)
	s, err := postgres.Open(t.Context(), url, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	now := time.Now().Add(time.Second)
	jobs, err := s.Lease(t.Context(), 10, now, now.Add(time.Minute))
	if err != nil || len(jobs) != 1 {
		t.Fatalf("leased %v, %v; want the pending one", jobs, err)
	}
	j := jobs[0]
	r := j.Reservation
	if r.Party != 2 || r.Note.Reveal() != "창가" || !r.End.IsZero() || j.Attempts != 4 || j.Unknown != 0 {
		t.Errorf("got %+v", j)
	}
	if err := s.Sent(t.Context(), j.ID, now); err != nil {
		t.Fatal(err)
	}
	ids := []uuid.UUID{j.Reservation.ID, uuid.MustParse("01900000-0000-7000-8000-00000000000b"),
		uuid.MustParse("01900000-0000-7000-8000-00000000000c")}
	if found, err := s.Failures(t.Context(), ids); err != nil || len(found) != 1 || found[0].Reason != notification.Refused {
		t.Errorf("failures %+v, %v", found, err)
	}
	if added, err := s.Add(t.Context(), storetest.Event(), now); err != nil || !added {
		t.Errorf("a new event: %v, %v", added, err)
	}
}
