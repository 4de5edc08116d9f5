package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"jari.example/services/reservation"
)

// lockGroupSlotsSQL is a statement of its own: after it has waited for a lock,
// bookGroupSQL gets a new snapshot, which holds what the last owner wrote.
const lockGroupSlotsSQL = `SELECT ` + slotColumns + ` FROM slots WHERE id = ANY ($1) ORDER BY id FOR NO KEY UPDATE`

// bookGroupSQL decides all bookings of a group and writes those that succeed. It
// must agree with [reservation.Booking.Refusal], which explains the others. The
// covers that a slot has left go to the bookings of the group in order: a booking
// that does not fit behind the ones before it may still fit after them, and is
// decided again.
//
// The statement is planned once, perhaps while the tables are empty, and without
// knowing the size of the group. So LIMIT 1 keeps the lateral joins index probes;
// a diner's reservations are found without a condition on their status, for which
// the planner might scan all of reservations_live; and no two lists as long as
// the group are joined.
const bookGroupSQL = `-- name: reservation.book
WITH asked AS (
  SELECT r.*, s.restaurant_id, s.starts_at, s.ends_at, s.time_zone, s.cancel_until, s.capacity - s.booked AS room,
    old.answer, old.body_hash = r.hash AS same, has.live, has.here, has.clash,
    r.leads AND old.answer IS NULL AND s.capacity = s.wanted_capacity
      AND s.starts_at > r.at AND (s.opens_at IS NULL OR s.opens_at <= r.at)
      AND r.party BETWEEN s.party_min AND s.party_max AND r.party <= s.capacity - s.booked
      AND NOT has.here AND NOT has.clash AND has.live < $12 AS fits
  FROM unnest($1::uuid[], $2::bigint[], $3::uuid[], $4::int[], $5::text[], $6::text[], $7::bytea[],
    $8::timestamptz[], $9::uuid[], $10::text[], $11::bool[]) WITH ORDINALITY
    AS r (id, slot_id, diner_id, party, note, key, hash, at, event_id, traceparent, leads, ord)
  LEFT JOIN LATERAL (SELECT * FROM slots WHERE id = r.slot_id LIMIT 1) s ON true
  LEFT JOIN LATERAL (
    SELECT answer, body_hash FROM idempotency WHERE diner_id = r.diner_id AND op = 'book' AND key = r.key LIMIT 1) old ON true
  CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE live) AS live, coalesce(bool_or(live AND slot_id = r.slot_id), false) AS here,
      coalesce(bool_or(live AND slot_id <> r.slot_id AND starts_at < s.ends_at AND ends_at > s.starts_at), false) AS clash
    FROM (SELECT slot_id, starts_at, ends_at, status IN ('waiting', 'offered', 'confirmed', 'seated') AS live
      FROM reservations WHERE diner_id = r.diner_id AND ends_at > r.at) m) has),
decided AS MATERIALIZED (
  SELECT *, coalesce(fits AND sum(party) FILTER (WHERE fits) OVER (PARTITION BY slot_id ORDER BY ord) <= room, false) AS books
  FROM asked),
booked AS MATERIALIZED (
  SELECT d.*, to_jsonb(row) AS doc
  FROM decided d, LATERAL (
    SELECT d.id, d.slot_id, d.diner_id, d.restaurant_id, d.starts_at, d.ends_at, d.time_zone, d.cancel_until,
      d.party, d.note, 'confirmed' AS status, d.at AS created_at, 1 AS version) row
  WHERE books),
u AS (
  UPDATE slots SET booked = slots.booked + t.covers
  FROM (SELECT slot_id, sum(party)::int AS covers FROM booked GROUP BY slot_id) t WHERE slots.id = t.slot_id),
b AS (
  INSERT INTO reservations (id, slot_id, diner_id, restaurant_id, starts_at, ends_at, time_zone, cancel_until,
    party, note, status, created_at, updated_at)
  SELECT id, slot_id, diner_id, restaurant_id, starts_at, ends_at, time_zone, cancel_until,
    party, note, 'confirmed', at, at FROM booked),
i AS (
  INSERT INTO idempotency (diner_id, op, key, body_hash, answer, created_at)
  SELECT diner_id, 'book', key, hash, doc, at FROM booked ORDER BY diner_id, key),
o AS (
  INSERT INTO outbox (event_id, reservation_id, kind, payload, traceparent, created_at, due_at)
  SELECT event_id, id, 'reservation.confirmed', doc, traceparent, at, at FROM booked ORDER BY ord)
SELECT answer, coalesce(same, false), books, live, here, clash FROM decided ORDER BY ord`

// decision is what bookGroupSQL returns for one booking.
type decision struct {
	previous    []byte // the stored result of its key
	sameRequest bool   // previous belongs to the same request body
	booked      bool
	holdings    reservation.Holdings // before this group
}

// decide runs the group's transaction in one round trip. It sets the results of
// the bookings it decided, and returns the others as again. After an error no
// result is set.
func (g *groupCommitter) decide(
	ctx context.Context, group []*pending[reservation.Booking],
) (decided, again []*pending[reservation.Booking], err error) {
	plan := planGroup(group)
	slots := make(map[reservation.SlotID]*reservation.Slot, len(plan.slots))
	decisions := make([]decision, 0, len(group))
	var b pgx.Batch
	b.Queue(advisoryLocksSQL, pgtype.FlatArray[int64](plan.diners))
	b.Queue(lockGroupSlotsSQL, pgtype.FlatArray[int64](plan.slots)).Query(func(rows pgx.Rows) error {
		found, err := pgx.CollectRows(rows, pgx.RowToStructByName[slotRow])
		for _, f := range found {
			slot := f.slot()
			slots[slot.ID] = &slot
		}
		return err
	})
	b.Queue(bookGroupSQL, plan.columns(group)...).Query(func(rows pgx.Rows) error {
		var d decision
		_, err := pgx.ForEachRow(rows,
			[]any{&d.previous, &d.sameRequest, &d.booked, &d.holdings.Active, &d.holdings.OnSlot, &d.holdings.Overlaps},
			func() error { decisions = append(decisions, d); return nil })
		return err
	})
	// One Sync is one transaction: no error means that it has committed, and after
	// an error there is nothing to roll back.
	if err := g.pool.SendBatch(ctx, &b).Close(); err != nil {
		return nil, nil, err
	}
	if len(decisions) != len(group) {
		return nil, nil, fmt.Errorf("%d decisions for %d bookings", len(decisions), len(group))
	}
	bookings, covers := 0, 0
	for i, d := range decisions {
		if d.booked {
			slots[group[i].request.SlotID].Booked += group[i].request.Party
			bookings, covers = bookings+1, covers+group[i].request.Party
		}
	}
	g.recorder.Booked(ctx, bookings, covers)
	for i, p := range group {
		var first *reservation.Booking // of the same diner, and booked
		if leader := plan.leader[i]; leader != i && decisions[leader].booked {
			first = &group[leader].request
		}
		if resolve(p, decisions[i], slots, first) {
			decided = append(decided, p)
		} else {
			again = append(again, p)
		}
	}
	return decided, again, nil
}
