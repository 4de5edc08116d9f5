package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"jari.example/services/reservation"
)

// bookSingleSQL books one party in one statement, at three quarters of the cost
// of a group of one. A success is right: the diner's advisory lock is taken in an
// earlier statement, so the snapshot holds the diner's reservations and keys, and
// PostgreSQL checks the slot's row again after it has waited for it. When it
// books nothing it cannot say why; bookGroupSQL decides again then.
const bookSingleSQL = `-- name: reservation.book.alone
WITH slot AS (
  UPDATE slots s SET booked = booked + $4
  WHERE id = $2 AND capacity = wanted_capacity AND booked + $4 <= capacity
    AND starts_at > $8 AND (opens_at IS NULL OR opens_at <= $8) AND $4 BETWEEN party_min AND party_max
    AND NOT EXISTS (SELECT FROM idempotency WHERE diner_id = $3 AND op = 'book' AND key = $6)
    AND (SELECT count(*) FILTER (WHERE active) < $11
        AND NOT coalesce(bool_or(active AND (m.slot_id = s.id OR m.starts_at < s.ends_at AND m.ends_at > s.starts_at)), false)
      FROM (SELECT slot_id, starts_at, ends_at, status IN ('waiting', 'offered', 'confirmed', 'seated') AS active
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

// commitSingle commits p on the caller's goroutine and in its trace: handing it
// to another goroutine and back made quiet days a third slower. A caller that
// leaves ends its own statement and no other; its key finds whether it booked.
func (g *groupCommitter) commitSingle(p *pending[reservation.Booking]) {
	if p.err = g.trySingle(p.ctx, p); p.err == nil || !errors.Is(p.err, pgx.ErrNoRows) && !isConflict(p.err) {
		g.complete(p)
		return
	}
	for group := []*pending[reservation.Booking]{p}; len(group) > 0; {
		group, _ = g.commit(p.ctx, group) // p holds the error
	}
}

// trySingle returns pgx.ErrNoRows if the booking could not be made.
func (g *groupCommitter) trySingle(ctx context.Context, p *pending[reservation.Booking]) error {
	ctx, cancel := context.WithTimeout(ctx, transactionTimeout)
	defer cancel()
	b := p.request
	slot := reservation.Slot{ID: b.SlotID}
	var batch pgx.Batch
	batch.Queue("SELECT pg_advisory_xact_lock($1)", dinerLock(b.DinerID))
	batch.Queue(bookSingleSQL, b.ID, int64(b.SlotID), b.DinerID, b.Party, b.Note.Reveal(), b.Key, b.RequestHash, b.At,
		b.EventID, b.Traceparent, reservation.MaxActive).QueryRow(func(row pgx.Row) error {
		return row.Scan(&slot.RestaurantID, &slot.Start, &slot.End, &slot.TimeZone, &slot.CancelUntil)
	})
	if err := g.pool.SendBatch(ctx, &batch).Close(); err != nil {
		return err
	}
	g.recorder.Booked(ctx, 1, b.Party)
	p.outcome.Reservation = newReservation(b, &slot)
	return nil
}
