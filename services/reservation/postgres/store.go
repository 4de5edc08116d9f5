// Package postgres keeps reservations in PostgreSQL. Bookings are written in
// groups, one transaction and one round trip for all that wait; every other
// change is decided in Go, between locking and writing. Locks are taken in one
// order everywhere: diners and restaurants (advisory), slots by id, reservations
// by id, idempotency keys.
package postgres

import (
	"context"
	"embed"
	"fmt"
	"maps"

	"jari.example/internal/postgres"
	"jari.example/services/reservation"
	"jari.example/services/reservation/jobs"
	"jari.example/services/reservation/observe"
	"jari.example/services/reservation/outbox"
	"jari.example/telemetry"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Store is a [reservation.Store], its [outbox.Store] and
// [jobs.Store].
type Store struct {
	pool    *telemetry.Pool
	reads   *telemetry.Pool // of those who wait for no writer, so that no crowd of writers keeps them out
	commits *groupCommitter
	limiter *concurrencyLimiter
	metrics observe.Metrics
}

var (
	_ reservation.Store = (*Store)(nil)
	_ outbox.Store      = (*Store)(nil)
	_ jobs.Store        = (*Store)(nil)
)

// Bounds of the pools. The writers' is the URL's pool_max_conns where it has one:
// all that can want a connection at once, so that nobody waits for one.
const (
	connections = workers + singleMax + maxCommands + 3 // the relay, a job, and who looks keys up
	readers     = 4
)

// sessionSettings plan each statement once, not each time for its arguments: that costs
// more than running it, 1 ms for the booking of one seat. A plan that is made
// while the tables are small must still be good when a rush has filled them.
//
// Without jit: a scan that cannot be avoided counts as dear with seqscans off,
// and would be compiled first, for 200 ms.
var sessionSettings = map[string]string{"plan_cache_mode": "force_generic_plan", "enable_seqscan": "off", "jit": "off"}

// SessionSettings are the settings of this store's sessions, for who compares it with
// another.
func SessionSettings() map[string]string { return maps.Clone(sessionSettings) }

// Open connects to the database at url and brings its schema up to date. While
// the database cannot be reached it tries again until ctx ends; waiting hears
// why, each time.
func Open(ctx context.Context, url string, waiting func(error)) (*Store, error) {
	pool, err := postgres.Open(ctx, postgres.Config{
		Name: "reservation", URL: url, Migrations: migrations, MaxConns: connections, Settings: sessionSettings, Waiting: waiting,
	})
	if err != nil {
		return nil, err
	}
	config := pool.Config()
	config.MaxConns, config.MinConns = min(readers, config.MaxConns), 0
	reads, err := telemetry.NewPool(ctx, "reservation.reads", config)
	if err != nil {
		pool.Close()
		return nil, fmt.Errorf("readers' pool: %w", err)
	}
	tally := observe.NewMetrics()
	return &Store{pool, reads, newGroupCommitter(pool, tally), newConcurrencyLimiter(), tally}, nil
}

// Close answers every booking that was accepted, waits for the other calls under
// way and closes the connections.
func (s *Store) Close() {
	s.commits.close()
	s.reads.Close()
	s.pool.Close()
}

// Ping reports whether the database answers.
func (s *Store) Ping(ctx context.Context) error { return toFault(ctx, s.pool.Ping(ctx)) }
