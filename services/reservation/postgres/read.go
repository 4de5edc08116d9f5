package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"jari.example/internal/zone"
	"jari.example/services/reservation"
	"jari.example/services/reservation/schedule"
)

// positions computes a row's position on its waitlist, 1 for the first; 0 for a
// row that does not wait.
const positions = `CASE WHEN r.status = 'waiting' THEN (SELECT count(*)::int FROM reservations o
  WHERE o.slot_id = r.slot_id AND o.status = 'waiting' AND o.line <= r.line) ELSE 0 END AS position`

type positionedRow struct {
	row
	Position int
}

func collectPositioned(rows pgx.Rows) ([]reservation.Reservation, error) {
	return pgx.CollectRows(rows, func(r pgx.CollectableRow) (reservation.Reservation, error) {
		found, err := pgx.RowToStructByName[positionedRow](r)
		found.row.Position = found.Position
		return found.reservation(), err
	})
}

const getSQL = `-- name: reservation.get
SELECT ` + columns + `, ` + positions + ` FROM reservations r WHERE id = $1 AND diner_id = $2`

// Reservation implements [reservation.Store].
func (s *Store) Reservation(ctx context.Context, diner, id uuid.UUID) (reservation.Reservation, error) {
	rows, _ := s.reads.Query(ctx, getSQL, id, diner)
	found, err := collectPositioned(rows)
	if err != nil {
		return reservation.Reservation{}, toFault(ctx, err)
	}
	if len(found) == 0 {
		return reservation.Reservation{}, reservation.NotFound()
	}
	return found[0], nil
}

// The two orders are two statements, so that each can scan the index in order.
const (
	latestSQL = `-- name: reservation.list
SELECT ` + columns + `, ` + positions + ` FROM reservations r
WHERE diner_id = $1 AND ($2::text[] IS NULL OR status = ANY ($2))
  AND ($3::timestamptz IS NULL OR ends_at >= $3) AND ($4::timestamptz IS NULL OR ends_at < $4)
  AND ($5 OR (starts_at, id) < ($6, $7))
ORDER BY starts_at DESC, id DESC LIMIT $8`
	soonestSQL = `-- name: reservation.list
SELECT ` + columns + `, ` + positions + ` FROM reservations r
WHERE diner_id = $1 AND ($2::text[] IS NULL OR status = ANY ($2))
  AND ($3::timestamptz IS NULL OR ends_at >= $3) AND ($4::timestamptz IS NULL OR ends_at < $4)
  AND ($5 OR (starts_at, id) > ($6, $7))
ORDER BY starts_at, id LIMIT $8`
)

// Reservations implements [reservation.Store].
func (s *Store) Reservations(ctx context.Context, q reservation.ReservationQuery) ([]reservation.Reservation, error) {
	sql := latestSQL
	if q.Soonest {
		sql = soonestSQL
	}
	rows, _ := s.reads.Query(ctx, sql, q.DinerID, q.Statuses, orNull(q.From), orNull(q.To),
		q.After == reservation.Position{}, q.After.Start, q.After.ID, q.Limit)
	list, err := collectPositioned(rows)
	return list, toFault(ctx, err)
}

func orNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// daySQL selects by slot, so that the table, which has many writes, needs no
// further index.
const daySQL = `-- name: reservation.day
SELECT ` + columns + `, ` + positions + ` FROM reservations r
WHERE (starts_at, id) > ($4, $5) AND ($6 = '' OR status = $6) AND id IN (
  SELECT id FROM reservations WHERE status IN ('waiting', 'offered', 'confirmed', 'seated')
    AND slot_id = ANY (ARRAY(SELECT id FROM slots WHERE restaurant_id = $1 AND starts_at >= $2 AND starts_at < $3))
  UNION ALL
  SELECT id FROM reservations WHERE status IN ('cancelled', 'no_show', 'declined', 'expired')
    AND slot_id = ANY (ARRAY(SELECT id FROM slots WHERE restaurant_id = $1 AND starts_at >= $2 AND starts_at < $3)))
ORDER BY starts_at, id LIMIT $7`

// Day implements [reservation.Store].
func (s *Store) Day(ctx context.Context, q reservation.DayQuery) ([]reservation.Reservation, error) {
	rows, _ := s.reads.Query(ctx, daySQL, q.RestaurantID, q.From, q.To, q.After.Start, q.After.ID, string(q.Status), q.Limit)
	list, err := collectPositioned(rows)
	return list, toFault(ctx, err)
}

// availabilitySQL counts no longer waitlist than it must. The index that it counts
// in has only entries that wait, and most slots have none.
const availabilitySQL = `-- name: reservation.availability
SELECT ` + slotColumns + `, booked > 0 AND $4 <= (SELECT count(*) FROM (
  SELECT FROM reservations r WHERE r.slot_id = slots.id AND r.status = 'waiting' LIMIT $4) w) AS waitlist_full
FROM slots
WHERE restaurant_id = ANY ($1) AND starts_at >= $2 AND starts_at < $3 ORDER BY starts_at, id`

// Slots implements [reservation.Store].
func (s *Store) Slots(ctx context.Context, restaurants []string, from, to time.Time) ([]reservation.Slot, error) {
	type listedRow struct {
		slotRow
		WaitlistFull bool
	}
	rows, _ := s.reads.Query(ctx, availabilitySQL, restaurants, from, to, reservation.MaxWaitlist)
	list, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (reservation.Slot, error) {
		found, err := pgx.RowToStructByName[listedRow](r)
		slot := found.slot()
		slot.WaitlistFull = found.WaitlistFull
		return slot, err
	})
	return list, toFault(ctx, err)
}

const zonesSQL = `-- name: reservation.zones
SELECT restaurant_id, schedule ->> 'time_zone' FROM schedules WHERE restaurant_id = ANY ($1)`

// Zones implements [reservation.Store].
func (s *Store) Zones(ctx context.Context, restaurants []string) (map[string]string, error) {
	rows, _ := s.reads.Query(ctx, zonesSQL, restaurants)
	zones := map[string]string{}
	var restaurant, timeZone string
	_, err := pgx.ForEachRow(rows, []any{&restaurant, &timeZone}, func() error {
		zones[restaurant] = zone.Repaired(timeZone)
		return nil
	})
	return zones, toFault(ctx, err)
}

const planAndClosuresSQL = `-- name: reservation.schedule
SELECT schedule, ARRAY(SELECT to_char(date, 'YYYY-MM-DD') FROM closures c WHERE c.restaurant_id = s.restaurant_id ORDER BY date)
FROM schedules s WHERE restaurant_id = $1`

// Schedule implements [reservation.Store].
func (s *Store) Schedule(ctx context.Context, restaurant string) (plan schedule.Schedule, closed []string, err error) {
	err = s.reads.QueryRow(ctx, planAndClosuresSQL, restaurant).Scan(&plan, &closed)
	if errors.Is(err, pgx.ErrNoRows) {
		return plan, nil, reservation.ScheduleNotFound()
	}
	plan.TimeZone = zone.Repaired(plan.TimeZone)
	return plan, closed, toFault(ctx, err)
}
