package postgres

import (
	"context"

	"jari.example/services/reservation"
)

// bookSQL decides and writes in one statement, so one round trip and one
// commit. It is right when it books: the slot's row is locked by then, and the
// unique indexes stop whatever the snapshot was too old to see. It is not
// believed when it refuses, because after waiting for the lock it still has
// not seen the rows of whoever held it; lookSQL asks again.
//
// A diner's limits are read from the snapshot: two requests of one diner that
// run at the same instant for different slots may both pass them. The slot's
// own rules never bend.
const bookSQL = `-- name: reservation.book
WITH old AS MATERIALIZED (
  SELECT answer, body_hash FROM idempotency WHERE diner_id = $2 AND op = 'book' AND key = $4),
at AS MATERIALIZED (SELECT starts_at, ends_at FROM slots WHERE id = $1),
has AS MATERIALIZED (
  SELECT count(*) AS live, bool_or(r.starts_at < at.ends_at AND r.ends_at > at.starts_at) AS clash
  FROM reservations r CROSS JOIN at
  WHERE r.diner_id = $2 AND r.status IN ('waiting', 'offered', 'confirmed', 'seated')),
u AS (
  UPDATE slots SET booked = booked + $3
  WHERE id = $1 AND booked + $3 <= capacity AND capacity = wanted_capacity
    AND starts_at > $8 AND $3 BETWEEN party_min AND party_max
    AND NOT EXISTS (SELECT FROM old)
    AND EXISTS (SELECT FROM has WHERE live < $11 AND clash IS NOT TRUE)
  RETURNING id, restaurant_id, starts_at, ends_at, time_zone),
b AS (
  INSERT INTO reservations (id, slot_id, diner_id, restaurant_id, starts_at, ends_at, time_zone,
    party, note, status, created_at, updated_at)
  SELECT $6::uuid, id, $2, restaurant_id, starts_at, ends_at, time_zone, $3, $7, 'confirmed', $8, $8 FROM u
  RETURNING *),
i AS (
  INSERT INTO idempotency (diner_id, op, key, body_hash, answer, created_at)
  SELECT $2, 'book', $4, $5, to_jsonb(b), $8 FROM b),
o AS (
  INSERT INTO outbox (event_id, reservation_id, kind, payload, traceparent, created_at, due_at)
  SELECT $9::uuid, id, 'reservation.confirmed', to_jsonb(b), $10, $8, $8 FROM b)
SELECT (SELECT answer FROM old), coalesce((SELECT body_hash = $5 FROM old), false), (SELECT to_jsonb(b) FROM b)`

// lookSQL sees what bookSQL could not, and what a refusal has to say.
const lookSQL = `-- name: reservation.book.look
WITH old AS (SELECT answer, body_hash FROM idempotency WHERE diner_id = $2 AND op = 'book' AND key = $3),
slot AS (SELECT * FROM slots WHERE id = $1),
has AS (
  SELECT count(*) AS live, bool_or(r.slot_id = $1) AS here,
    bool_or(r.slot_id <> $1 AND r.starts_at < slot.ends_at AND r.ends_at > slot.starts_at) AS clash
  FROM reservations r CROSS JOIN slot
  WHERE r.diner_id = $2 AND r.status IN ('waiting', 'offered', 'confirmed', 'seated'))
SELECT (SELECT answer FROM old), coalesce((SELECT body_hash = $4 FROM old), false),
  (SELECT to_jsonb(slot) FROM slot), live, coalesce(here, false), coalesce(clash, false) FROM has`

// Book implements [reservation.Store].
func (s *Store) Book(ctx context.Context, b reservation.Booking) (reservation.Outcome, error) {
	return settle(ctx, func() (reservation.Outcome, bool, error) {
		var old, booked *row
		var same bool
		err := s.pool.QueryRow(ctx, bookSQL, int64(b.SlotID), b.DinerID, b.Party, b.Key, b.Hash,
			b.ID, b.Note.Reveal(), b.At, b.EventID, b.Traceparent, reservation.MaxLive).Scan(&old, &same, &booked)
		if err != nil || old != nil || booked != nil {
			return answer(old, same, booked, err)
		}
		var at *slotRow
		var has reservation.Holdings
		err = s.pool.QueryRow(ctx, lookSQL, int64(b.SlotID), b.DinerID, b.Key, b.Hash).
			Scan(&old, &same, &at, &has.Live, &has.OnSlot, &has.Overlaps)
		if err != nil || old != nil {
			return answer(old, same, nil, err)
		}
		var slot *reservation.Slot
		if at != nil {
			s := at.slot()
			slot = &s
		}
		// nil: what stood in the way is gone since, so ask for the seats again.
		err = b.Refusal(slot, has)
		return reservation.Outcome{}, err == nil, err
	})
}

// answer is the outcome of a statement that found a remembered success or made
// a new one.
func answer(old *row, same bool, made *row, err error) (reservation.Outcome, bool, error) {
	switch {
	case err != nil:
		return reservation.Outcome{}, false, err
	case old != nil && !same:
		return reservation.Outcome{}, false, reservation.KeyReused()
	case old != nil:
		return reservation.Outcome{Reservation: old.reservation(), Replayed: true}, false, nil
	}
	return reservation.Outcome{Reservation: made.reservation()}, false, nil
}
