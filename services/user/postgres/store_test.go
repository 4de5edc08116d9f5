package postgres_test

import (
	"crypto/rand"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/uuid"

	"jari.example/internal/fault"
	shared "jari.example/internal/postgres"
	"jari.example/internal/postgres/postgrestest"
	"jari.example/internal/secret"
	"jari.example/services/user"
	"jari.example/services/user/postgres"
	"jari.example/services/user/storetest"
)

func open(t *testing.T, url string) *postgres.Store {
	t.Helper()
	s, err := postgres.Open(t.Context(), url, func(err error) { t.Log(err) })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func TestStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) user.Store { return open(t, postgrestest.Database(t)) })
}

func TestMigrationKeepsAccountsOfVersionOne(t *testing.T) {
	url, first := postgrestest.Database(t), "migrations/001_users.sql"
	sql, err := os.ReadFile(first)
	if err != nil {
		t.Fatal(err)
	}
	old, err := shared.Open(t.Context(), shared.Config{URL: url, Migrations: fstest.MapFS{first: {Data: sql}}})
	if err != nil {
		t.Fatal(err)
	}
	old.Close()
	const id = "0190a000-0000-7000-8000-000000000001"
	postgrestest.Exec(t, url, `INSERT INTO users VALUES ('`+id+`', 'kim@example.com', 'Kim', 'ko', 'owner', '{mosu}', 'x', now())`)

	s := open(t, url)
	got, err := s.ByID(t.Context(), uuid.MustParse(id))
	if err != nil || got.Email.Reveal() != "kim@example.com" || got.Role != "owner" || !slices.Equal(got.Own, []string{"mosu"}) ||
		!got.Phone.IsZero() {
		t.Errorf("got %+v, %v", got, err)
	}
	got.ID, got.Email, got.Phone = uuid.New(), secret.New("lee@example.com"), secret.New("+821012345678")
	if err := s.Insert(t.Context(), got); err != nil {
		t.Errorf("insert after the migration: %v", err)
	}
}

func TestRefusedConnectionsAreUnavailable(t *testing.T) {
	url := postgrestest.Database(t)
	s := open(t, url)
	defer postgrestest.Refuse(t, url)()
	if _, err := s.ByEmail(t.Context(), secret.New("kim@example.com")); fault.CodeOf(err) != fault.Unavailable {
		t.Errorf("got %v", err)
	}
}

func TestADuplicateAddressIsNotInTheServersLog(t *testing.T) {
	s := open(t, postgrestest.Database(t))
	log := postgrestest.ServerLog(t)
	address := rand.Text() + "@example.com"
	insert := func() error {
		return s.Insert(t.Context(), user.User{ID: uuid.New(), Email: secret.New(address), Name: secret.New("Kim"), Locale: "ko",
			Role: "diner", Own: []string{}, Password: secret.New("x"), CreatedAt: time.Now()})
	}
	if err := insert(); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if err := insert(); fault.ReasonOf(err) != "email_taken" {
				t.Errorf("got %v", err)
			}
		})
	}
	wg.Wait()
	if got := log(); strings.Contains(got, address) {
		t.Errorf("the server's log has the address:\n%s", got)
	}
}
