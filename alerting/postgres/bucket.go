package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"jari.example/alerting/evaluate"
	"jari.example/alerting/lease"
	"jari.example/alerting/slo"
)

// CountedUntil implements evaluate.Buckets.
func (s *Store) CountedUntil(ctx context.Context, shape string) (until time.Time, err error) {
	err = s.pool.QueryRow(ctx, `-- name: alerting.progress.until
select until from progress where shape = $1`, shape).Scan(&until)
	if errors.Is(err, pgx.ErrNoRows) {
		return time.Time{}, nil
	}
	return until, err
}

// Save implements evaluate.Buckets. Only what differs from the table is
// written: ticks are much shorter than the lookback for late lines, so most of a
// batch is stored already.
func (s *Store) Save(ctx context.Context, term lease.Term, b evaluate.Batch) error {
	return s.fenced(ctx, term, func(tx pgx.Tx) error {
		var shape string
		var until time.Time
		err := tx.QueryRow(ctx, `-- name: alerting.progress.load
select shape, until from progress`).Scan(&shape, &until)
		if err != nil && !errors.Is(err, pgx.ErrNoRows) {
			return err
		}
		changed := !until.Equal(b.To)
		if shape != b.Shape {
			changed = true
			if _, err := tx.Exec(ctx, `-- name: alerting.bucket.clear
delete from bucket`); err != nil {
				return err
			}
		}
		objectives, err := objectivesOf(ctx, tx, b)
		if err != nil {
			return err
		}
		for _, name := range objectives {
			if err := saveObjective(ctx, tx, name, b.From, b.To, b.Buckets[name]); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
		if !changed {
			return nil
		}
		if _, err := tx.Exec(ctx, `-- name: alerting.bucket.prune
delete from bucket where at < $1`, b.KeepFrom); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `-- name: alerting.progress.save
insert into progress (shape, until) values ($1, $2)
			on conflict (id) do update set shape = excluded.shape, until = excluded.until`, b.Shape, b.To)
		return err
	})
}

// objectivesOf are the objectives with buckets in the batch, or in the table
// for its period: their counts may have become zero.
func objectivesOf(ctx context.Context, tx pgx.Tx, b evaluate.Batch) ([]string, error) {
	rows, err := tx.Query(ctx, `-- name: alerting.bucket.slos
select distinct slo from bucket where at >= $1`, b.From)
	if err != nil {
		return nil, err
	}
	all, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, err
	}
	for name := range b.Buckets {
		if !slices.Contains(all, name) {
			all = append(all, name)
		}
	}
	slices.Sort(all)
	return all, nil
}

func saveObjective(ctx context.Context, tx pgx.Tx, name string, from, to time.Time, fresh []slo.Bucket) error {
	rows, err := tx.Query(ctx, `-- name: alerting.bucket.load
select at, good, bad from bucket where slo = $1 and at >= $2 order by at`, name, from)
	if err != nil {
		return err
	}
	old, err := pgx.CollectRows(rows, scanBucket)
	if err != nil {
		return err
	}
	// Running sums are rewritten from the first difference on, also after the
	// end of the batch.
	next := slices.Clone(fresh)
	for _, o := range old {
		if !o.At.Before(to) {
			next = append(next, o)
		}
	}
	same := 0
	for same < len(old) && same < len(next) && old[same].At.Equal(next[same].At) && old[same].Count == next[same].Count {
		same++
	}
	if same == len(old) && same == len(next) {
		return nil
	}
	firstChange := from
	if same > 0 {
		firstChange = next[same-1].At.Add(time.Microsecond)
	}
	if _, err := tx.Exec(ctx, `-- name: alerting.bucket.replace
delete from bucket where slo = $1 and at >= $2`, name, firstChange); err != nil {
		return err
	}
	var before slo.Count
	err = tx.QueryRow(ctx, `-- name: alerting.bucket.before
select good_before + good, bad_before + bad from bucket where slo = $1 order by at desc limit 1`, name).
		Scan(&before.Good, &before.Bad)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return err
	}
	_, err = tx.CopyFrom(ctx, pgx.Identifier{"bucket"}, []string{"slo", "at", "good", "bad", "good_before", "bad_before"},
		pgx.CopyFromSlice(len(next)-same, func(i int) ([]any, error) {
			b := next[same+i]
			row := []any{name, b.At, b.Good, b.Bad, before.Good, before.Bad}
			before = before.Plus(b.Count)
			return row, nil
		}))
	return err
}

// Sums implements evaluate.Buckets. The sum of a window is the running sum at its
// end minus the running sum before its first bucket.
func (s *Store) Sums(ctx context.Context, name string, starts []time.Time, end time.Time) ([]evaluate.Sum, error) {
	rows, err := s.pool.Query(ctx, `-- name: alerting.bucket.sums
		select l.good - f.good_before, l.bad - f.bad_before, f.at
		from unnest($2::timestamptz[]) with ordinality as w (start, n)
		left join lateral (
			select at, good_before, bad_before from bucket
			where slo = $1 and at >= w.start and at < $3 order by at limit 1) f on true
		left join lateral (
			select good_before + good as good, bad_before + bad as bad from bucket
			where slo = $1 and at < $3 order by at desc limit 1) l on true
		order by w.n`, name, starts, end)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (sum evaluate.Sum, err error) {
		var good, bad *int64
		var first *time.Time
		if err := row.Scan(&good, &bad, &first); err != nil || first == nil {
			return sum, err
		}
		return evaluate.Sum{Count: slo.Count{Good: *good, Bad: *bad}, First: *first}, nil
	})
}

// Between implements evaluate.Buckets.
func (s *Store) Between(ctx context.Context, name string, from, to time.Time) ([]slo.Bucket, error) {
	rows, err := s.pool.Query(ctx, `-- name: alerting.bucket.between
select at, good, bad from bucket where slo = $1 and at >= $2 and at < $3 order by at`, name, from, to)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scanBucket)
}

func scanBucket(row pgx.CollectableRow) (b slo.Bucket, err error) {
	err = row.Scan(&b.At, &b.Good, &b.Bad)
	b.At = b.At.UTC()
	return b, err
}
