package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"jari.example/services/reservation"
	"jari.example/services/reservation/jobs"
	"jari.example/telemetry"
)

const expirySQL = `-- name: reservation.due
SELECT slot_id FROM reservations WHERE status = 'offered' AND offer_ends_at <= $1
UNION
SELECT r.slot_id FROM reservations r JOIN slots s ON s.id = r.slot_id WHERE r.status = 'waiting' AND s.cancel_until <= $1
LIMIT $2`

// SlotsWithExpiry implements [jobs.Store].
func (s *Store) SlotsWithExpiry(ctx context.Context, now time.Time, n int) ([]reservation.SlotID, error) {
	rows, _ := s.pool.Query(ctx, expirySQL, now, n)
	list, err := pgx.CollectRows(rows, pgx.RowTo[reservation.SlotID])
	return list, toFault(ctx, err)
}

// RestaurantsToGenerate implements [jobs.Store].
func (s *Store) RestaurantsToGenerate(ctx context.Context, before time.Time, n int) ([]string, error) {
	rows, _ := s.pool.Query(ctx, `-- name: reservation.unmade
SELECT restaurant_id FROM schedules WHERE made_at < $1 ORDER BY made_at LIMIT $2`, before, n)
	list, err := pgx.CollectRows(rows, pgx.RowTo[string])
	return list, toFault(ctx, err)
}

// remindSQL locks only the rows it changes, and skips those that another
// transaction holds: a later run finds them. A reservation that was moved to
// another day gets a reminder of that day.
const remindSQL = `-- name: reservation.remind
WITH due AS MATERIALIZED (
  SELECT r.id FROM reservations r
  WHERE slot_id = ANY (ARRAY(SELECT id FROM slots WHERE starts_at > $1 AND starts_at < $2))
    AND status = 'confirmed' AND diner_id IS NOT NULL AND updated_at < starts_at - $3::interval
    AND reminded_at IS DISTINCT FROM starts_at
  LIMIT $4 FOR NO KEY UPDATE SKIP LOCKED),
r AS (UPDATE reservations SET reminded_at = starts_at FROM due WHERE reservations.id = due.id RETURNING reservations.*)
INSERT INTO outbox (event_id, reservation_id, kind, payload, traceparent, created_at, due_at)
SELECT gen_random_uuid(), id, $5, to_jsonb(r), $6, $1, $1 FROM r`

// EnqueueReminders implements [jobs.Store].
func (s *Store) EnqueueReminders(ctx context.Context, now, before time.Time, n int) (int, error) {
	tag, err := s.pool.Exec(ctx, remindSQL, now, before, reservation.ReminderLead, n, reservation.EventReminder, telemetry.Traceparent(ctx))
	s.metrics.Reminded(ctx, int(tag.RowsAffected()))
	return int(tag.RowsAffected()), toFault(ctx, err)
}

// DeleteIdempotencyRecords implements [jobs.Store].
func (s *Store) DeleteIdempotencyRecords(ctx context.Context, before time.Time, n int) (int, error) {
	tag, err := s.pool.Exec(ctx, `-- name: reservation.sweep
DELETE FROM idempotency WHERE ctid = ANY (ARRAY(
  SELECT ctid FROM idempotency WHERE created_at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED))`, before, n)
	return int(tag.RowsAffected()), toFault(ctx, err)
}

// auditSQL is one statement: it reads all counters and all reservations in one
// snapshot, and takes no lock.
const auditSQL = `-- name: reservation.audit
SELECT id, restaurant_id, wanted_capacity, capacity, booked, (
  SELECT coalesce(sum(party), 0)::int FROM reservations WHERE slot_id = s.id AND status IN ('offered', 'confirmed', 'seated'))
FROM slots s WHERE ends_at > $1 AND starts_at > $1 - interval '1 day' -- no visit is that long, and the index is on starts_at`

// Audit implements [jobs.Store].
func (s *Store) Audit(ctx context.Context, now time.Time) (a jobs.Audit, err error) {
	rows, _ := s.pool.Query(ctx, auditSQL, now)
	var m jobs.CounterMismatch
	_, err = pgx.ForEachRow(rows, []any{&m.SlotID, &m.RestaurantID, &m.Wanted, &m.Capacity, &m.Booked, &m.Held}, func() error {
		a.Slots++
		if m.Held != m.Booked || m.Capacity != max(m.Wanted, m.Booked) {
			a.Mismatches = append(a.Mismatches, m)
		}
		return nil
	})
	return a, toFault(ctx, err)
}
