// Package postgres holds what the services' PostgreSQL stores share: opening a
// pool on a migrated schema, and turning errors of pgx into faults.
package postgres

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/puddle/v2"
	"github.com/jackc/tern/v2/migrate"

	"jari.example/internal/fault"
	"jari.example/internal/faultinject"
	"jari.example/telemetry/pgxtelemetry"
)

// defaultConnections bounds the pool when neither the URL nor the store does.
const defaultConnections = 8

// Config describes the pool that Open returns.
type Config struct {
	Name       string // of the pool, in metrics
	URL        string
	Migrations fs.FS             // tern's files, migrations/001_….sql
	MaxConns   int32             // used when the URL has no pool_max_conns; 8 when 0
	Settings   map[string]string // of each session, such as plan_cache_mode
	Waiting    func(error)       // called before each retry with its cause; may be nil
}

// Open connects and migrates the schema. A lock lets replicas that start together
// migrate one after another. While the database is unavailable Open retries with
// exponential backoff until ctx ends. Statements are traced by their names
// (pgxtelemetry).
func Open(ctx context.Context, c Config) (*pgxtelemetry.Pool, error) {
	config, err := pgxpool.ParseConfig(c.URL)
	if err != nil {
		return nil, errors.New("database URL: PostgreSQL cannot parse it") // err would print the password
	}
	if !strings.Contains(c.URL, "pool_max_conns") {
		config.MaxConns = c.MaxConns
		if c.MaxConns == 0 {
			config.MaxConns = defaultConnections
		}
	}
	// Shorter than a caller's timeout, so that the caller gets our error.
	config.ConnConfig.ConnectTimeout = 1500 * time.Millisecond
	config.ConnConfig.RuntimeParams["timezone"] = "UTC"
	maps.Copy(config.ConnConfig.RuntimeParams, c.Settings)
	files, err := fs.Sub(c.Migrations, "migrations")
	if err != nil {
		return nil, fmt.Errorf("migrations: %w", err)
	}
	pool, err := pgxtelemetry.NewPool(ctx, c.Name, config)
	if err != nil {
		return nil, fmt.Errorf("database pool: %w", err)
	}
	if err := migrateWithRetry(ctx, config.ConnConfig, files, c.Waiting); err != nil {
		pool.Close()
		return nil, fmt.Errorf("database: %w", err)
	}
	keepBusy(pool)
	return pool, nil
}

// keepBusy lets the pool be busy, until it is closed, as the process's feature flags say.
func keepBusy(pool *pgxtelemetry.Pool) {
	faults := faultinject.Process()
	if faults == nil {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	go faults.KeepBusy(ctx, int(pool.Config().MaxConns), func(ctx context.Context) (release func(), err error) {
		conn, err := pool.Acquire(ctx)
		if errors.Is(err, puddle.ErrClosedPool) {
			cancel()
		}
		if err != nil {
			return nil, err
		}
		return conn.Release, nil
	})
}

// migrateWithRetry retries while the database is unavailable, after 100 ms first
// and 2 s at most. When ctx ends, the error names the last cause too.
func migrateWithRetry(ctx context.Context, config *pgx.ConnConfig, files fs.FS, waiting func(error)) error {
	var last error
	_, err := backoff.Retry(ctx, func() (struct{}, error) {
		err := migrateOnce(ctx, config, files)
		if err != nil && fault.CodeOf(Explain(err)) != fault.Unavailable {
			err = backoff.Permanent(err)
		}
		return struct{}{}, err
	},
		backoff.WithBackOff(&backoff.ExponentialBackOff{
			InitialInterval: 100 * time.Millisecond, Multiplier: 2, MaxInterval: 2 * time.Second,
		}),
		backoff.WithMaxElapsedTime(0), // ctx alone ends it
		backoff.WithNotify(func(err error, _ time.Duration) {
			last = err
			if waiting != nil {
				waiting(err)
			}
		}))
	if err != nil && last != nil && ctx.Err() != nil {
		return fmt.Errorf("%w; last attempt: %w", err, last)
	}
	return err
}

// migrateOnce uses a connection of its own: the lock that keeps replicas from
// migrating at the same time belongs to the session.
func migrateOnce(ctx context.Context, config *pgx.ConnConfig, files fs.FS) error {
	config = config.Copy()
	config.Tracer = nil
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	m, err := migrate.NewMigrator(ctx, conn, "schema_version")
	if err != nil {
		return err
	}
	if err := m.LoadMigrations(files); err != nil {
		return err
	}
	err = m.Migrate(ctx)
	if _, bad := errors.AsType[migrate.BadVersionError](err); bad {
		// A later release has migrated already, as in each deployment: what it needs it has added, and
		// this one finds all it knows. Else no process of this one could start again, nor a roll-back.
		if version, readErr := m.GetCurrentVersion(ctx); readErr == nil && int(version) > len(m.Migrations) {
			return nil
		}
	}
	return err
}
