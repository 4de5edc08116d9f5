// Package postgres stores buckets, incidents, the outbox and the lease in
// PostgreSQL, and brings its own schema up to date.
package postgres

import (
	"context"
	"embed"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"jari.example/alerting/lease"
	"jari.example/internal/postgres"
	"jari.example/telemetry/pgxtelemetry"
)

//go:embed migrations/*.sql
var migrations embed.FS

const maxConns = 5 // a tick, a delivery, a chart, the lease and a probe

// maxIdle is how long a transaction may wait for its client. A holder of the lease that
// is stopped inside a fenced transaction keeps the lease's row locked, so that no other
// replica can take over: PostgreSQL ends its session then, before the lease has ended.
// https://www.postgresql.org/docs/current/runtime-config-client.html#GUC-IDLE-IN-TRANSACTION-SESSION-TIMEOUT
const maxIdle = "4s"

// Store implements every store of alerting.
type Store struct{ pool *pgxtelemetry.Pool }

// Open connects to the database at url and brings its schema up to date. While
// the database cannot be reached it calls waiting with the reason and tries
// again, until ctx ends.
func Open(ctx context.Context, url string, waiting func(error)) (*Store, error) {
	pool, err := postgres.Open(ctx, postgres.Config{
		Name: "alerting", URL: url, Migrations: migrations, MaxConns: maxConns, Waiting: waiting,
		Settings: map[string]string{"idle_in_transaction_session_timeout": maxIdle},
	})
	if err != nil {
		return nil, err
	}
	return &Store{pool}, nil
}

// Close closes the connections.
func (s *Store) Close() { s.pool.Close() }

// Ping fails when the database cannot be reached.
func (s *Store) Ping(ctx context.Context) error { return postgres.Explain(s.pool.Ping(ctx)) }

// Acquire implements lease.Store.
func (s *Store) Acquire(ctx context.Context, holder string, ttl time.Duration) (term lease.Term, ok bool, err error) {
	err = s.pool.QueryRow(ctx, `-- name: alerting.lease.acquire
		insert into lease as l (holder, term, expires_at) values ($1, 1, clock_timestamp() + $2)
		on conflict (id) do update
		set holder = $1, expires_at = excluded.expires_at,
		    term = l.term + case when l.holder = $1 then 0 else 1 end
		where l.holder = $1 or l.expires_at < clock_timestamp()
		returning term`, holder, ttl).Scan(&term)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, false, nil
	}
	return term, err == nil, err
}

// Release implements lease.Store.
func (s *Store) Release(ctx context.Context, holder string) error {
	_, err := s.pool.Exec(ctx, `-- name: alerting.lease.release
update lease set holder = '', expires_at = '-infinity' where holder = $1`, holder)
	return err
}

// fenced runs f in a transaction that fails with lease.ErrLost unless term is
// current, and during which no other holder can acquire the lease.
func (s *Store) fenced(ctx context.Context, term lease.Term, f func(pgx.Tx) error) error {
	return pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		var current lease.Term
		// The share lock makes a new holder wait for this commit. Renewing our
		// own lease waits for it, too.
		err := tx.QueryRow(ctx, `-- name: alerting.lease.check
select term from lease for share`).Scan(&current)
		if errors.Is(err, pgx.ErrNoRows) || err == nil && current != term {
			return lease.ErrLost
		}
		if err != nil {
			return err
		}
		return f(tx)
	})
}
