// Package postgres keeps reservations in PostgreSQL. Each call is one
// transaction in one round trip; locks are taken in one order everywhere: slots
// by id, then reservations, then idempotency keys.
package postgres

import (
	"context"
	"embed"
	"errors"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"jari.example/services/internal/postgres"
	"jari.example/services/reservation"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Store is a [reservation.Store] and a [reservation.Outbox].
type Store struct{ pool *pgxpool.Pool }

var (
	_ reservation.Store  = (*Store)(nil)
	_ reservation.Outbox = (*Store)(nil)
)

// connections is the pool's bound where the URL has no pool_max_conns: seats
// are sold one lock at a time, so more would only wait inside the server.
const connections = 12

// Open connects to the database at url and brings its schema up to date. While
// the database cannot be reached it tries again until ctx ends; waiting hears
// why, each time.
func Open(ctx context.Context, url string, waiting func(error)) (*Store, error) {
	pool, err := postgres.Open(ctx, postgres.Config{URL: url, Migrations: migrations, MaxConns: connections, Waiting: waiting})
	if err != nil {
		return nil, err
	}
	return &Store{pool}, nil
}

// Close waits for the calls under way and closes the connections.
func (s *Store) Close() { s.pool.Close() }

// Ping reports whether the database answers.
func (s *Store) Ping(ctx context.Context) error { return explain(ctx, s.pool.Ping(ctx)) }

const getSQL = `-- name: reservation.get
SELECT ` + columns + ` FROM reservations WHERE id = $1 AND diner_id = $2`

// Reservation implements [reservation.Store].
func (s *Store) Reservation(ctx context.Context, diner, id uuid.UUID) (reservation.Reservation, error) {
	rows, _ := s.pool.Query(ctx, getSQL, id, diner)
	r, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[row])
	if errors.Is(err, pgx.ErrNoRows) {
		return reservation.Reservation{}, reservation.NotFound()
	}
	return r.reservation(), explain(ctx, err)
}

const listSQL = `-- name: reservation.list
SELECT ` + columns + ` FROM reservations
WHERE diner_id = $1 AND ($2 = '' OR status = $2) AND ($3 OR (starts_at, id) < ($4, $5))
ORDER BY starts_at DESC, id DESC LIMIT $6`

// Reservations implements [reservation.Store].
func (s *Store) Reservations(ctx context.Context, q reservation.Query) ([]reservation.Reservation, error) {
	rows, _ := s.pool.Query(ctx, listSQL, q.DinerID, string(q.Status),
		q.After == reservation.Position{}, q.After.Start, q.After.ID, q.Limit)
	list, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (reservation.Reservation, error) {
		found, err := pgx.RowToStructByName[row](r)
		return found.reservation(), err
	})
	return list, explain(ctx, err)
}

const availabilitySQL = `-- name: reservation.availability
SELECT id, restaurant_id, starts_at, ends_at, time_zone, party_min, party_max, wanted_capacity, capacity, booked
FROM slots
WHERE restaurant_id = $1 AND starts_at >= $2 AND starts_at < $3
  AND capacity = wanted_capacity AND capacity - booked >= $4 AND $4 BETWEEN party_min AND party_max
ORDER BY starts_at`

// Free implements [reservation.Store].
func (s *Store) Free(ctx context.Context, q reservation.Window) ([]reservation.Slot, error) {
	rows, _ := s.pool.Query(ctx, availabilitySQL, q.RestaurantID, q.From, q.To, q.Party)
	list, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (reservation.Slot, error) {
		found, err := pgx.RowToStructByName[slotRow](r)
		return found.slot(), err
	})
	return list, explain(ctx, err)
}
