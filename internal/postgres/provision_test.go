package postgres_test

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"jari.example/internal/postgres"
	"jari.example/internal/postgres/postgrestest"
	"jari.example/telemetry/names/realpart"
)

// server are users and a database on the real PostgreSQL, whose names no other test has.
type server struct {
	*testing.T
	name                           string // of the database; those of the users begin with it
	admin, owner, reader, stranger string // URLs; the admin may make databases and users and is no superuser
}

func newServer(t *testing.T) server {
	t.Helper()
	super := realpart.Need(t, realpart.Postgres)
	name := "jari_test_" + strings.ToLower(rand.Text()[:12])
	at := func(user, database, password string) string {
		u, err := url.Parse(super)
		if err != nil {
			t.Fatal(err)
		}
		u.User, u.Path = url.UserPassword(user, password), "/"+database
		return u.String()
	}
	s := server{t, name, at(name+"_admin", "postgres", "of the admin"), at(name+"-owner", name, "it's 100 % secret"), at(name+"_reader", name, "r"), at(name+"_stranger", name, "s")}
	postgrestest.Exec(t, super, fmt.Sprintf(`CREATE ROLE %s_admin LOGIN CREATEDB CREATEROLE PASSWORD 'of the admin'`, name))
	postgrestest.Exec(t, super, fmt.Sprintf(`CREATE ROLE %s_stranger LOGIN PASSWORD 's'`, name))
	t.Cleanup(func() {
		postgrestest.Exec(t, super, `DROP DATABASE IF EXISTS `+name+` WITH (FORCE)`)
		for _, role := range []string{"-owner", "_reader", "_stranger", "_admin"} {
			postgrestest.Exec(t, super, fmt.Sprintf(`DROP ROLE IF EXISTS %q`, name+role))
		}
	})
	return s
}

// has reports whether PostgreSQL has stored this password of a user.
func (s server) has(user, password string) bool {
	s.Helper()
	conn, err := pgx.Connect(s.Context(), realpart.Need(s, realpart.Postgres))
	if err != nil {
		s.Fatal(err)
	}
	defer conn.Close(s.Context())
	var stored string
	if err := conn.QueryRow(s.Context(), "SELECT rolpassword FROM pg_authid WHERE rolname = $1", s.name+user).Scan(&stored); err != nil {
		s.Fatal(err)
	}
	_, text, _ := strings.Cut(stored, "$4096:") // SCRAM-SHA-256$4096:SALT$…
	text, _, _ = strings.Cut(text, "$")
	salt, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		s.Fatalf("%s: %v", stored, err)
	}
	want, err := postgres.Scram(password, salt)
	if err != nil {
		s.Fatal(err)
	}
	return stored == want
}

// fails runs a statement as a user, and returns the SQLSTATE of its failure; "" if it succeeds.
func (s server) fails(url, sql string) string {
	s.Helper()
	conn, err := pgx.Connect(s.Context(), url)
	if err == nil {
		defer conn.Close(s.Context())
		_, err = conn.Exec(s.Context(), sql)
	}
	if failed, ok := errors.AsType[*pgconn.PgError](err); ok {
		return failed.Code
	}
	if err != nil {
		s.Fatal(err)
	}
	return ""
}

func TestProvisionMakesADatabaseForItsOwnerAndReaders(t *testing.T) {
	s := newServer(t)
	if err := postgres.Provision(t.Context(), "", s.owner); err != nil {
		t.Errorf("without an administrator: %v", err)
	}
	for range 2 { // it may be repeated
		if err := postgres.Provision(t.Context(), s.admin, s.owner+"?pool_max_conns=3", s.reader); err != nil {
			t.Fatal(err)
		}
		pool, err := postgres.Open(t.Context(), postgres.Config{URL: s.owner, Migrations: migrations})
		if err != nil {
			t.Fatal(err)
		}
		pool.Close()
	}
	const denied = "42501"
	for what, c := range map[string]struct{ url, sql, code string }{
		"the reader reads":    {s.reader, "SELECT * FROM things", ""},
		"the reader writes":   {s.reader, "INSERT INTO things VALUES (1, 'a')", denied},
		"a stranger connects": {s.stranger, "SELECT 1", denied},
	} {
		if code := s.fails(c.url, c.sql); code != c.code {
			t.Errorf("%s: SQLSTATE %q, want %q", what, code, c.code)
		}
	}
}

// The server of the tests asks nobody for a password, so what it stores is compared. PostgreSQL's own
// verifier of a password comes first.
func TestProvisionSetsThePassword(t *testing.T) {
	s := newServer(t)
	if !s.has("_stranger", "s") || s.has("_stranger", "S") {
		t.Error("PostgreSQL's own verifier is another one")
	}
	for _, password := range []string{"it's 100 % secret", "it's 100 % new"} {
		u, err := url.Parse(s.owner)
		if err != nil {
			t.Fatal(err)
		}
		u.User = url.UserPassword(u.User.Username(), password)
		if err := postgres.Provision(t.Context(), s.admin, u.String()); err != nil {
			t.Fatal(err)
		}
		if !s.has("-owner", password) {
			t.Errorf("the password is not %q", password)
		}
	}
}

func TestProvisionSaysWhatFailedWithoutThePassword(t *testing.T) {
	s := newServer(t)
	elsewhere, _ := strings.CutSuffix(s.stranger, s.name) // its database is not made yet
	err := postgres.Provision(t.Context(), elsewhere+"postgres", s.owner)
	if refused, ok := errors.AsType[*pgconn.PgError](err); !ok || refused.Code != "42501" || strings.Contains(err.Error(), "secret") {
		t.Errorf("by a user without rights: %v", err)
	}
	for _, bad := range [][2]string{{"no URL%", s.owner}, {s.admin, "no URL%"}} {
		if err := postgres.Provision(t.Context(), bad[0], bad[1]); err == nil || !strings.Contains(err.Error(), "cannot parse it") {
			t.Errorf("%v: %v", bad, err)
		}
	}
}
