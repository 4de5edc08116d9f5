package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"jari.example/alerting/count"
	"jari.example/alerting/lease"
	"jari.example/alerting/slo"
)

// Counted implements count.Store.
func (s *Store) Counted(ctx context.Context) (map[slo.Key]count.Span, error) {
	rows, err := s.pool.Query(ctx, `-- name: alerting.progress.load
select key, counted_from, counted_to from progress`)
	if err != nil {
		return nil, err
	}
	return scanSpans(rows)
}

func scanSpans(rows pgx.Rows) (map[slo.Key]count.Span, error) {
	all := map[slo.Key]count.Span{}
	var key slo.Key
	var span count.Span
	_, err := pgx.ForEachRow(rows, []any{&key, &span.From, &span.To}, func() error {
		all[key] = count.Span{From: span.From.UTC(), To: span.To.UTC()}
		return nil
	})
	return all, err
}

// Sums implements count.Store. The sum of a window is the running sum at its end
// minus the running sum before its first bucket. One statement reads one snapshot.
func (s *Store) Sums(ctx context.Context, windows []count.Window) ([]count.Sum, error) {
	sums := make([]count.Sum, len(windows))
	if len(windows) == 0 {
		return sums, nil
	}
	keys, starts, ends := make([]string, len(windows)), make([]time.Time, len(windows)), make([]time.Time, len(windows))
	details := make([]bool, len(windows))
	for i, w := range windows {
		keys[i], starts[i], ends[i], details[i] = string(w.Key), w.From, w.To, w.Detail
	}
	rows, err := s.pool.Query(ctx, sumsSQL, keys, starts, ends, details)
	if err != nil {
		return nil, err
	}
	var n int
	var region string
	var c, untilLastBad slo.Count
	var lastEvent time.Time
	var lastBad *time.Time
	fields := []any{&n, &region, &c.Good, &c.Bad, &lastEvent, &lastBad, &untilLastBad.Good}
	_, err = pgx.ForEachRow(rows, fields, func() error {
		sum := &sums[n-1]
		if sum.Regions == nil {
			sum.Regions = map[string]slo.Count{}
		}
		sum.Regions[region] = c
		sum.Count = sum.Plus(c)
		if !windows[n-1].Detail {
			return nil
		}
		sum.LastEvent = later(sum.LastEvent, lastEvent.UTC())
		if lastBad != nil {
			sum.LastBad = lastBad.UTC()
		}
		sum.GoodAfterLastBad += c.Good - untilLastBad.Good
		return nil
	})
	return sums, err
}

// sumsSQL returns a row for each window and region with events. Most windows end at
// the same time, so ends are looked up once. Most windows have a bucket at their start:
// it is looked up first, because finding the next one reads a page of the index, which
// costs four times as much. last_bad is that of all regions of the window.
const sumsSQL = `-- name: alerting.bucket.sums
with w as materialized (
	select * from unnest($1::text[], $2::timestamptz[], $3::timestamptz[], $4::boolean[])
		with ordinality as w (key, start, stop, detail, n)
), ends as materialized (
	select d.key, d.stop, s.id, s.region, l.at, l.good_sum, l.bad_sum
	from (select distinct key, stop from w) d
	join series s on s.key = d.key
	cross join lateral (
		select at, good_sum, bad_sum from bucket
		where series = s.id and at < d.stop order by at desc limit 1) l
), sums as (
	select w.n, w.start, e.id, e.region, e.at, f.good_before, e.good_sum - f.good_before as good, e.bad_sum - f.bad_before as bad,
		max(b.at) over (partition by w.n) as last_bad
	from w
	join ends e on e.key = w.key and e.stop = w.stop and e.at >= w.start
	cross join lateral (
		(select good_sum - good as good_before, bad_sum - bad as bad_before from bucket
		where series = e.id and at = w.start)
		union all
		(select good_sum - good, bad_sum - bad from bucket
		where series = e.id and at >= w.start order by at limit 1)
		limit 1) f
	left join lateral (
		select at from bucket
		where w.detail and series = e.id and at >= w.start and at < w.stop and bad > 0 order by at desc limit 1) b on true
)
select s.n, s.region, s.good, s.bad, s.at, s.last_bad, coalesce(u.good_sum - s.good_before, 0)
from sums s
left join lateral (
	select good_sum from bucket
	where series = s.id and at >= s.start and at <= s.last_bad order by at desc limit 1) u on true`

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// Between implements count.Store.
func (s *Store) Between(ctx context.Context, key slo.Key, period count.Span) ([]count.Bucket, error) {
	return s.list(ctx, `-- name: alerting.bucket.between
select b.at, s.region, b.good, b.bad from series s join bucket b on b.series = s.id
where s.key = $1 and b.at >= $2 and b.at < $3 order by b.at, s.region collate "C"`, key, period)
}

// Hours implements count.Store.
func (s *Store) Hours(ctx context.Context, key slo.Key, period count.Span) ([]count.Bucket, error) {
	return s.list(ctx, `-- name: alerting.hour.between
select h.at, s.region, h.good, h.bad from series s join hour h on h.series = s.id
where s.key = $1 and h.at >= $2 and h.at < $3 and h.good + h.bad > 0 order by h.at, s.region collate "C"`, key, period)
}

func (s *Store) list(ctx context.Context, sql string, key slo.Key, period count.Span) ([]count.Bucket, error) {
	rows, err := s.pool.Query(ctx, sql, key, period.From, period.To)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (b count.Bucket, err error) {
		err = row.Scan(&b.At, &b.Region, &b.Good, &b.Bad)
		b.At = b.At.UTC()
		return b, err
	})
}

// Prune implements count.Store. Running sums stay as they are.
func (s *Store) Prune(ctx context.Context, term lease.Term, minutes, hours time.Time) error {
	return s.fenced(ctx, term, func(tx pgx.Tx) error {
		var b pgx.Batch
		b.Queue(`-- name: alerting.bucket.prune
delete from bucket b using series s where b.series = s.id and b.at < $1`, minutes)
		b.Queue(`-- name: alerting.hour.prune
delete from hour h using series s where h.series = s.id and h.at < $1`, hours)
		b.Queue(`-- name: alerting.progress.prune
delete from progress where counted_to <= $1`, minutes)
		b.Queue(`-- name: alerting.progress.shorten
update progress set counted_from = $1 where counted_from < $1`, minutes)
		b.Queue(`-- name: alerting.series.prune
delete from series s where not exists (select from bucket where series = s.id) and not exists (select from hour where series = s.id)`)
		return tx.SendBatch(ctx, &b).Close()
	})
}
