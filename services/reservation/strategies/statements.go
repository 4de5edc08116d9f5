package strategies

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"

	"jari.example/services/reservation"
)

// What a booking reads and writes, one statement each, as in most services.
const (
	loadRecordSQL = `-- name: reservation.book.remembered
SELECT (answer->>'id')::uuid, body_hash = $3 FROM idempotency WHERE diner_id = $1 AND op = 'book' AND key = $2`

	slotSQL = `-- name: reservation.book.slot
SELECT restaurant_id, starts_at, ends_at, time_zone, party_min, party_max,
  wanted_capacity, capacity, booked, opens_at, cancel_until FROM slots WHERE id = $1`

	holdingsSQL = `-- name: reservation.book.holdings
SELECT count(*) FILTER (WHERE holds), coalesce(bool_or(holds AND slot_id = $2), false),
  coalesce(bool_or(holds AND slot_id <> $2 AND starts_at < $4 AND ends_at > $3), false)
FROM (SELECT *, status IN ('waiting', 'offered', 'confirmed', 'seated') AS holds FROM reservations WHERE diner_id = $1 AND ends_at > $5) r`

	insertReservationSQL = `-- name: reservation.book.row
INSERT INTO reservations (id, slot_id, diner_id, restaurant_id, starts_at, ends_at, time_zone,
  party, note, status, created_at, updated_at, cancel_until)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'confirmed', $10, $10, $11)`

	insertRecordSQL = `-- name: reservation.book.remember
INSERT INTO idempotency (diner_id, op, key, body_hash, answer, created_at)
SELECT $1, 'book', $2, $3, to_jsonb(r), $4 FROM reservations r WHERE id = $5`

	insertEventSQL = `-- name: reservation.book.event
INSERT INTO outbox (event_id, reservation_id, kind, payload, traceparent, created_at, due_at)
SELECT $1::uuid, id, 'reservation.confirmed', to_jsonb(r), $2, $3, $3 FROM reservations r WHERE id = $4`

	updateCounterSQL = `-- name: reservation.book.counter
UPDATE slots SET booked = $2 WHERE id = $1`
)

// selectForUpdate locks the slot's row before reading it until after the commit,
// with a round trip per step. It is right, and serializes all bookings of a slot.
func selectForUpdate(ctx context.Context, db *pgxpool.Pool, b reservation.Booking) (a attempt, err error) {
	err = pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		slot, err := readSlot(ctx, tx, slotSQL+" FOR UPDATE", b)
		if err != nil {
			return err
		}
		if a, err = decide(ctx, tx, slot, b); a.booked == nil {
			return err
		}
		return write(ctx, tx, slot, b)
	})
	return a, err
}

// readThenWrite decides on what it has read without a lock, and writes the new
// counter. Two of them at the same time take the same covers, and the counter
// holds only one of them (lost update).
func readThenWrite(ctx context.Context, db *pgxpool.Pool, b reservation.Booking) (attempt, error) {
	slot, err := readSlot(ctx, db, slotSQL, b)
	if err != nil {
		return attempt{}, err
	}
	a, err := decide(ctx, db, slot, b)
	if a.booked == nil {
		return a, err
	}
	return a, pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error { return write(ctx, tx, slot, b) })
}

// readSlot returns nil for a slot that does not exist.
func readSlot(ctx context.Context, q querier, sql string, b reservation.Booking) (*reservation.Slot, error) {
	s := reservation.Slot{ID: b.SlotID}
	var opens pgtype.Timestamptz
	err := q.QueryRow(ctx, sql, int64(b.SlotID)).Scan(&s.RestaurantID, &s.Start, &s.End, &s.TimeZone,
		&s.Party.Min, &s.Party.Max, &s.Wanted, &s.Capacity, &s.Booked, &opens, &s.CancelUntil)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	s.OpensAt = opens.Time
	return &s, err
}

// decide returns the stored result of the key, or the new reservation, or the
// refusal.
func decide(ctx context.Context, q querier, slot *reservation.Slot, b reservation.Booking) (a attempt, err error) {
	err = q.QueryRow(ctx, loadRecordSQL, b.DinerID, b.Key, b.RequestHash).Scan(&a.previous, &a.sameRequest)
	if !errors.Is(err, pgx.ErrNoRows) {
		return a, err
	}
	var has reservation.Holdings
	if slot != nil {
		err = q.QueryRow(ctx, holdingsSQL, b.DinerID, int64(slot.ID), slot.Start, slot.End, b.At).
			Scan(&has.Active, &has.OnSlot, &has.Overlaps)
		if err != nil {
			return attempt{}, err
		}
	}
	if err := b.Refusal(slot, has); err != nil {
		return attempt{}, err
	}
	return attempt{booked: newReservation(b, slot)}, nil
}

func newReservation(b reservation.Booking, slot *reservation.Slot) *reservation.Reservation {
	return &reservation.Reservation{
		ID: b.ID, SlotID: slot.ID, RestaurantID: slot.RestaurantID,
		Start: slot.Start.UTC(), End: slot.End.UTC(), TimeZone: slot.TimeZone, Party: b.Party,
		Status: reservation.Confirmed, CreatedAt: b.At, CancelUntil: slot.CancelUntil.UTC(),
		Note: b.Note, DinerID: b.DinerID, Version: 1,
	}
}

func write(ctx context.Context, q querier, slot *reservation.Slot, b reservation.Booking) error {
	_, err := q.Exec(ctx, insertReservationSQL, b.ID, int64(slot.ID), b.DinerID, slot.RestaurantID, slot.Start, slot.End, slot.TimeZone,
		b.Party, b.Note.Reveal(), b.At, slot.CancelUntil)
	if err != nil {
		return err
	}
	if _, err := q.Exec(ctx, updateCounterSQL, int64(slot.ID), slot.Booked+b.Party); err != nil {
		return err
	}
	if _, err := q.Exec(ctx, insertRecordSQL, b.DinerID, b.Key, b.RequestHash, b.At, b.ID); err != nil {
		return err
	}
	_, err = q.Exec(ctx, insertEventSQL, b.EventID, b.Traceparent, b.At, b.ID)
	return err
}
