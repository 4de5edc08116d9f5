package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"jari.example/services/reservation"
)

// The schedule's row is held first, so that two edits of one restaurant come
// one after the other; nothing but an edit ever takes it.
const (
	scheduleSQL = `-- name: reservation.schedule
INSERT INTO schedules (restaurant_id, schedule, updated_at) VALUES ($1, $2, $3)
ON CONFLICT (restaurant_id) DO UPDATE SET schedule = excluded.schedule, updated_at = excluded.updated_at`

	holdSlotsSQL = `
SELECT FROM slots WHERE restaurant_id = $1 AND starts_at > $2 ORDER BY id FOR NO KEY UPDATE`

	openSlotsSQL = `
INSERT INTO slots (restaurant_id, starts_at, ends_at, time_zone, party_min, party_max, wanted_capacity, capacity)
SELECT $1, start, start + $3::interval, $4, $5, $6, $7, $7 FROM unnest($2::timestamptz[]) AS start
ON CONFLICT ON CONSTRAINT slots_time DO UPDATE
SET time_zone = excluded.time_zone, party_min = excluded.party_min, party_max = excluded.party_max,
  wanted_capacity = excluded.wanted_capacity, capacity = greatest(excluded.wanted_capacity, slots.booked)
WHERE (slots.time_zone, slots.party_min, slots.party_max, slots.wanted_capacity)
  IS DISTINCT FROM (excluded.time_zone, excluded.party_min, excluded.party_max, excluded.wanted_capacity)`

	closeSlotsSQL = `
UPDATE slots SET wanted_capacity = 0, capacity = booked
WHERE restaurant_id = $1 AND starts_at > $2 AND wanted_capacity > 0 AND NOT starts_at = ANY (coalesce($3::timestamptz[], '{}'))`
)

// PutSchedule implements [reservation.Store].
func (s *Store) PutSchedule(ctx context.Context, restaurant string, plan reservation.Schedule, starts []time.Time, now time.Time) error {
	_, err := settle(ctx, func() (reservation.Outcome, bool, error) {
		var b pgx.Batch
		b.Queue(scheduleSQL, restaurant, plan, now)
		b.Queue(holdSlotsSQL, restaurant, now)
		b.Queue(openSlotsSQL, restaurant, starts, reservation.Dining, plan.TimeZone, plan.Party.Min, plan.Party.Max, plan.Covers)
		b.Queue(closeSlotsSQL, restaurant, now, starts)
		return reservation.Outcome{}, false, s.pool.SendBatch(ctx, &b).Close()
	})
	return err
}
