// Package fault breaks the local system on purpose, in a way that a diner and
// an on-call notice.
package fault

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// Database closes (on) or opens again a database to every connection.
// Postgres really refuses, as it would in an outage: no service is asked to
// pretend. admin is the URL of another database of the same server. A fault
// that cannot be made whole, or is interrupted, is taken back.
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
		if err != nil { // over another connection: an interrupted one is closed
			err = errors.Join(err, Database(context.WithoutCancel(ctx), admin, name, false))
		}
	}()
	// A connection that was just being made may appear after the first round.
	for {
		var open int
		err := conn.QueryRow(ctx, `SELECT count(*) FILTER (WHERE pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = $1`, name).Scan(&open)
		if err != nil || open == 0 {
			return err
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			return fmt.Errorf("%d connections to %s do not end: %w", open, name, ctx.Err())
		}
	}
}

// allow is not cut short: whether it took effect would be unknown.
func allow(ctx context.Context, conn *pgx.Conn, name string, connections bool) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	_, err := conn.Exec(ctx, fmt.Sprintf(`ALTER DATABASE %s ALLOW_CONNECTIONS %t`, pgx.Identifier{name}.Sanitize(), connections))
	return err
}

// State is how a database stands.
type State struct {
	Database string `json:"database"`
	Allows   bool   `json:"allows_connections"` // false: the fault is on
	Backends int    `json:"backends"`           // connections that are open
}

// Status looks at a database without connecting to it.
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
