package postgres

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype/zeronull"

	"jari.example/internal/backlog"
	"jari.example/services/reservation"
)

// leaseSQL skips events that another relay is leasing at this moment, and events
// with an older one of the same reservation. ARRAY makes PostgreSQL choose, and
// lock, the rows once.
const leaseSQL = `-- name: reservation.outbox.lease
UPDATE outbox SET due_at = $3, attempts = attempts + 1
WHERE id = ANY (ARRAY(
  SELECT id FROM outbox o
  WHERE due_at <= $2 AND NOT EXISTS (SELECT FROM outbox e WHERE e.reservation_id = o.reservation_id AND e.id < o.id)
  ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED))
RETURNING id, event_id, kind, payload, previous, reason, traceparent, created_at, attempts`

type eventRow struct {
	ID          int64
	EventID     uuid.UUID
	Kind        string
	Payload     row
	Previous    *reservation.Visit
	Reason      string
	Traceparent string
	CreatedAt   time.Time
	Attempts    int
}

// Lease implements [outbox.Store].
func (s *Store) Lease(ctx context.Context, n int, now, until time.Time) ([]reservation.Event, error) {
	rows, _ := s.pool.Query(ctx, leaseSQL, n, now, until)
	events, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (reservation.Event, error) {
		e, err := pgx.RowToStructByName[eventRow](r)
		return reservation.Event{
			Seq: e.ID, ID: e.EventID, Kind: e.Kind, OccurredAt: e.CreatedAt.UTC(),
			Reservation: e.Payload.reservation(), Previous: e.Previous, Reason: e.Reason,
			Traceparent: e.Traceparent, Attempts: e.Attempts,
		}, err
	})
	slices.SortFunc(events, func(a, b reservation.Event) int { return int(a.Seq - b.Seq) }) // RETURNING has no order
	return events, toFault(ctx, err)
}

// Delivered implements [outbox.Store].
func (s *Store) Delivered(ctx context.Context, seq int64) error {
	_, err := s.pool.Exec(ctx, "-- name: reservation.outbox.delivered\nDELETE FROM outbox WHERE id = $1", seq)
	return toFault(ctx, err)
}

// Postpone implements [outbox.Store].
func (s *Store) Postpone(ctx context.Context, seq int64, due time.Time) error {
	_, err := s.pool.Exec(ctx, "-- name: reservation.outbox.postpone\nUPDATE outbox SET due_at = $2 WHERE id = $1", seq, due)
	return toFault(ctx, err)
}

const backlogSQL = `-- name: reservation.outbox.backlog
SELECT count(*), min(created_at) FROM (SELECT created_at FROM outbox ORDER BY id LIMIT $1) o`

// Backlog implements [backlog.Queue].
func (s *Store) Backlog(ctx context.Context) (b backlog.Backlog, err error) {
	err = s.reads.QueryRow(ctx, backlogSQL, backlog.MaxCount).Scan(&b.Waiting, (*zeronull.Timestamptz)(&b.Oldest))
	return b, toFault(ctx, err)
}
