package fault

import (
	"crypto/rand"
	"net/url"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"jari.example/telemetry/names/realpart"
)

func TestADatabaseIsClosedAndOpenedAgain(t *testing.T) {
	admin := realpart.Need(t, realpart.Postgres)
	name := "fault_" + strings.ToLower(rand.Text()[:8])
	conn, err := pgx.Connect(t.Context(), admin)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if _, err := conn.Exec(t.Context(), `CREATE DATABASE `+name); err != nil {
		t.Fatal(err)
	}
	defer conn.Exec(t.Context(), `DROP DATABASE `+name+` WITH (FORCE)`)
	u, err := url.Parse(admin)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + name
	victim, err := pgx.Connect(t.Context(), u.String())
	if err != nil {
		t.Fatal(err)
	}

	if err := Database(t.Context(), admin, name, true); err != nil {
		t.Fatal(err)
	}
	if err := victim.Ping(t.Context()); err == nil {
		t.Error("an open connection outlived the fault")
	}
	if c, err := pgx.Connect(t.Context(), u.String()); err == nil {
		c.Close(t.Context())
		t.Error("a new connection was accepted during the fault")
	}
	if err := Database(t.Context(), admin, name, false); err != nil {
		t.Fatal(err)
	}
	c, err := pgx.Connect(t.Context(), u.String())
	if err != nil {
		t.Fatalf("after the fault: %v", err)
	}
	c.Close(t.Context())
}
