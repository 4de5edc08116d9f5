// Package postgres keeps events in PostgreSQL.
package postgres

import (
	"context"
	"embed"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"jari.example/services/internal/postgres"
	"jari.example/services/notification"
	"jari.example/telemetry"
)

//go:embed migrations
var migrations embed.FS

// Store is the table events.
type Store struct{ pool *pgxpool.Pool }

var _ notification.Store = (*Store)(nil)

// Open connects to url, brings the schema up to date and returns the store;
// waiting hears each time the server could not be reached.
func Open(ctx context.Context, url string, waiting func(error)) (*Store, error) {
	pool, err := postgres.Open(ctx, postgres.Config{URL: url, Migrations: migrations, Waiting: waiting})
	if err != nil {
		return nil, err
	}
	return &Store{pool}, nil
}

// Close ends the store's connections.
func (s *Store) Close() { s.pool.Close() }

// Ping reports whether the database answers.
func (s *Store) Ping(ctx context.Context) error { return postgres.Explain(s.pool.Ping(ctx)) }

const addSQL = `-- name: notification.event.add
insert into events (id, kind, occurred_at, diner_id, reservation_id, restaurant_id, slot_id,
  starts_at, time_zone, party, note, traceparent, accepted_at, due_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13)
on conflict (id) do nothing`

// Add implements notification.Store.
func (s *Store) Add(ctx context.Context, e notification.Event, now time.Time) (bool, error) {
	v := e.Reservation
	tag, err := s.pool.Exec(ctx, addSQL, e.ID, e.Kind, e.OccurredAt, e.DinerID, v.ID, v.RestaurantID, v.SlotID,
		v.Start, v.TimeZone, v.Party, v.Note.Reveal(), e.Traceparent, now)
	return tag.RowsAffected() == 1, postgres.Explain(err)
}

// leaseSQL skips what another postman is leasing at this moment, and every
// event behind an unsettled one of the same reservation.
const leaseSQL = `-- name: notification.event.lease
update events set due_at = $3, attempts = attempts + 1
where seq in (
  select seq from events e
  where state = 'pending' and due_at <= $2 and not exists (
    select from events o where o.reservation_id = e.reservation_id and o.state = 'pending' and o.seq < e.seq)
  order by seq limit $1 for update skip locked)
returning seq, id, kind, occurred_at, diner_id, reservation_id, restaurant_id, slot_id,
  starts_at, time_zone, party, note, traceparent, attempts`

type leased struct {
	notification.Job
	seq int64
}

// Lease implements notification.Store.
func (s *Store) Lease(ctx context.Context, n int, now, until time.Time) ([]notification.Job, error) {
	rows, _ := s.pool.Query(ctx, leaseSQL, n, now, until) // its error comes with the rows
	found, err := pgx.CollectRows(rows, scan)
	if err != nil {
		return nil, postgres.Explain(err)
	}
	slices.SortFunc(found, func(a, b leased) int { return int(a.seq - b.seq) }) // RETURNING keeps no order
	jobs := make([]notification.Job, len(found))
	for i, f := range found {
		jobs[i] = f.Job
	}
	return jobs, nil
}

func scan(row pgx.CollectableRow) (l leased, err error) {
	var note string
	v := &l.Reservation
	err = row.Scan(&l.seq, &l.ID, &l.Kind, &l.OccurredAt, &l.DinerID, &v.ID, &v.RestaurantID, &v.SlotID,
		&v.Start, &v.TimeZone, &v.Party, &note, &l.Traceparent, &l.Attempts)
	v.Note = telemetry.NewSecret(note)
	return l, err
}

// Sent implements notification.Store.
func (s *Store) Sent(ctx context.Context, id uuid.UUID, at time.Time) error {
	return s.exec(ctx, `-- name: notification.event.sent
update events set state = 'sent', settled_at = $2, note = '' where id = $1 and state = 'pending'`, id, at)
}

// Postpone implements notification.Store.
func (s *Store) Postpone(ctx context.Context, id uuid.UUID, due time.Time) error {
	return s.exec(ctx, `-- name: notification.event.postpone
update events set due_at = $2 where id = $1 and state = 'pending'`, id, due)
}

// Fail implements notification.Store.
func (s *Store) Fail(ctx context.Context, id uuid.UUID, at time.Time, reason string) error {
	return s.exec(ctx, `-- name: notification.event.fail
update events set state = 'failed', settled_at = $2, reason = $3, note = '' where id = $1 and state = 'pending'`, id, at, reason)
}

func (s *Store) exec(ctx context.Context, sql string, args ...any) error {
	_, err := s.pool.Exec(ctx, sql, args...)
	return postgres.Explain(err)
}
