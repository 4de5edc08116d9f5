package postgres

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"jari.example/alerting/count"
	"jari.example/alerting/lease"
	"jari.example/alerting/slo"
)

// Save implements count.Store. Ticks are much shorter than the lookback for late
// lines, so most of a batch is stored already: only what differs is written. After a
// change in the middle the running sums of later buckets are shifted. Buckets before
// the first one of a series get smaller sums instead, so that nothing is shifted.
func (s *Store) Save(ctx context.Context, term lease.Term, b count.Batch) error {
	if len(b.Buckets) == 0 {
		return s.fenced(ctx, term, func(pgx.Tx) error { return nil })
	}
	return s.fenced(ctx, term, func(tx pgx.Tx) error {
		keys := slices.Sorted(maps.Keys(b.Buckets))
		counted, stored, err := loadPeriod(ctx, tx, keys, b.Span)
		if err != nil {
			return fmt.Errorf("load: %w", err)
		}
		if err := saveProgress(ctx, tx, keys, counted, stored, b.Span); err != nil {
			return fmt.Errorf("progress: %w", err)
		}
		changes := differences(b, stored)
		if len(changes) == 0 {
			return nil
		}
		if err := addSeries(ctx, tx, changes); err != nil {
			return fmt.Errorf("series: %w", err)
		}
		if err := loadSums(ctx, tx, changes, b.To); err != nil {
			return fmt.Errorf("load sums: %w", err)
		}
		return write(ctx, tx, changes, b.To)
	})
}

// seriesKey is an indicator in one region.
type seriesKey struct {
	key    slo.Key
	region string
}

// rowsOf are the buckets of a period that are stored of one series.
type rowsOf struct {
	id   int32
	rows []count.Bucket
}

func loadPeriod(ctx context.Context, tx pgx.Tx, keys []slo.Key, period count.Span) (map[slo.Key]count.Span, map[seriesKey]rowsOf, error) {
	rows, err := tx.Query(ctx, `-- name: alerting.progress.of
select key, counted_from, counted_to from progress where key = any($1)`, keys)
	if err != nil {
		return nil, nil, err
	}
	counted, err := scanSpans(rows)
	if err != nil {
		return nil, nil, err
	}
	rows, err = tx.Query(ctx, `-- name: alerting.bucket.period
select s.id, s.key, s.region, b.at, b.good, b.bad from series s
left join bucket b on b.series = s.id and b.at >= $2 and b.at < $3
where s.key = any($1) order by s.id, b.at`, keys, period.From, period.To)
	if err != nil {
		return nil, nil, err
	}
	stored := map[seriesKey]rowsOf{}
	var id int32
	var series seriesKey
	var at *time.Time
	var good, bad *int64
	_, err = pgx.ForEachRow(rows, []any{&id, &series.key, &series.region, &at, &good, &bad}, func() error {
		one := stored[series]
		one.id = id
		if at != nil {
			b := count.Bucket{At: at.UTC(), Region: series.region, Count: slo.Count{Good: *good, Bad: *bad}}
			one.rows = append(one.rows, b)
		}
		stored[series] = one
		return nil
	})
	return counted, stored, err
}

// saveProgress extends the counted periods. Where the batch leaves a gap, it deletes
// what was counted.
func saveProgress(ctx context.Context, tx pgx.Tx, keys []slo.Key, counted map[slo.Key]count.Span,
	stored map[seriesKey]rowsOf, period count.Span) error {
	var changed []slo.Key
	var froms, tos []time.Time
	var after []int32 // the series with a gap
	for _, key := range keys {
		span, ok := counted[key]
		if ok && !span.Touches(period) {
			for series, one := range stored {
				if series.key == key {
					after = append(after, one.id)
					stored[series] = rowsOf{id: one.id}
				}
			}
			ok = false
		}
		if !ok {
			span = period
		}
		if span = span.Union(period); span != counted[key] {
			changed, froms, tos = append(changed, key), append(froms, span.From), append(tos, span.To)
		}
	}
	if len(changed) == 0 {
		return nil
	}
	var b pgx.Batch
	b.Queue(`-- name: alerting.progress.save
insert into progress (key, counted_from, counted_to) select * from unnest($1::text[], $2::timestamptz[], $3::timestamptz[])
on conflict (key) do update set counted_from = excluded.counted_from, counted_to = excluded.counted_to`, changed, froms, tos)
	if len(after) > 0 {
		b.Queue(`-- name: alerting.bucket.gap
delete from bucket where series = any($1)`, after)
	}
	return tx.SendBatch(ctx, &b).Close()
}

// difference is what a batch changes in one series.
type difference struct {
	series seriesKey
	id     int32     // 0: a new series
	from   time.Time // of the first difference
	before []count.Bucket
	after  []count.Bucket // both since from

	start slo.Count // running sum before from
	shift slo.Count // of the buckets after the batch
}

// differences are the changes that a batch makes in what is stored.
func differences(b count.Batch, stored map[seriesKey]rowsOf) []*difference {
	fresh := map[seriesKey][]count.Bucket{}
	for series := range stored {
		fresh[series] = nil
	}
	for key, buckets := range b.Buckets {
		for _, one := range buckets {
			if one.Total() > 0 {
				series := seriesKey{key, one.Region}
				fresh[series] = append(fresh[series], one)
			}
		}
	}
	var changes []*difference
	for series, after := range fresh {
		before := stored[series].rows
		same := 0
		for same < len(before) && same < len(after) && before[same].At.Equal(after[same].At) && before[same].Count == after[same].Count {
			same++
		}
		c := &difference{series: series, id: stored[series].id, before: before[same:], after: after[same:]}
		switch {
		case len(c.before) == 0 && len(c.after) == 0:
			continue
		case len(c.before) == 0 || len(c.after) > 0 && c.after[0].At.Before(c.before[0].At):
			c.from = c.after[0].At
		default:
			c.from = c.before[0].At
		}
		changes = append(changes, c)
	}
	return changes
}

