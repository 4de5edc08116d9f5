package postgres_test

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"jari.example/services/internal/fault"
	"jari.example/services/internal/postgres/postgrestest"
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

func TestADatabaseThatIsAwayIsUnavailable(t *testing.T) {
	s, url := open(t)
	accept := postgrestest.Refuse(t, url)
	_, err := s.Add(t.Context(), storetest.Event(), storetest.Event().OccurredAt)
	if fault.CodeOf(err) != fault.Unavailable {
		t.Errorf("got %v, want unavailable", err)
	}
	if strings.Contains(err.Error(), "창가") {
		t.Errorf("the error shows a diner's note: %v", err)
	}
	accept()
	if added, err := s.Add(t.Context(), storetest.Event(), storetest.Event().OccurredAt); err != nil || !added {
		t.Errorf("afterwards: %v, %v", added, err)
	}
}

func TestWhatIsSettledForgetsTheNote(t *testing.T) {
	for want, settle := range map[string]func(*postgres.Store, notification.Event) error{
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
		if err := settle(s, e); err != nil {
			t.Fatal(err)
		}
		conn, err := pgx.Connect(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close(t.Context()) }()
		var note, state string
		if err := conn.QueryRow(t.Context(), "select note || words, state from events").Scan(&note, &state); err != nil || note != "" || state != want {
			t.Errorf("%s: note %q, state %q, %v", want, note, state, err)
		}
	}
}
