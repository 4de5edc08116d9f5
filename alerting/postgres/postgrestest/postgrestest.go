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

// Database creates an empty database and returns its URL. It is dropped when
// the test ends; the test is skipped where there is no Postgres.
func Database(t testing.TB) string {
	t.Helper()
	server := realpart.Need(t, realpart.Postgres)
	name := "alerting_test_" + strings.ToLower(rand.Text())
	do(t, server, "create database "+name)
	t.Cleanup(func() { do(t, server, "drop database "+name+" with (force)") })
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + name
	return u.String()
}

func do(t testing.TB, server, statement string) {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), server)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	if _, err := conn.Exec(context.Background(), statement); err != nil {
		t.Fatal(err)
	}
}
