package postgres_test

import (
	"testing"

	"jari.example/services/internal/fault"
	"jari.example/services/internal/postgres/postgrestest"
	"jari.example/services/user"
	"jari.example/services/user/postgres"
	"jari.example/services/user/storetest"
	"jari.example/telemetry"
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

func TestADatabaseThatIsAwayIsUnavailable(t *testing.T) {
	url := postgrestest.Database(t)
	s := open(t, url)
	defer postgrestest.Refuse(t, url)()
	if _, err := s.ByEmail(t.Context(), telemetry.NewSecret("kim@example.com")); fault.CodeOf(err) != fault.Unavailable {
		t.Errorf("got %v", err)
	}
}
