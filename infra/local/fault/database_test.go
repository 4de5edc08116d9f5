package fault

import (
	"context"
	"crypto/rand"
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"jari.example/telemetry/names/realpart"
)

// at is the server's URL with another database and, unless it is "", user.
func at(t *testing.T, admin, database, user string) string {
	t.Helper()
	u, err := url.Parse(admin)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + database
	if user != "" {
		u.User = url.User(user)
	}
	return u.String()
}

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	c, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close(context.Background()) })
	return c
}

// database creates a database for the test. It returns its name and a connection
// of the administrator.
func database(t *testing.T, admin string) (string, *pgx.Conn) {
	t.Helper()
	name := "fault_" + strings.ToLower(rand.Text()[:8])
	conn := connect(t, admin)
	if _, err := conn.Exec(t.Context(), `CREATE DATABASE `+name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = conn.Exec(context.Background(), `DROP DATABASE `+name+` WITH (FORCE)`) })
	return name, conn
}

func expectState(t *testing.T, admin, name string, allows bool, backends int) {
	t.Helper()
	got, err := Status(t.Context(), admin, name)
	if want := (State{name, allows, backends}); err != nil || got != want {
		t.Errorf("the state is %+v, %v; want %+v", got, err, want)
	}
}

func TestTheFaultRefusesConnectionsUntilItIsOff(t *testing.T) {
	admin := realpart.Need(t, realpart.Postgres)
	name, _ := database(t, admin)
	expectState(t, admin, name, true, 0)
	victim := connect(t, at(t, admin, name, ""))
	expectState(t, admin, name, true, 1)

	if err := Database(t.Context(), admin, name, true); err != nil {
		t.Fatal(err)
	}
	if err := victim.Ping(t.Context()); err == nil {
		t.Error("an open connection was not terminated")
	}
	if c, err := pgx.Connect(t.Context(), at(t, admin, name, "")); err == nil {
		c.Close(t.Context())
		t.Error("a new connection was accepted during the fault")
	}
	expectState(t, admin, name, false, 0)
	if err := Database(t.Context(), admin, name, false); err != nil {
		t.Fatal(err)
	}
	connect(t, at(t, admin, name, ""))
	expectState(t, admin, name, true, 1)
}

// The owner of a database may switch connections off, but not terminate a
// superuser's connection.
func TestAnIncompleteFaultIsUndone(t *testing.T) {
	admin := realpart.Need(t, realpart.Postgres)
	name, conn := database(t, admin)
	owner := name + "_owner"
	if _, err := conn.Exec(t.Context(), `CREATE ROLE `+owner+` LOGIN; ALTER DATABASE `+name+` OWNER TO `+owner); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_, _ = conn.Exec(context.Background(), `ALTER DATABASE `+name+` OWNER TO CURRENT_USER`)
		_, _ = conn.Exec(context.Background(), `DROP ROLE `+owner)
	})
	connect(t, at(t, admin, name, ""))
	err := Database(t.Context(), at(t, admin, "postgres", owner), name, true)
	if pgErr, ok := errors.AsType[*pgconn.PgError](err); !ok || pgErr.Code != "42501" {
		t.Errorf("got %v, want insufficient_privilege (42501)", err)
	}
	expectState(t, admin, name, true, 1)
}

func TestStatusOfAnUnknownDatabaseIsAnError(t *testing.T) {
	admin := realpart.Need(t, realpart.Postgres)
	if _, err := Status(t.Context(), admin, "fault_none"); err == nil || !strings.Contains(err.Error(), "fault_none") {
		t.Errorf("got %v", err)
	}
}
