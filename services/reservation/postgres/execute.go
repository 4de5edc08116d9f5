package postgres

import (
	"context"
	"encoding/binary"
	"hash/fnv"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"jari.example/internal/zone"
	"jari.example/services/reservation"
	"jari.example/services/reservation/schedule"
)

// What a command locks, in the one order. Each is a statement of its own, so that
// the next statement's snapshot is younger than the lock.
const (
	advisoryLocksSQL = `
SELECT pg_advisory_xact_lock(k) FROM unnest($1::bigint[]) AS k`
	lockSlotsSQL = `-- name: reservation.lock
SELECT ` + slotColumns + ` FROM slots
WHERE id = ANY ($1) OR id = (SELECT slot_id FROM reservations WHERE id = $2)
  OR (restaurant_id = $3 AND starts_at >= $4 AND starts_at < $5)
ORDER BY id FOR NO KEY UPDATE`
)

// What a unit of work holds, read once everything is locked.
const (
	loadReservationsSQL = `-- name: reservation.load
SELECT ` + columns + ` FROM reservations
WHERE id = $1 OR (slot_id = ANY ($2) AND status IN ('waiting', 'offered', 'confirmed', 'seated')
  AND ($3 OR status IN ('waiting', 'offered')))`
	loadOfDinerSQL = ` -- no condition on the status, for which the planner may scan all of reservations_live
SELECT ` + columns + ` FROM reservations WHERE diner_id = $1 AND ends_at > $2`
	loadRecordSQL = `
SELECT answer, body_hash = $4 FROM idempotency WHERE diner_id = $1 AND op = $2 AND key = $3`
	loadScheduleSQL = `SELECT schedule FROM schedules WHERE restaurant_id = $1`
	loadClosuresSQL = `SELECT to_char(date, 'YYYY-MM-DD') FROM closures WHERE restaurant_id = $1`
)

// Execute implements [reservation.Executor] in three round trips: lock, load, and
// write with the commit.
func (s *Store) Execute(ctx context.Context, c reservation.Command) (reservation.Outcome, error) {
	release, err := s.limiter.acquire(ctx)
	if err != nil {
		return reservation.Outcome{}, toFault(ctx, err)
	}
	defer release()
	return retryConflicts(ctx, func() (out reservation.Outcome, again bool, err error) {
		var committed *reservation.ChangeSet
		err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
			slots, err := lockSlots(ctx, tx, c)
			if err != nil {
				return err
			}
			l, err := load(ctx, tx, c, slots)
			switch {
			case err != nil:
				return err
			case l.previous != nil:
				out = *l.previous
				return nil
			case l.moved:
				again = true
				return nil
			}
			out.Reservation, err = c.Apply(l.unit)
			if err != nil {
				return err
			}
			set := l.unit.ChangeSet()
			committed = &set
			return write(ctx, tx, c, out.Reservation, set)
		})
		if err == nil && committed != nil {
			s.metrics.Executed(ctx, c.Op, committed.Transitions)
		}
		return out, again, err
	})
}

// lockSlots takes the locks that c needs, and returns the slots that it locked.
func lockSlots(ctx context.Context, tx pgx.Tx, c reservation.Command) (map[reservation.SlotID]*reservation.Slot, error) {
	wanted := make([]int64, len(c.Scope.Slots))
	for i, id := range c.Scope.Slots {
		wanted[i] = int64(id)
	}
	slots := map[reservation.SlotID]*reservation.Slot{}
	p := c.Period
	var b pgx.Batch
	b.Queue(advisoryLocksSQL, advisoryLocks(c.Scope))
	b.Queue(lockSlotsSQL, wanted, c.ReservationID, p.RestaurantID, p.From, p.To).Query(func(rows pgx.Rows) error {
		found, err := pgx.CollectRows(rows, pgx.RowToStructByName[slotRow])
		for _, f := range found {
			slot := f.slot()
			slots[slot.ID] = &slot
		}
		return err
	})
	return slots, tx.SendBatch(ctx, &b).Close()
}

// loaded is what a command is decided on.
type loaded struct {
	unit     *reservation.UnitOfWork
	previous *reservation.Outcome // the stored result of the key; nil: none
	moved    bool                 // the reservation left its slot before that was locked: lock again
}

