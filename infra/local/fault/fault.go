// Package fault breaks the local system on purpose, in a way that a diner and
// an on-call notice.
package fault

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// Database closes (on) or opens again a database to every connection.
// Postgres really refuses, as it would in an outage: no service is asked to
// pretend. admin is the URL of another database of the same server.
func Database(ctx context.Context, admin, name string, on bool) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, admin)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, fmt.Sprintf(`ALTER DATABASE %s ALLOW_CONNECTIONS %t`, pgx.Identifier{name}.Sanitize(), !on)); err != nil || !on {
		return err
	}
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
