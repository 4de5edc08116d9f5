package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"jari.example/services/reservation"
)

// holdSQL locks the slot before anything else, as every writer does. It is a
// statement of its own, so that cancelSQL's snapshot is younger than the lock.
const holdSQL = `
SELECT FROM slots WHERE id = (SELECT slot_id FROM reservations WHERE id = $1 AND diner_id = $2) FOR NO KEY UPDATE`

const cancelSQL = `-- name: reservation.cancel
WITH old AS MATERIALIZED (
  SELECT answer, body_hash FROM idempotency WHERE diner_id = $2 AND op = 'cancel' AND key = $3),
was AS MATERIALIZED (SELECT * FROM reservations WHERE id = $1 AND diner_id = $2),
r AS (
  UPDATE reservations SET status = 'cancelled', updated_at = $5
  WHERE id = $1 AND diner_id = $2 AND status IN ('waiting', 'offered', 'confirmed') AND starts_at > $5
    AND NOT EXISTS (SELECT FROM old)
  RETURNING *),
u AS (
  UPDATE slots s SET booked = s.booked - was.party, capacity = greatest(s.wanted_capacity, s.booked - was.party)
  FROM was JOIN r USING (id) WHERE s.id = was.slot_id AND was.status IN ('offered', 'confirmed')),
i AS (
  INSERT INTO idempotency (diner_id, op, key, body_hash, answer, created_at)
  SELECT $2, 'cancel', $3, $4, to_jsonb(r), $5 FROM r),
o AS (
  INSERT INTO outbox (event_id, reservation_id, kind, payload, traceparent, created_at, due_at)
  SELECT $6::uuid, id, 'reservation.cancelled', to_jsonb(r), $7, $5, $5 FROM r)
SELECT (SELECT answer FROM old), coalesce((SELECT body_hash = $4 FROM old), false),
  (SELECT to_jsonb(was) FROM was), (SELECT to_jsonb(r) FROM r)`

// Cancel implements [reservation.Store].
func (s *Store) Cancel(ctx context.Context, c reservation.Cancellation) (reservation.Outcome, error) {
	return settle(ctx, func() (reservation.Outcome, bool, error) {
		var old, was, now *row
		var same bool
		var b pgx.Batch
		b.Queue(holdSQL, c.ID, c.DinerID)
		b.Queue(cancelSQL, c.ID, c.DinerID, c.Key, c.Hash, c.At, c.EventID, c.Traceparent).
			QueryRow(func(r pgx.Row) error { return r.Scan(&old, &same, &was, &now) })
		// One Sync is one transaction: no error means committed.
		err := s.pool.SendBatch(ctx, &b).Close()
		if err != nil || old != nil || now != nil {
			return answer(old, same, now, err)
		}
		var before *reservation.Reservation
		if was != nil {
			r := was.reservation()
			before = &r
		}
		err = c.Refusal(before)
		return reservation.Outcome{}, err == nil, err
	})
}
