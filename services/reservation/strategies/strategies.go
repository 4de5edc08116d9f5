// Package strategies holds other ways to book, which group commit is compared
// with; one of them overbooks, and the checkers must detect it. Only benchmarks,
// campaigns and tests use it: cmd/benchreservationd runs the service with one of
// them, reservationd does not contain them.
//
// Each writes everything that a booking needs in one transaction: the
// reservation, the slot's counter, the idempotency record and the event. One has a
// row for each cover in place of the counter; it knows the slots that exist when it
// is opened.
package strategies

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"jari.example/internal/fault"
	"jari.example/internal/postgres"
	"jari.example/services/reservation"
	"jari.example/telemetry/pgxtelemetry"
)

// Names of the strategies.
const (
	OneStatement  = "one_statement"
	ForUpdate     = "for_update"
	SkipLocked    = "skip_locked"
	ReadThenWrite = "read_then_write" // overbooks
)

// connections is the pool's size if the URL has no pool_max_conns.
const connections = 12

// Booker implements [reservation.Store]'s Book with one of the strategies.
type Booker struct {
	pool  *pgxtelemetry.Pool
	store reservation.Store
	book  func(context.Context, *pgxpool.Pool, reservation.Booking) (attempt, error)
}

// Open connects to the database at url, which store has migrated, with the
// sessions' settings of the real store.
func Open(ctx context.Context, name, url string, sessions map[string]string, store reservation.Store) (*Booker, error) {
	b := &Booker{store: store}
	switch name {
	case OneStatement:
		b.book = oneStatement
	case ForUpdate:
		b.book = selectForUpdate
	case SkipLocked:
		b.book = skipLocked
	case ReadThenWrite:
		b.book = readThenWrite
	default:
		return nil, fmt.Errorf("there is no strategy %q: use %s, %s, %s or %s", name, OneStatement, ForUpdate, SkipLocked, ReadThenWrite)
	}
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, errors.New("database URL: PostgreSQL cannot parse it")
	}
	if !strings.Contains(url, "pool_max_conns") {
		config.MaxConns = connections
	}
	config.ConnConfig.RuntimeParams["timezone"] = "UTC"
	maps.Copy(config.ConnConfig.RuntimeParams, sessions) // the same settings, for a fair comparison
	if b.pool, err = pgxtelemetry.NewPool(ctx, "booking."+name, config); err != nil || name != SkipLocked {
		return b, err
	}
	return b, createCovers(ctx, b.pool.Pool)
}

// Close ends the connections.
func (b *Booker) Close() { b.pool.Close() }

// attempt is the result of one try: a stored result, a new reservation or, if
// neither is set, that it must be tried again.
type attempt struct {
	previous    uuid.UUID // reservation that the key has booked; Nil: none
	sameRequest bool      // previous belongs to the same request body
	booked      *reservation.Reservation
}

// maxAttempts bounds how often a booking is tried after conflicts.
const maxAttempts = 10

// Book sells the covers or returns [reservation.Booking.Refusal].
func (b *Booker) Book(ctx context.Context, q reservation.Booking) (reservation.Outcome, error) {
	for range maxAttempts {
		a, err := b.book(ctx, b.pool.Pool, q)
		switch {
		case isConflict(err) || err == nil && a == attempt{}:
		case err != nil:
			return reservation.Outcome{}, toFault(ctx, err)
		case a.previous != uuid.Nil && !a.sameRequest:
			return reservation.Outcome{}, reservation.KeyReused()
		case a.previous != uuid.Nil: // its present state; the real store returns the stored result
			r, err := b.store.Reservation(ctx, q.DinerID, a.previous)
			return reservation.Outcome{Reservation: r, Replayed: true}, err
		default:
			return reservation.Outcome{Reservation: *a.booked}, nil
		}
		select {
		case <-ctx.Done():
			return reservation.Outcome{}, toFault(ctx, ctx.Err())
		case <-time.After(rand.N(2 * time.Millisecond)):
		}
	}
	err := fault.New(fault.Unavailable, "unavailable", "Too many people want these seats at once. Please try again.").After(time.Second)
	return reservation.Outcome{}, err
}

// isConflict reports whether another transaction has just inserted the same key or
// reservation, or one of the two had to be aborted. The next attempt sees what it
// wrote.
func isConflict(err error) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (pg.Code == "23505" || pg.Code == "40P01" || pg.Code == "40001")
}

func toFault(ctx context.Context, err error) error {
	if _, refusal := errors.AsType[*fault.Error](err); !refusal && ctx.Err() != nil {
		err = ctx.Err()
	}
	return postgres.Explain(err)
}

// querier is a pool or a transaction.
type querier interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
}
