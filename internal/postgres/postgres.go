// Package postgres is what the services' PostgreSQL stores have in common:
// opening a pool on a migrated schema, and telling faults apart.
package postgres

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/tern/v2/migrate"

	"jari.example/internal/fault"
	"jari.example/telemetry/pgxtelemetry"
)

// defaultConnections is the pool's bound where neither the URL nor the store
// has one.
const defaultConnections = 8

// Config says what to open.
type Config struct {
	Name       string // of the pool, in metrics
	URL        string
	Migrations fs.FS             // tern's files, migrations/001_….sql
	MaxConns   int32             // used where the URL has no pool_max_conns; 8 when 0
	Settings   map[string]string // of each session, such as plan_cache_mode
	Waiting    func(error)       // hears why, each time the database could not be reached; may be nil
}

// Open connects and brings the schema up to date; replicas that start together
// take turns. While the database cannot be reached it tries again until ctx
// ends. Statements are traced by their names (pgxtelemetry).
func Open(ctx context.Context, c Config) (*pgxtelemetry.Pool, error) {
	config, err := pgxpool.ParseConfig(c.URL)
	if err != nil {
		return nil, errors.New("database URL: not one that PostgreSQL understands") // err would print the password
	}
	if !strings.Contains(c.URL, "pool_max_conns") {
		config.MaxConns = c.MaxConns
		if c.MaxConns == 0 {
			config.MaxConns = defaultConnections
		}
	}
	// A server that refuses or vanishes is noticed before a caller loses patience.
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
	for wait := 100 * time.Millisecond; ; wait = min(2*wait, 2*time.Second) {
		err := migrateUp(ctx, config.ConnConfig, files)
		if err == nil {
			return pool, nil
		}
		if fault.CodeOf(Explain(err)) != fault.Unavailable || ctx.Err() != nil {
			pool.Close()
			return nil, fmt.Errorf("database: %w", err)
		}
		if c.Waiting != nil {
			c.Waiting(err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
	}
}

// migrateUp runs on a connection of its own: the lock that keeps replicas from
// migrating at once belongs to the session.
func migrateUp(ctx context.Context, config *pgx.ConnConfig, files fs.FS) error {
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
	return m.Migrate(ctx)
}
