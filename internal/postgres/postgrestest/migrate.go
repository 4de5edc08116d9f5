package postgrestest

import (
	"bytes"
	"context"
	"crypto/rand"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"jari.example/internal/serve"
	"jari.example/telemetry/names/realpart"
)

// Migrates checks of a daemon that `-task migrate` makes the database, its user, who is no
// superuser, and the schema, and ends, and that a second time changes nothing.
func Migrates(t *testing.T, run serve.Program) {
	t.Helper()
	admin, database := unmade(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var versions []int
	for range 2 {
		var stdout, stderr bytes.Buffer
		args := []string{"--task", "migrate", "--database-url", database, "--admin-database-url", admin, "--environment", "test", "--ops-addr", "127.0.0.1:0"}
		if err := run(ctx, args, func(string) string { return "" }, &stdout, &stderr); err != nil {
			t.Fatalf("%v; %s%s", err, &stdout, &stderr)
		}
		conn, err := pgx.Connect(ctx, database)
		if err != nil {
			t.Fatal(err)
		}
		var version int
		if err := conn.QueryRow(ctx, "SELECT version FROM schema_version").Scan(&version); err != nil {
			t.Error(err)
		}
		_ = conn.Close(ctx) // it was only read
		versions = append(versions, version)
	}
	if versions[0] == 0 || versions[0] != versions[1] {
		t.Errorf("the versions of the schema are %v", versions)
	}
}

// unmade are the URL of an administrator, and that of a database and a user that nobody has made yet.
func unmade(t *testing.T) (admin, databaseURL string) {
	t.Helper()
	admin = realpart.Need(t, realpart.Postgres)
	name := "jari_test_" + strings.ToLower(rand.Text()[:12])
	u, err := url.Parse(admin)
	if err != nil {
		t.Fatal(err)
	}
	u.User, u.Path = url.UserPassword(name, "secret"), "/"+name
	t.Cleanup(func() {
		Exec(t, admin, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)")
		Exec(t, admin, "DROP ROLE IF EXISTS "+name)
	})
	return admin, u.String()
}