// load reads the unit of work of c on the locked slots, and the result of its key.
func load(
	ctx context.Context, tx pgx.Tx, c reservation.Command, slots map[reservation.SlotID]*reservation.Slot,
) (l loaded, err error) {
	u := &reservation.UnitOfWork{
		Slots: slots, Reservations: map[uuid.UUID]*reservation.Reservation{}, ClosedDates: map[string]bool{},
	}
	l.unit = u
	locked := make([]int64, 0, len(slots))
	for id := range slots {
		locked = append(locked, int64(id))
	}
	slices.Sort(locked)
	var b pgx.Batch
	b.Queue(loadReservationsSQL, c.ReservationID, locked, c.AllReservations).Query(func(rows pgx.Rows) error {
		found, err := collect(rows)
		for _, r := range found {
			u.Reservations[r.ID] = &r
		}
		return err
	})
	if c.LimitsOf != uuid.Nil {
		b.Queue(loadOfDinerSQL, c.LimitsOf, c.At).Query(func(rows pgx.Rows) (err error) {
			u.OfDiner, err = collect(rows)
			u.OfDiner = slices.DeleteFunc(u.OfDiner, func(r reservation.Reservation) bool { return !r.Status.Active() })
			return err
		})
	}
	if c.Key != "" {
		b.Queue(loadRecordSQL, c.DinerID, c.Op, c.Key, c.RequestHash).Query(func(rows pgx.Rows) (err error) {
			l.previous, err = collectRecord(rows)
			return err
		})
	}
	if c.Period.RestaurantID != "" {
		queueSchedule(&b, c.Period.RestaurantID, u)
	}
	if err := tx.SendBatch(ctx, &b).Close(); err != nil {
		return loaded{}, err
	}
	r := u.Reservations[c.ReservationID]
	l.moved = r != nil && u.Slots[r.SlotID] == nil
	return l, nil
}

// collectRecord reads the row of loadRecordSQL, if there is one.
func collectRecord(rows pgx.Rows) (previous *reservation.Outcome, err error) {
	var result row
	var sameRequest bool
	_, err = pgx.ForEachRow(rows, []any{&result, &sameRequest}, func() error {
		if !sameRequest {
			return reservation.KeyReused()
		}
		previous = &reservation.Outcome{Reservation: result.reservation(), Replayed: true}
		return nil
	})
	return previous, err
}

// queueSchedule adds to b the queries of a restaurant's schedule and closures,
// which set those of u.
func queueSchedule(b *pgx.Batch, restaurant string, u *reservation.UnitOfWork) {
	b.Queue(loadScheduleSQL, restaurant).Query(func(rows pgx.Rows) error {
		plan, err := pgx.CollectRows(rows, pgx.RowTo[schedule.Schedule])
		if len(plan) > 0 {
			u.Schedule = &plan[0]
			u.Schedule.TimeZone = zone.Repaired(u.Schedule.TimeZone)
		}
		return err
	})
	b.Queue(loadClosuresSQL, restaurant).Query(func(rows pgx.Rows) error {
		dates, err := pgx.CollectRows(rows, pgx.RowTo[string])
		for _, date := range dates {
			u.ClosedDates[date] = true
		}
		return err
	})
}

