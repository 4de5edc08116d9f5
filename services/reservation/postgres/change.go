package postgres

import (
	"context"
	"hash/fnv"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"jari.example/services/reservation"
)

// Everything a change locks, in the one order. Each statement is one of its
// own, so that the next one's snapshot is younger than the lock.
const (
	peopleSQL = `
SELECT pg_advisory_xact_lock(k) FROM unnest($1::bigint[]) AS k`
	lockSlotsSQL = `-- name: reservation.lock
SELECT ` + slotColumns + ` FROM slots
WHERE id = ANY ($1) OR id = (SELECT slot_id FROM reservations WHERE id = $2)
  OR (restaurant_id = $3 AND starts_at >= $4 AND starts_at < $5)
ORDER BY id FOR NO KEY UPDATE`
)

// What a desk shows, read once everything is locked.
const (
	rowsSQL = `-- name: reservation.load
SELECT ` + columns + ` FROM reservations
WHERE id = $1 OR (slot_id = ANY ($2) AND status IN ('waiting', 'offered', 'confirmed', 'seated')
  AND ($3 OR status IN ('waiting', 'offered')))`
	mineSQL = ` -- without the status, for which the planner may scan all of reservations_live
SELECT ` + columns + ` FROM reservations WHERE diner_id = $1 AND ends_at > $2`
	rememberedSQL = `
SELECT answer, body_hash = $4 FROM idempotency WHERE diner_id = $1 AND op = $2 AND key = $3`
	planSQL     = `SELECT schedule FROM schedules WHERE restaurant_id = $1`
	closuresSQL = `SELECT to_char(date, 'YYYY-MM-DD') FROM closures WHERE restaurant_id = $1`
)

// Change implements [reservation.Changer] in three round trips: lock, look, and
// write with the commit.
func (s *Store) Change(ctx context.Context, c reservation.Change) (reservation.Outcome, error) {
	done, err := s.turns.take(ctx)
	if err != nil {
		return reservation.Outcome{}, explain(ctx, err)
	}
	defer done()
	return settle(ctx, func() (out reservation.Outcome, again bool, err error) {
		var decided *reservation.Desk
		err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
			d, old, moved, err := lay(ctx, tx, c)
			switch {
			case err != nil:
				return err
			case old != nil:
				out = *old
				return nil
			case moved:
				again = true
				return nil
			}
			out.Reservation, err = c.Run(d)
			if err != nil {
				return err
			}
			decided = d
			return write(ctx, tx, c, out.Reservation, d.Written())
		})
		if err == nil && decided != nil {
			s.tally.Changed(ctx, c, decided)
		}
		return out, again, err
	})
}

// lay locks what c is about and reads it. old is the answer the key has had
// before; moved says that the reservation went to another slot before ours was
// locked, so everything begins anew.
func lay(ctx context.Context, tx pgx.Tx, c reservation.Change) (d *reservation.Desk, old *reservation.Outcome, moved bool, err error) {
	d = &reservation.Desk{
		Slots: map[reservation.SlotID]*reservation.Slot{}, Rows: map[uuid.UUID]*reservation.Reservation{},
		Closed: map[string]bool{},
	}
	want := make([]int64, len(c.Scope.Slots))
	for i, id := range c.Scope.Slots {
		want[i] = int64(id)
	}
	p := c.Period
	var b pgx.Batch
	b.Queue(peopleSQL, people(c.Scope))
	b.Queue(lockSlotsSQL, want, c.Row, p.RestaurantID, p.From, p.To).Query(func(rows pgx.Rows) error {
		found, err := pgx.CollectRows(rows, pgx.RowToStructByName[slotRow])
		for _, f := range found {
			slot := f.slot()
			d.Slots[slot.ID] = &slot
		}
		return err
	})
	if err := tx.SendBatch(ctx, &b).Close(); err != nil {
		return nil, nil, false, err
	}

	locked := make([]int64, 0, len(d.Slots))
	for id := range d.Slots {
		locked = append(locked, int64(id))
	}
	slices.Sort(locked)
	b = pgx.Batch{}
	b.Queue(rowsSQL, c.Row, locked, c.All).Query(func(rows pgx.Rows) error {
		found, err := collect(rows)
		for _, r := range found {
			d.Rows[r.ID] = &r
		}
		return err
	})
	if c.Diner != uuid.Nil {
		b.Queue(mineSQL, c.Diner, c.At).Query(func(rows pgx.Rows) (err error) {
			d.Mine, err = collect(rows)
			d.Mine = slices.DeleteFunc(d.Mine, func(r reservation.Reservation) bool { return !r.Status.Live() })
			return err
		})
	}
	if c.Key != "" {
		b.Queue(rememberedSQL, c.DinerID, c.Op, c.Key, c.Hash).Query(func(rows pgx.Rows) error {
			var answer row
			var same bool
			_, err := pgx.ForEachRow(rows, []any{&answer, &same}, func() error {
				if !same {
					return reservation.KeyReused()
				}
				old = &reservation.Outcome{Reservation: answer.reservation(), Replayed: true}
				return nil
			})
			return err
		})
	}
	if p.RestaurantID != "" {
		b.Queue(planSQL, p.RestaurantID).Query(func(rows pgx.Rows) error {
			plan, err := pgx.CollectRows(rows, pgx.RowTo[reservation.Schedule])
			if len(plan) > 0 {
				d.Plan = &plan[0]
			}
			return err
		})
		b.Queue(closuresSQL, p.RestaurantID).Query(func(rows pgx.Rows) error {
			dates, err := pgx.CollectRows(rows, pgx.RowTo[string])
			for _, date := range dates {
				d.Closed[date] = true
			}
			return err
		})
	}
	if err := tx.SendBatch(ctx, &b).Close(); err != nil {
		return nil, nil, false, err
	}
	r := d.Rows[c.Row]
	return d, old, r != nil && d.Slots[r.SlotID] == nil, nil
}

