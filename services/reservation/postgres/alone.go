package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"jari.example/services/reservation"
)

// bookSingleSQL books one party in one statement, at three quarters of what a group
// of one would cost. The diner's lock is held before it begins, so it has seen
// what the diner has and which keys have booked; and PostgreSQL looks at the
// slot's row again after it has waited for it. So it is right when it books.
// When it does not it cannot say why, and decideSQL is asked.
const bookSingleSQL = `-- name: reservation.book.alone
WITH slot AS (
  UPDATE slots s SET booked = booked + $4
  WHERE id = $2 AND capacity = wanted_capacity AND booked + $4 <= capacity
    AND starts_at > $8 AND (opens_at IS NULL OR opens_at <= $8) AND $4 BETWEEN party_min AND party_max
    AND NOT EXISTS (SELECT FROM idempotency WHERE diner_id = $3 AND op = 'book' AND key = $6)
    AND (SELECT count(*) FILTER (WHERE live) < $11
        AND NOT coalesce(bool_or(live AND (m.slot_id = s.id OR m.starts_at < s.ends_at AND m.ends_at > s.starts_at)), false)
      FROM (SELECT slot_id, starts_at, ends_at, status IN ('waiting', 'offered', 'confirmed', 'seated') AS live
        FROM reservations WHERE diner_id = $3 AND ends_at > $8) m)
  RETURNING id AS slot_id, restaurant_id, starts_at, ends_at, time_zone, cancel_until),
row AS MATERIALIZED (
  SELECT $1::uuid AS id, $3::uuid AS diner_id, slot.*, $4::int AS party, $5::text AS note, 'confirmed' AS status,
    $8::timestamptz AS created_at, 1 AS version
  FROM slot),
doc AS MATERIALIZED (SELECT to_jsonb(row) AS doc FROM row),
b AS (
  INSERT INTO reservations (id, diner_id, slot_id, restaurant_id, starts_at, ends_at, time_zone, cancel_until,
    party, note, status, created_at, version, updated_at)
  SELECT row.*, $8 FROM row),
i AS (
  INSERT INTO idempotency (diner_id, op, key, body_hash, answer, created_at) SELECT $3, 'book', $6, $7, doc, $8 FROM doc),
o AS (
  INSERT INTO outbox (event_id, reservation_id, kind, payload, traceparent, created_at, due_at)
  SELECT $9::uuid, $1, 'reservation.confirmed', doc, $10, $8, $8 FROM doc)
SELECT restaurant_id, starts_at, ends_at, time_zone, cancel_until FROM slot`

// commitSingle books without company, on the goroutine and in the trace of who asks:
// handing it over would cost more than it takes. Who stops waiting breaks off
// their own statement, and only that; whether it has booked, their key finds.
func (g *groupCommitter) commitSingle(t *pending[reservation.Booking]) {
	group := []*pending[reservation.Booking]{t}
	if t.err = g.trySingle(t.ctx, t); t.err == nil || !errors.Is(t.err, pgx.ErrNoRows) && !isConflict(t.err) {
		g.complete(group)
		return
	}
	for len(group) > 0 {
		group, _ = g.commit(t.ctx, group) // t holds the error
	}
}

// trySingle returns pgx.ErrNoRows where the seats were not to be had.
func (g *groupCommitter) trySingle(ctx context.Context, t *pending[reservation.Booking]) error {
	ctx, cancel := context.WithTimeout(ctx, transactionTimeout)
	defer cancel()
	q := t.request
	slot := reservation.Slot{ID: q.SlotID}
	var b pgx.Batch
	b.Queue("SELECT pg_advisory_xact_lock($1)", dinerLock(q.DinerID))
	b.Queue(bookSingleSQL, q.ID, int64(q.SlotID), q.DinerID, q.Party, q.Note.Reveal(), q.Key, q.RequestHash, q.At,
		q.EventID, q.Traceparent, reservation.MaxActive).QueryRow(func(row pgx.Row) error {
		return row.Scan(&slot.RestaurantID, &slot.Start, &slot.End, &slot.TimeZone, &slot.CancelUntil)
	})
	if err := g.pool.SendBatch(ctx, &b).Close(); err != nil {
		return err
	}
	g.recorder.Booked(ctx, 1, q.Party)
	t.outcome.Reservation = booked(q, &slot)
	return nil
}
