// Package strategies books seats the ways that lost: what the grouped store is
// measured against, and what the checkers of correctness must convict. It
// serves the benchmark and the tests; no ordinary binary holds it (reservationd
// knows it under the build tag "strategies").
//
// Each of them writes all that a booking is: the row, the slot's counter, the
// remembered answer and the event, in one transaction.
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
	"jari.example/telemetry"
)

// Names of the strategies, the fairest loser first.
const (
	OneStatement  = "one_statement"
	ForUpdate     = "for_update"
	ReadThenWrite = "read_then_write" // overbooks
)

// connections is the pool's bound where the URL has no pool_max_conns, the same
// as the real store's.
const connections = 12

// Booker books as [reservation.Store] says, by one of the strategies.
type Booker struct {
	pool  *telemetry.Pool
	store reservation.Store
	book  func(context.Context, *pgxpool.Pool, reservation.Booking) (attempt, error)
}

// Open connects to the database at url, whose schema store has made. The
// strategy called name books there, in sessions with the store's own settings.
func Open(ctx context.Context, name, url string, sessions map[string]string, store reservation.Store) (*Booker, error) {
	b := &Booker{store: store}
	switch name {
	case OneStatement:
		b.book = oneStatement
	case ForUpdate:
		b.book = selectForUpdate
	case ReadThenWrite:
		b.book = readThenWrite
	default:
		return nil, fmt.Errorf("there is no strategy %q: take %s, %s or %s", name, OneStatement, ForUpdate, ReadThenWrite)
	}
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, errors.New("database URL: not one that PostgreSQL understands")
	}
	if !strings.Contains(url, "pool_max_conns") {
		config.MaxConns = connections
	}
	config.ConnConfig.RuntimeParams["timezone"] = "UTC"
	maps.Copy(config.ConnConfig.RuntimeParams, sessions) // the losers get the winner's care
	b.pool, err = telemetry.NewPool(ctx, "booking."+name, config)
	return b, err
}

// Close ends the connections.
func (b *Booker) Close() { b.pool.Close() }

// attempt is what an attempt has found out: a remembered booking, or a new one,
// or, without an error, that it must be tried again.
type attempt struct {
	previous    uuid.UUID // Nil: the key has not booked yet
	sameRequest bool      // old was made of the same body
	booked      *reservation.Reservation
}

// maxAttempts bounds how often a booking that lost against another is sent again.
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
		case a.previous != uuid.Nil: // as it is now, where the real store remembers it as it was
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
	return reservation.Outcome{}, fault.New(fault.Unavailable, "unavailable", "Too many people want these seats at once. Please try again.").
		After(time.Second)
}

// isConflict reports whether another transaction has just taken the same key or
// seat, or stood crosswise: the next attempt sees what it wrote.
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