// people are the advisory locks of whom and what a change is about: a diner, so
// that the limits of one diner hold between requests for different slots, and a
// restaurant, so that edits of its plan come one after the other.
func people(s reservation.Scope) []int64 {
	var locks []int64
	if s.Diner != uuid.Nil {
		locks = append(locks, dinerLock(s.Diner))
	}
	if s.Period.RestaurantID != "" {
		h := fnv.New64a()
		_, _ = h.Write([]byte(s.Period.RestaurantID))
		locks = append(locks, int64(h.Sum64()))
	}
	slices.Sort(locks)
	return locks
}

const (
	makeSlotsSQL = `-- name: reservation.write
INSERT INTO slots (restaurant_id, starts_at, ends_at, time_zone, party_min, party_max, wanted_capacity, capacity, opens_at, cancel_until)
SELECT restaurant_id, starts_at, ends_at, time_zone, party_min, party_max, wanted_capacity, capacity, opens_at, cancel_until
FROM jsonb_populate_recordset(NULL::slots, $1)`
	keepSlotsSQL = `-- name: reservation.write
UPDATE slots s SET ends_at = n.ends_at, time_zone = n.time_zone, party_min = n.party_min, party_max = n.party_max,
  wanted_capacity = n.wanted_capacity, capacity = n.capacity, booked = n.booked, opens_at = n.opens_at, cancel_until = n.cancel_until
FROM jsonb_populate_recordset(NULL::slots, $1) n WHERE s.id = n.id`
	keepRowsSQL = `-- name: reservation.write
INSERT INTO reservations (` + columns + `, updated_at)
SELECT ` + columns + `, $2 FROM jsonb_populate_recordset(NULL::reservations, $1)
ON CONFLICT (id) DO UPDATE SET slot_id = excluded.slot_id, starts_at = excluded.starts_at, ends_at = excluded.ends_at,
  time_zone = excluded.time_zone, party = excluded.party, note = excluded.note, status = excluded.status,
  cancel_until = excluded.cancel_until, offer_ends_at = excluded.offer_ends_at, line = excluded.line,
  version = excluded.version, updated_at = excluded.updated_at`
	tellSQL = `
INSERT INTO outbox (event_id, reservation_id, kind, payload, previous, reason, traceparent, created_at, due_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)`
	rememberSQL = `-- name: reservation.write
INSERT INTO idempotency (diner_id, op, key, body_hash, answer, created_at) VALUES ($1, $2, $3, $4, $5, $6)`
	keepPlanSQL = `-- name: reservation.write
INSERT INTO schedules (restaurant_id, schedule, updated_at) VALUES ($1, $2, $3)
ON CONFLICT (restaurant_id) DO UPDATE SET schedule = excluded.schedule, updated_at = excluded.updated_at`
	arrangedSQL = `UPDATE schedules SET made_at = $2 WHERE restaurant_id = $1`
	closeSQL    = `
INSERT INTO closures (restaurant_id, date, reason, created_at) VALUES ($1, $2::text::date, $3, $4) ON CONFLICT DO NOTHING`
	reopenSQL = `DELETE FROM closures WHERE restaurant_id = $1 AND date = $2::text::date`
)

// write sends everything the change left, in the one order of locks.
func write(ctx context.Context, tx pgx.Tx, c reservation.Change, answer reservation.Reservation, w reservation.Written) error {
	var b pgx.Batch
	if len(w.Made) > 0 {
		b.Queue(makeSlotsSQL, slotRows(w.Made))
	}
	if len(w.Slots) > 0 {
		b.Queue(keepSlotsSQL, slotRows(w.Slots))
	}
	if len(w.Rows) > 0 {
		rows := make([]row, len(w.Rows))
		for i, r := range w.Rows {
			rows[i] = rowOf(*r)
		}
		b.Queue(keepRowsSQL, rows, c.At)
	}
	for _, e := range w.Events {
		b.Queue(tellSQL, e.ID, e.Reservation.ID, e.Kind, rowOf(e.Reservation), e.Previous, e.Reason, e.Traceparent, c.At)
	}
	restaurant := c.Period.RestaurantID
	if w.Plan != nil {
		b.Queue(keepPlanSQL, restaurant, *w.Plan, c.At)
	}
	if w.Arranged {
		b.Queue(arrangedSQL, restaurant, c.At)
	}
	switch {
	case w.Closure == nil:
	case w.Closure.Open:
		b.Queue(reopenSQL, restaurant, w.Closure.Date)
	default:
		b.Queue(closeSQL, restaurant, w.Closure.Date, w.Closure.Reason, c.At)
	}
	if c.Key != "" {
		b.Queue(rememberSQL, c.DinerID, c.Op, c.Key, c.Hash, rowOf(answer), c.At)
	}
	return tx.SendBatch(ctx, &b).Close()
}

func slotRows(slots []*reservation.Slot) []slotRow {
	rows := make([]slotRow, len(slots))
	for i, s := range slots {
		rows[i] = slotRowOf(*s)
	}
	return rows
}
