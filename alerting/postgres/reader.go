package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgxpool"

	"jari.example/internal/postgres"
	"jari.example/telemetry/pgxtelemetry"
)

// OpenReader connects to the database at url, whose schema a daemon has created.
// The server refuses every write of the Store, and no other session waits for it.
func OpenReader(ctx context.Context, url string) (*Store, error) { return openClient(ctx, url, true) }

// OpenClient connects to the database at url, whose schema a daemon has created, for
// a command that acts on incidents.
func OpenClient(ctx context.Context, url string) (*Store, error) { return openClient(ctx, url, false) }

func openClient(ctx context.Context, url string, readOnly bool) (*Store, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, errors.New("database URL: PostgreSQL cannot parse it") // err would print the password
	}
	config.MaxConns = 1
	config.ConnConfig.RuntimeParams["timezone"] = "UTC"
	if readOnly {
		config.ConnConfig.RuntimeParams["default_transaction_read_only"] = "on"
	}
	pool, err := pgxtelemetry.NewPool(ctx, "alerting", config)
	if err != nil {
		return nil, fmt.Errorf("database pool: %w", err)
	}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return nil, fmt.Errorf("database: %w", postgres.Explain(err))
	}
	return &Store{pool}, nil
}