func addSeries(ctx context.Context, tx pgx.Tx, changes []*difference) error {
	for _, c := range changes {
		if c.id != 0 {
			continue
		}
		err := tx.QueryRow(ctx, `-- name: alerting.series.insert
insert into series (key, region) values ($1, $2) returning id`, c.series.key, c.series.region).Scan(&c.id)
		if err != nil {
			return err
		}
	}
	return nil
}

// loadSums reads the running sums around the changes.
func loadSums(ctx context.Context, tx pgx.Tx, changes []*difference, to time.Time) error {
	ids, froms := make([]int32, len(changes)), make([]time.Time, len(changes))
	for i, c := range changes {
		ids[i], froms[i] = c.id, c.from
	}
	rows, err := tx.Query(ctx, `-- name: alerting.bucket.around
select c.n, b.good_sum, b.bad_sum, a.good_sum - a.good, a.bad_sum - a.bad
from unnest($1::int[], $2::timestamptz[]) with ordinality as c (series, at, n)
left join lateral (select * from bucket b where b.series = c.series and b.at < c.at order by b.at desc limit 1) b on true
left join lateral (select * from bucket a where a.series = c.series and a.at >= $3 order by a.at limit 1) a on true`, ids, froms, to)
	if err != nil {
		return err
	}
	var n int
	var beforeGood, beforeBad, afterGood, afterBad *int64
	_, err = pgx.ForEachRow(rows, []any{&n, &beforeGood, &beforeBad, &afterGood, &afterBad}, func() error {
		c := changes[n-1]
		total := slo.Count{}
		for _, b := range c.after {
			total = total.Plus(b.Count)
		}
		switch {
		case beforeGood != nil:
			c.start = slo.Count{Good: *beforeGood, Bad: *beforeBad}
			if afterGood != nil {
				c.shift = c.start.Plus(total).Minus(slo.Count{Good: *afterGood, Bad: *afterBad})
			}
		case afterGood != nil:
			c.start = slo.Count{Good: *afterGood, Bad: *afterBad}.Minus(total)
		}
		return nil
	})
	return err
}

// write writes the changes in one round trip.
func write(ctx context.Context, tx pgx.Tx, changes []*difference, to time.Time) error {
	var gone, rows, shifts, hours columns
	for _, c := range changes {
		changed := map[time.Time]slo.Count{} // by hour
		kept := map[time.Time]bool{}
		sum := c.start
		for _, b := range c.after {
			sum = sum.Plus(b.Count)
			rows.add(c.id, b.At, b.Good, b.Bad, sum.Good, sum.Bad)
			kept[b.At] = true
			hour := b.At.Truncate(time.Hour)
			changed[hour] = changed[hour].Plus(b.Count)
		}
		for _, b := range c.before {
			if !kept[b.At] {
				gone.add(c.id, b.At)
			}
			hour := b.At.Truncate(time.Hour)
			changed[hour] = changed[hour].Minus(b.Count)
		}
		for hour, n := range changed {
			if n != (slo.Count{}) {
				hours.add(c.id, hour, n.Good, n.Bad)
			}
		}
		if c.shift != (slo.Count{}) {
			shifts.add(c.id, to, c.shift.Good, c.shift.Bad)
		}
	}
	var b pgx.Batch
	if len(gone.ids) > 0 {
		b.Queue(`-- name: alerting.bucket.delete
delete from bucket b using unnest($1::int[], $2::timestamptz[]) as g (series, at)
where b.series = g.series and b.at = g.at`, gone.ids, gone.at)
	}
	if len(rows.ids) > 0 {
		b.Queue(`-- name: alerting.bucket.save
insert into bucket (series, at, good, bad, good_sum, bad_sum)
select * from unnest($1::int[], $2::timestamptz[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[])
on conflict (series, at) do update
set good = excluded.good, bad = excluded.bad, good_sum = excluded.good_sum, bad_sum = excluded.bad_sum`,
			rows.ids, rows.at, rows.n[0], rows.n[1], rows.n[2], rows.n[3])
	}
	if len(shifts.ids) > 0 {
		b.Queue(`-- name: alerting.bucket.shift
update bucket b set good_sum = b.good_sum + s.good, bad_sum = b.bad_sum + s.bad
from unnest($1::int[], $2::timestamptz[], $3::bigint[], $4::bigint[]) as s (series, at, good, bad)
where b.series = s.series and b.at >= s.at`, shifts.ids, shifts.at, shifts.n[0], shifts.n[1])
	}
	if len(hours.ids) > 0 {
		b.Queue(`-- name: alerting.hour.save
insert into hour as h (series, at, good, bad)
select * from unnest($1::int[], $2::timestamptz[], $3::bigint[], $4::bigint[])
on conflict (series, at) do update set good = h.good + excluded.good, bad = h.bad + excluded.bad`,
			hours.ids, hours.at, hours.n[0], hours.n[1])
	}
	return tx.SendBatch(ctx, &b).Close()
}

// columns are rows of a statement, by column.
type columns struct {
	ids []int32
	at  []time.Time
	n   [4][]int64
}

func (c *columns) add(id int32, at time.Time, n ...int64) {
	c.ids, c.at = append(c.ids, id), append(c.at, at)
	for i, v := range n {
		c.n[i] = append(c.n[i], v)
	}
}
