// Package postgrestest gives a test a database of its own.
package postgrestest

import (
	"context"
	"crypto/rand"
	"net/url"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"jari.example/telemetry/names/realpart"
)

// Database makes an empty database on the real PostgreSQL, which the test
// needs, and drops it when the test ends.
func Database(t testing.TB) (databaseURL string) {
	t.Helper()
	server := realpart.Need(t, realpart.Postgres)
	name := "jari_test_" + strings.ToLower(rand.Text()[:12])
	Exec(t, server, "CREATE DATABASE "+name)
	t.Cleanup(func() { Exec(t, server, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)") })
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + name
	return u.String()
}

// Refuse makes the database refuse connections, and ends those it has; the
// returned function lets it accept them again.
func Refuse(t testing.TB, databaseURL string) (accept func()) {
	t.Helper()
	server := realpart.Need(t, realpart.Postgres)
	u, err := url.Parse(databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	name := strings.TrimPrefix(u.Path, "/")
	Exec(t, server, "ALTER DATABASE "+name+" ALLOW_CONNECTIONS false")
	Exec(t, server, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '"+name+"'")
	return func() { Exec(t, server, "ALTER DATABASE "+name+" ALLOW_CONNECTIONS true") }
}

// Exec runs one statement on a connection of its own.
func Exec(t testing.TB, databaseURL, sql string) {
	t.Helper()
	ctx := context.Background() // cleanups run after t.Context() has ended
	conn, err := pgx.Connect(ctx, databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(ctx) }()
	if _, err := conn.Exec(ctx, sql); err != nil {
		t.Fatal(err)
	}
}

// ServerLog returns a function that returns what the server has written to its own
// log since the call of ServerLog. The log is shared: tests that run at the same
// time write to it. The launcher's server writes to standard error, which its
// superuser can read as a file.
func ServerLog(t testing.TB) (since func() string) {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), realpart.Need(t, realpart.Postgres))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	const file = "'/proc/self/fd/2'"
	var start int64
	if err := conn.QueryRow(t.Context(), "SELECT size FROM pg_stat_file("+file+")").Scan(&start); err != nil {
		t.Fatal(err)
	}
	return func() (log string) {
		t.Helper()
		marker := rand.Text() // proves that the log can be read to its end
		if _, err := conn.Exec(t.Context(), "DO $$ BEGIN RAISE LOG '"+marker+"'; END $$"); err != nil {
			t.Fatal(err)
		}
		read := "SELECT convert_from(pg_read_binary_file(" + file + ", $1, 1 << 26), 'UTF8')"
		if err := conn.QueryRow(t.Context(), read, start).Scan(&log); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(log, marker) {
			t.Fatalf("the server's log cannot be read: it lacks a line that was just written:\n%s", log)
		}
		return log
	}
}