// advisoryLocks are the keys of the advisory locks that a command needs: the
// diner's, so that the limits of one diner hold between requests for different
// slots, and the restaurant's, so that edits of its schedule are serialized.
func advisoryLocks(s reservation.Scope) []int64 {
	var locks []int64
	if s.LimitsOf != uuid.Nil {
		locks = append(locks, dinerLock(s.LimitsOf))
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
	insertSlotsSQL = `-- name: reservation.write
INSERT INTO slots (restaurant_id, starts_at, ends_at, time_zone, party_min, party_max, wanted_capacity, capacity, opens_at, cancel_until)
SELECT restaurant_id, starts_at, ends_at, time_zone, party_min, party_max, wanted_capacity, capacity, opens_at, cancel_until
FROM jsonb_populate_recordset(NULL::slots, $1)`
	updateSlotsSQL = `-- name: reservation.write
UPDATE slots s SET ends_at = n.ends_at, time_zone = n.time_zone, party_min = n.party_min, party_max = n.party_max,
  wanted_capacity = n.wanted_capacity, capacity = n.capacity, booked = n.booked, opens_at = n.opens_at, cancel_until = n.cancel_until
FROM jsonb_populate_recordset(NULL::slots, $1) n WHERE s.id = n.id`
	upsertReservationsSQL = `-- name: reservation.write
INSERT INTO reservations (` + columns + `, updated_at)
SELECT ` + columns + `, $2 FROM jsonb_populate_recordset(NULL::reservations, $1)
ON CONFLICT (id) DO UPDATE SET slot_id = excluded.slot_id, starts_at = excluded.starts_at, ends_at = excluded.ends_at,
  time_zone = excluded.time_zone, party = excluded.party, note = excluded.note, status = excluded.status,
  cancel_until = excluded.cancel_until, offer_ends_at = excluded.offer_ends_at, line = excluded.line,
  version = excluded.version, updated_at = excluded.updated_at`
	insertEventSQL = `
INSERT INTO outbox (event_id, reservation_id, kind, payload, previous, reason, traceparent, created_at, due_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)`
	insertRecordSQL = `-- name: reservation.write
INSERT INTO idempotency (diner_id, op, key, body_hash, answer, created_at) VALUES ($1, $2, $3, $4, $5, $6)`
	upsertScheduleSQL = `-- name: reservation.write
INSERT INTO schedules (restaurant_id, schedule, updated_at) VALUES ($1, $2, $3)
ON CONFLICT (restaurant_id) DO UPDATE SET schedule = excluded.schedule, updated_at = excluded.updated_at`
	changeSlotZonesSQL = `-- name: reservation.write
UPDATE slots SET time_zone = $2 WHERE restaurant_id = $1 AND time_zone <> $2`
	// By slot, as daySQL, for the same reason.
	changeReservationZonesSQL = `-- name: reservation.write
UPDATE reservations SET time_zone = $2 WHERE time_zone <> $2 AND id IN (
  SELECT id FROM reservations WHERE status IN ('waiting', 'offered', 'confirmed', 'seated')
    AND slot_id = ANY (ARRAY(SELECT id FROM slots WHERE restaurant_id = $1))
  UNION ALL
  SELECT id FROM reservations WHERE status IN ('cancelled', 'no_show', 'declined', 'expired')
    AND slot_id = ANY (ARRAY(SELECT id FROM slots WHERE restaurant_id = $1)))`
	markGeneratedSQL = `UPDATE schedules SET made_at = $2 WHERE restaurant_id = $1`
	insertClosureSQL = `
INSERT INTO closures (restaurant_id, date, reason, created_at) VALUES ($1, $2::text::date, $3, $4) ON CONFLICT DO NOTHING`
	deleteClosureSQL = `DELETE FROM closures WHERE restaurant_id = $1 AND date = $2::text::date`
)

// write sends the change set, in the one order of locks.
func write(ctx context.Context, tx pgx.Tx, c reservation.Command, result reservation.Reservation, w reservation.ChangeSet) error {
	var b pgx.Batch
	if len(w.NewSlots) > 0 {
		b.Queue(insertSlotsSQL, slotRows(w.NewSlots))
	}
	if len(w.ChangedSlots) > 0 {
		b.Queue(updateSlotsSQL, slotRows(w.ChangedSlots))
	}
	if len(w.Reservations) > 0 {
		rows := make([]row, len(w.Reservations))
		for i, r := range w.Reservations {
			rows[i] = rowOf(*r)
		}
		b.Queue(upsertReservationsSQL, rows, c.At)
	}
	for _, e := range w.Events {
		b.Queue(insertEventSQL, e.ID, e.Reservation.ID, e.Kind, rowOf(e.Reservation), e.Previous, e.Reason, e.Traceparent, c.At)
	}
	restaurant := c.Period.RestaurantID
	if w.Schedule != nil {
		b.Queue(upsertScheduleSQL, restaurant, *w.Schedule, c.At)
	}
	if w.TimeZone != "" {
		b.Queue(changeSlotZonesSQL, restaurant, w.TimeZone)
		b.Queue(changeReservationZonesSQL, restaurant, w.TimeZone)
	}
	if w.SlotsGenerated {
		b.Queue(markGeneratedSQL, restaurant, c.At)
	}
	switch {
	case w.Closure == nil:
	case w.Closure.Open:
		b.Queue(deleteClosureSQL, restaurant, w.Closure.Date)
	default:
		b.Queue(insertClosureSQL, restaurant, w.Closure.Date, w.Closure.Reason, c.At)
	}
	if c.Key != "" {
		b.Queue(insertRecordSQL, c.DinerID, c.Op, c.Key, c.RequestHash, rowOf(result), c.At)
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

// dinerLock is the key of the advisory lock that serializes a diner's requests.
// It is taken before any slot's lock, so that MaxActive and the check for
// overlaps also hold between simultaneous requests of one diner
// (docs/decisions/0007-one-diners-simultaneous-requests.md).
func dinerLock(diner uuid.UUID) int64 {
	return int64(binary.BigEndian.Uint64(diner[:8]) ^ binary.BigEndian.Uint64(diner[8:]))
}
