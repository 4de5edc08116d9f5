package strategies

import (
	"context"

	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"

	"jari.example/services/reservation"
)

// createCoversSQL makes one row for each cover of the slots that exist. A benchmark
// has slots with a capacity that no load can sell. Of these, the first ones, which
// Zipf's law makes the most popular, get the most rows.
const createCoversSQL = `
DROP TABLE IF EXISTS covers;
CREATE TABLE covers (slot_id bigint NOT NULL, n int NOT NULL, reservation_id uuid, PRIMARY KEY (slot_id, n)) WITH (fillfactor = 50);
INSERT INTO covers SELECT id, generate_series(1, least(capacity, 200 + 80000 / rank))
  FROM (SELECT id, capacity, row_number() OVER (ORDER BY id) AS rank FROM slots) s;
CREATE INDEX covers_free ON covers (slot_id) WHERE reservation_id IS NULL`

// createCovers prepares the database for skipLocked.
func createCovers(ctx context.Context, db *pgxpool.Pool) error {
	if _, err := db.Exec(ctx, createCoversSQL); err != nil {
		return err
	}
	_, err := db.Exec(ctx, `VACUUM ANALYZE covers`)
	return err
}

// skipSQL takes as many free covers as the party has, and leaves out those that
// others hold a lock on: so nobody waits for the slot. The covers take the place of
// the slot's counter, which it does not write.
const skipSQL = `-- name: reservation.book.skip
` + oldSQL + `at AS MATERIALIZED (SELECT * FROM slots WHERE id = $1 AND capacity = wanted_capacity
  AND starts_at > $8 AND (opens_at IS NULL OR opens_at <= $8) AND $3 BETWEEN party_min AND party_max),
` + hasSQL + `free AS MATERIALIZED (
  SELECT slot_id, n FROM covers
  WHERE slot_id = $1 AND reservation_id IS NULL AND NOT EXISTS (SELECT FROM old) AND EXISTS (SELECT FROM at)
    AND EXISTS (SELECT FROM has WHERE live < $11 AND clash IS NOT TRUE)
  LIMIT $3 FOR UPDATE SKIP LOCKED),
taken AS (
  UPDATE covers c SET reservation_id = $6 FROM free
  WHERE c.slot_id = free.slot_id AND c.n = free.n AND (SELECT count(*) FROM free) = $3
  RETURNING c.n),
b AS (
  INSERT INTO reservations (id, slot_id, diner_id, restaurant_id, starts_at, ends_at, time_zone,
    party, note, status, created_at, updated_at, cancel_until)
  SELECT $6::uuid, id, $2, restaurant_id, starts_at, ends_at, time_zone, $3, $7, 'confirmed', $8, $8, cancel_until FROM at
  WHERE (SELECT count(*) FROM taken) = $3
  RETURNING *),
` + recordSQL + `SELECT old.id, coalesce(old.body_hash = $5, false),
  b.slot_id, coalesce(b.restaurant_id, ''), b.starts_at, b.ends_at, coalesce(b.time_zone, ''), b.cancel_until
FROM (VALUES (1)) once LEFT JOIN old ON true LEFT JOIN b ON true`

// soldSQL is how many covers of a slot are taken, those of others' open transactions
// not included.
const soldSQL = `-- name: reservation.book.sold
SELECT (SELECT capacity FROM slots WHERE id = $1) - (SELECT count(*) FROM (
  SELECT FROM covers WHERE slot_id = $1 AND reservation_id IS NULL LIMIT $2) free)`

// skipLocked books with one statement that waits for nobody (FOR UPDATE SKIP LOCKED,
// one row for each cover). When it gets too few covers, others may hold those that
// are left: it is refused only if they have committed.
func skipLocked(ctx context.Context, db *pgxpool.Pool, b reservation.Booking) (attempt, error) {
	a, booked, err := try(ctx, db, skipSQL, b)
	if err != nil || booked {
		return a, err
	}
	var sold pgtype.Int8
	if err := db.QueryRow(ctx, soldSQL, int64(b.SlotID), b.Party).Scan(&sold); err != nil {
		return attempt{}, err
	}
	l, err := lookAgain(ctx, db, b)
	if err != nil {
		return a, err
	}
	if l.slot != nil {
		l.slot.Booked = int(sold.Int64)
	}
	return l.decide(b)
}
