package fault

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"jari.example/internal/wait"
)

// Database switches the fault of a database on or off. While it is on, Postgres
// itself refuses every connection, as in an outage; no service simulates
// anything. admin is the URL of another database of the same server. If
// switching on fails or is interrupted halfway, it is undone.
func Database(ctx context.Context, admin, name string, on bool) (err error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, admin)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	if !on {
		return allow(ctx, conn, name, true)
	}
	if err := allow(ctx, conn, name, false); err != nil {
		return err
	}
	defer func() {
		if err != nil { // over a new connection: an interrupted one is closed
			err = errors.Join(err, Database(context.WithoutCancel(ctx), admin, name, false))
		}
	}()
	return terminate(ctx, conn, name)
}

// terminate ends the open connections to a database until there are none: a
// connection that was being opened may appear after the first round.
func terminate(ctx context.Context, conn *pgx.Conn, name string) error {
	const query = `SELECT count(*) FILTER (WHERE pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = $1`
	var open int
	var err error
	if waitErr := wait.Until(ctx, 20*time.Millisecond, func() bool {
		err = conn.QueryRow(ctx, query, name).Scan(&open)
		return err != nil || open == 0
	}); waitErr != nil {
		return fmt.Errorf("%d connections to %s do not end: %w", open, name, waitErr)
	}
	return err
}

// allow is not interrupted by ctx: whether it took effect would be unknown.
func allow(ctx context.Context, conn *pgx.Conn, name string, connections bool) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	_, err := conn.Exec(ctx, fmt.Sprintf(`ALTER DATABASE %s ALLOW_CONNECTIONS %t`, pgx.Identifier{name}.Sanitize(), connections))
	return err
}

// State is the state of a database.
type State struct {
	Database string `json:"database"`
	Allows   bool   `json:"allows_connections"` // false: the fault is on
	Backends int    `json:"backends"`           // connections that are open
}

// Status reads the state of a database without connecting to it.
func Status(ctx context.Context, admin, name string) (State, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	s := State{Database: name}
	conn, err := pgx.Connect(ctx, admin)
	if err != nil {
		return s, err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	err = conn.QueryRow(ctx, `SELECT datallowconn, (SELECT count(*) FROM pg_stat_activity a WHERE a.datname = d.datname)
		FROM pg_database d WHERE datname = $1`, name).Scan(&s.Allows, &s.Backends)
	if errors.Is(err, pgx.ErrNoRows) {
		return s, fmt.Errorf("there is no database %s", name)
	}
	return s, err
}
