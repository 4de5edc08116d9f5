package strategies

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"

	"jari.example/services/reservation"
	"jari.example/services/reservation/schedule"
)

// Parts of statements that book with one round trip: the stored result of the key,
// what the diner holds (at is the slot's time), and what else a booking b writes.
const (
	oldSQL = `
WITH old AS MATERIALIZED (
  SELECT (answer->>'id')::uuid AS id, body_hash FROM idempotency WHERE diner_id = $2 AND op = 'book' AND key = $4),
`
	hasSQL = `
has AS MATERIALIZED (
  SELECT count(*) FILTER (WHERE holds) AS live, bool_or(holds AND starts_at < till AND ends_at > since) AS clash
  FROM (SELECT r.*, at.starts_at AS since, at.ends_at AS till, r.status IN ('waiting', 'offered', 'confirmed', 'seated') AS holds
    FROM reservations r CROSS JOIN at WHERE r.diner_id = $2 AND r.ends_at > $8) r),
`
	recordSQL = `
i AS (
  INSERT INTO idempotency (diner_id, op, key, body_hash, answer, created_at)
  SELECT $2, 'book', $4, $5, to_jsonb(b), $8 FROM b),
o AS (
  INSERT INTO outbox (event_id, reservation_id, kind, payload, traceparent, created_at, due_at)
  SELECT $9::uuid, id, 'reservation.confirmed', to_jsonb(b), $10, $8, $8 FROM b)
`
)

// oneSQL decides and writes in one statement: one round trip, one commit, and the
// slot's row is locked no longer than those take. A success is right. A refusal
// may be wrong: if the statement waited for the row, its snapshot does not hold
// what the last owner wrote, and rereadSQL must look again.
//
// The diner's rows are selected without a condition on their status, here as in
// the service's own statements: a cached plan would otherwise scan all of
// reservations_live (docs/decisions/0009-when-a-booking-goes-alone.md).
const oneSQL = `-- name: reservation.book.one
` + oldSQL + `at AS MATERIALIZED (SELECT starts_at, ends_at FROM slots WHERE id = $1),
` + hasSQL + `u AS (
  UPDATE slots SET booked = booked + $3
  WHERE id = $1 AND booked + $3 <= capacity AND capacity = wanted_capacity
    AND starts_at > $8 AND (opens_at IS NULL OR opens_at <= $8) AND $3 BETWEEN party_min AND party_max
    AND NOT EXISTS (SELECT FROM old)
    AND EXISTS (SELECT FROM has WHERE live < $11 AND clash IS NOT TRUE)
  RETURNING id, restaurant_id, starts_at, ends_at, time_zone, cancel_until),
b AS (
  INSERT INTO reservations (id, slot_id, diner_id, restaurant_id, starts_at, ends_at, time_zone,
    party, note, status, created_at, updated_at, cancel_until)
  SELECT $6::uuid, id, $2, restaurant_id, starts_at, ends_at, time_zone, $3, $7, 'confirmed', $8, $8, cancel_until FROM u
  RETURNING *),
` + recordSQL + `SELECT old.id, coalesce(old.body_hash = $5, false),
  u.id, coalesce(u.restaurant_id, ''), u.starts_at, u.ends_at, coalesce(u.time_zone, ''), u.cancel_until
FROM (VALUES (1)) once LEFT JOIN old ON true LEFT JOIN u ON true`

func oneStatement(ctx context.Context, db *pgxpool.Pool, b reservation.Booking) (attempt, error) {
	a, booked, err := try(ctx, db, oneSQL, b)
	if err != nil || booked {
		return a, err
	}
	l, err := lookAgain(ctx, db, b)
	if err != nil {
		return a, err
	}
	return l.decide(b)
}

// try books with one statement. It reports whether the attempt has a result: a
// booking, or the stored one of the key.
func try(ctx context.Context, db *pgxpool.Pool, sql string, b reservation.Booking) (a attempt, decided bool, err error) {
	var old pgtype.UUID
	var same bool
	var id pgtype.Int8
	var start, end, cancelUntil pgtype.Timestamptz
	var slot reservation.Slot
	err = db.QueryRow(ctx, sql, int64(b.SlotID), b.DinerID, b.Party, b.Key, b.RequestHash, b.ID, b.Note.Reveal(), b.At,
		b.EventID, b.Traceparent, reservation.MaxActive).
		Scan(&old, &same, &id, &slot.RestaurantID, &start, &end, &slot.TimeZone, &cancelUntil)
	switch {
	case err != nil:
		return a, false, err
	case old.Valid:
		return attempt{previous: old.Bytes, sameRequest: same}, true, nil
	case id.Valid:
		slot.ID, slot.Start, slot.End, slot.CancelUntil = b.SlotID, start.Time, end.Time, cancelUntil.Time
		return attempt{booked: newReservation(b, &slot)}, true, nil
	}
	return a, false, nil
}

// rereadSQL reads what oneSQL may have missed, and what a refusal needs.
const rereadSQL = `-- name: reservation.book.look
WITH old AS (SELECT (answer->>'id')::uuid AS id, body_hash FROM idempotency WHERE diner_id = $2 AND op = 'book' AND key = $3),
slot AS (SELECT * FROM slots WHERE id = $1),
has AS (
  SELECT count(*) FILTER (WHERE holds) AS live, bool_or(holds AND slot_id = $1) AS here,
    bool_or(holds AND slot_id <> $1 AND starts_at < till AND ends_at > since) AS clash
  FROM (SELECT r.*, slot.starts_at AS since, slot.ends_at AS till, r.status IN ('waiting', 'offered', 'confirmed', 'seated') AS holds
    FROM reservations r CROSS JOIN slot WHERE r.diner_id = $2 AND r.ends_at > $5) r)
SELECT (SELECT id FROM old), coalesce((SELECT body_hash = $4 FROM old), false),
  live, coalesce(here, false), coalesce(clash, false),
  slot.starts_at, slot.opens_at, slot.party_min, slot.party_max, slot.wanted_capacity, slot.capacity, slot.booked
FROM has LEFT JOIN slot ON true`

// look is what a refusal is decided on. slot is nil if it does not exist.
type look struct {
	previous    uuid.UUID // the stored result of the key
	sameRequest bool
	slot        *reservation.Slot
	has         reservation.Holdings
}

// decide returns the stored result, the refusal or, when the reason for the refusal has
// gone meanwhile, nothing: then book again.
func (l look) decide(b reservation.Booking) (attempt, error) {
	if l.previous != uuid.Nil {
		return attempt{previous: l.previous, sameRequest: l.sameRequest}, nil
	}
	return attempt{}, b.Refusal(l.slot, l.has)
}

func lookAgain(ctx context.Context, db *pgxpool.Pool, b reservation.Booking) (l look, err error) {
	var old pgtype.UUID
	var start, opens pgtype.Timestamptz
	var least, most, wanted, capacity, booked pgtype.Int8
	err = db.QueryRow(ctx, rereadSQL, int64(b.SlotID), b.DinerID, b.Key, b.RequestHash, b.At).
		Scan(&old, &l.sameRequest, &l.has.Active, &l.has.OnSlot, &l.has.Overlaps, &start, &opens, &least, &most, &wanted, &capacity, &booked)
	l.previous = old.Bytes
	if start.Valid {
		l.slot = &reservation.Slot{
			ID: b.SlotID, Start: start.Time, OpensAt: opens.Time,
			Party:  schedule.PartySize{Min: int(least.Int64), Max: int(most.Int64)},
			Wanted: int(wanted.Int64), Capacity: int(capacity.Int64), Booked: int(booked.Int64),
		}
	}
	return l, err
}
