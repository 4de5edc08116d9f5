package fault

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"jari.example/internal/wait"
)

// session opens a connection that pg_stat_activity shows as ours. It ends with this
// process, and so does what it holds.
func session(ctx context.Context, url string) (*pgx.Conn, error) {
	cfg, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, err
	}
	cfg.RuntimeParams["application_name"] = "injected fault"
	return pgx.ConnectConfig(ctx, cfg)
}

// Lock holds an exclusive lock on a table of the database, as a migration does that
// nobody finishes: every other statement on the table waits. end releases it.
func Lock(ctx context.Context, url, table string) (end func(context.Context) error, err error) {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	conn, err := session(ctx, url)
	if err != nil {
		return nil, err
	}
	_, err = conn.Exec(ctx, `SET idle_in_transaction_session_timeout = 0; SET lock_timeout = '15s'; BEGIN;
		LOCK TABLE `+pgx.Identifier{table}.Sanitize()+` IN ACCESS EXCLUSIVE MODE`)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("lock %s: %w", table, err), conn.Close(context.WithoutCancel(ctx)))
	}
	return conn.Close, nil
}

// Exhaust takes every connection that the server of admin accepts, and ends those to
// the database name, whose places it takes, too. Sessions of other databases that are
// open go on. It keeps taking what becomes free until end is called.
func Exhaust(ctx context.Context, admin, name string) (end func(context.Context) error, err error) {
	e := &exhaustion{url: admin}
	first, err := session(ctx, admin) // it terminates the others, when there is no place for a new one
	if err != nil {
		return nil, err
	}
	e.held = append(e.held, first)
	if err := e.fill(ctx); err != nil {
		return nil, errors.Join(err, e.close(ctx))
	}
	background, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var done sync.WaitGroup
	done.Go(func() {
		for background.Err() == nil {
			if e.held[0].IsClosed() { // the server was restarted
				e.renew(background)
			}
			// Each round takes places more quickly than a pool, which waits between attempts.
			_, _ = e.held[0].Exec(background, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1`, name)
			_ = e.fill(background)
			_ = wait.For(background, 5*time.Millisecond)
		}
	})
	return func(ctx context.Context) error {
		cancel()
		done.Wait()
		return e.close(ctx)
	}, nil
}

// exhaustion is a set of sessions, of which all but the first do nothing.
type exhaustion struct {
	url  string
	held []*pgx.Conn
}

// renew opens the first session again after a restart of the server, which has ended all.
func (e *exhaustion) renew(ctx context.Context) {
	if first, err := session(ctx, e.url); err == nil {
		e.held = []*pgx.Conn{first}
	}
}

// fill opens sessions until the server refuses one.
func (e *exhaustion) fill(ctx context.Context) error {
	for ctx.Err() == nil {
		conn, err := session(ctx, e.url)
		if refused, ok := errors.AsType[*pgconn.PgError](err); ok && refused.Code == "53300" { // too_many_connections
			return nil
		}
		if err != nil {
			return err
		}
		e.held = append(e.held, conn)
	}
	return ctx.Err()
}

// close ends the sessions, the last one first, since the first one may be in use.
func (e *exhaustion) close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	for _, conn := range slices.Backward(e.held) {
		_ = conn.Close(ctx) // the server may have ended it
	}
	return ctx.Err()
}
