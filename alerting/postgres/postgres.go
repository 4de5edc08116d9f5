// Package postgres keeps buckets, incidents, the outbox and the lease in
// PostgreSQL, and brings its own schema up to date.
package postgres

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/tern/v2/migrate"

	"jari.example/alerting/lease"
	"jari.example/telemetry/pgxtelemetry"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Store implements every store of alerting.
type Store struct{ pool *pgxtelemetry.Pool }

// Open connects to the database at url and migrates it. Several replicas may
// do so at once: the migration takes a lock.
func Open(ctx context.Context, url string) (*Store, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		// pgx's message holds the URL without its password.
		return nil, fmt.Errorf("read the database's URL: %w", err)
	}
	config.MaxConns = 4
	pool, err := pgxtelemetry.NewPool(ctx, "alerting", config)
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	if err := pool.AcquireFunc(ctx, func(c *pgxpool.Conn) error { return migrateUp(ctx, c.Conn()) }); err != nil {
		pool.Close()
		return nil, fmt.Errorf("migrate: %w", err)
	}
	return &Store{pool}, nil
}

func migrateUp(ctx context.Context, conn *pgx.Conn) error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	m, err := migrate.NewMigrator(ctx, conn, "schema_version")
	if err != nil {
		return err
	}
	if err := m.LoadMigrations(files); err != nil {
		return err
	}
	return m.Migrate(ctx)
}

// Close gives the connections back.
func (s *Store) Close() { s.pool.Close() }

// Ping asks whether the database answers.
func (s *Store) Ping(ctx context.Context) error { return s.pool.Ping(ctx) }

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

// fenced runs f in a transaction that holds the lease of term until it ends.
func (s *Store) fenced(ctx context.Context, term lease.Term, f func(pgx.Tx) error) error {
	return pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		var now lease.Term
		// The share lock makes a new holder wait for our commit; renewing
		// our own lease waits a moment, too.
		err := tx.QueryRow(ctx, `-- name: alerting.lease.check
select term from lease for share`).Scan(&now)
		if errors.Is(err, pgx.ErrNoRows) || err == nil && now != term {
			return lease.ErrLost
		}
		if err != nil {
			return err
		}
		return f(tx)
	})
}
