// Package postgres stores reservations in PostgreSQL. Bookings are committed in
// groups, one transaction and one round trip for all that wait (groupCommitter);
// every other command is decided in Go, between locking and writing (Execute).
//
// Locks are taken in one order everywhere: advisory locks of diners and
// restaurants, slots by id, reservations by id, idempotency records by key.
package postgres

import (
	"context"
	"embed"
	"fmt"
	"log/slog"
	"maps"

	"jari.example/internal/postgres"
	"jari.example/services/reservation"
	"jari.example/services/reservation/jobs"
	"jari.example/services/reservation/observe"
	"jari.example/services/reservation/outbox"
	"jari.example/telemetry/pgxtelemetry"
)

//go:embed migrations/*.sql
var migrations embed.FS

// scope names this package's spans and instruments.
const scope = "jari.example/services/reservation/postgres"

// Store implements [reservation.Store], [outbox.Store] and [jobs.Store].
type Store struct {
	pool    *pgxtelemetry.Pool
	reads   *pgxtelemetry.Pool // of queries that wait for no writer, so that writers cannot exhaust it
	commits *groupCommitter
	limiter *concurrencyLimiter
	metrics observe.Metrics
}

var (
	_ reservation.Store = (*Store)(nil)
	_ outbox.Store      = (*Store)(nil)
	_ jobs.Store        = (*Store)(nil)
)

// The sizes of the pools. The writers' is the URL's pool_max_conns where it has
// one; otherwise it covers everybody who can want a connection at once, so that
// nobody waits for one.
const (
	connections = workers + singleMax + maxCommands + 3 // the relay, a job, and key lookups
	readers     = 4
)

// sessionSettings plan each statement once, not for each execution: planning
// costs more than running, 1 ms for the booking of one seat. A plan made while
// the tables are small must still be good when a burst has filled them.
//
// jit is off: with enable_seqscan off, a sequential scan that cannot be avoided
// counts as expensive and would be compiled first, which took 200 ms.
var sessionSettings = map[string]string{"plan_cache_mode": "force_generic_plan", "enable_seqscan": "off", "jit": "off"}

// SessionSettings returns the settings of this store's sessions, for comparisons
// with other ways of booking.
func SessionSettings() map[string]string { return maps.Clone(sessionSettings) }

// Open connects to the database at url and migrates its schema. While the
// database cannot be reached it retries until ctx ends, and calls waiting with
// the reason of each failure.
func Open(ctx context.Context, url string, waiting func(error)) (*Store, error) {
	pool, err := postgres.Open(ctx, postgres.Config{
		Name: "reservation", URL: url, Migrations: migrations, MaxConns: connections, Settings: sessionSettings, Waiting: waiting,
	})
	if err != nil {
		return nil, err
	}
	config := pool.Config()
	config.MaxConns, config.MinConns = min(readers, config.MaxConns), 0
	reads, err := pgxtelemetry.NewPool(ctx, "reservation.reads", config)
	if err != nil {
		pool.Close()
		return nil, fmt.Errorf("readers' pool: %w", err)
	}
	metrics := observe.NewMetrics()
	return &Store{pool, reads, newGroupCommitter(pool, metrics), newConcurrencyLimiter(), metrics}, nil
}

// Close completes every admitted booking, waits for the calls in progress and
// closes the connections.
func (s *Store) Close() {
	s.commits.close()
	s.reads.Close()
	s.pool.Close()
}

// Book implements [reservation.Store].
func (s *Store) Book(ctx context.Context, b reservation.Booking) (reservation.Outcome, error) {
	return s.commits.Do(ctx, b)
}

// LogOffers makes the store log each offer that it commits. Call it before any
// command.
func (s *Store) LogOffers(l *slog.Logger) { s.metrics = s.metrics.WithLogger(l) }

// Ping reports whether the database answers.
func (s *Store) Ping(ctx context.Context) error { return toFault(ctx, s.pool.Ping(ctx)) }
