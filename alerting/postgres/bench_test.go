package postgres_test

import (
	"fmt"
	"testing"
	"time"

	"jari.example/alerting/count"
	"jari.example/alerting/lease"
	"jari.example/alerting/postgres"
	"jari.example/alerting/slo"
	"jari.example/internal/postgres/postgrestest"
)

// The benchmarks have so many indicators and events in every minute of 30 days in
// two regions.
const benchIndicators = 50

var benchEnd = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)

func benchKey(n int) slo.Key { return slo.Key(fmt.Sprintf("%024d", n)) }

func fill(b *testing.B) (*postgres.Store, lease.Term) {
	url := postgrestest.Database(b)
	s, err := postgres.Open(b.Context(), url, nil)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(s.Close)
	for _, sql := range []string{
		`insert into series (key, region) select to_char(n, 'fm' || repeat('0', 24)), r
			from generate_series(0, 49) n, unnest(array['kr', 'us']) r`,
		`insert into bucket select id, timestamptz '2026-10-02Z' + m * interval '1 minute', 99, 1, 99 * (m + 1), m + 1
			from series, generate_series(0, 30 * 1440 - 1) m`,
		`insert into progress select key, '2026-10-02Z', '2026-11-01Z' from (select distinct key from series) s`,
		`vacuum analyze`,
	} {
		postgrestest.Exec(b, url, sql)
	}
	term, _, err := s.Acquire(b.Context(), "bench", time.Hour)
	if err != nil {
		b.Fatal(err)
	}
	return s, term
}

// BenchmarkSums reads what one tick needs: the windows of all objectives.
func BenchmarkSums(b *testing.B) {
	s, _ := fill(b)
	var windows []count.Window
	for n := range benchIndicators {
		for hours := range 17 {
			span := count.Span{From: benchEnd.Add(-time.Duration(1+hours*45) * time.Hour), To: benchEnd}
			windows = append(windows, count.Window{Key: benchKey(n), Span: span, Detail: hours == 0})
		}
	}
	for b.Loop() {
		if _, err := s.Sums(b.Context(), windows); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkSave saves one tick: the newest buckets have changed, those of the
// lookback have not.
func BenchmarkSave(b *testing.B) {
	s, term := fill(b)
	for n := int64(0); b.Loop(); n++ {
		period := count.Span{From: benchEnd.Add(-5 * time.Minute), To: benchEnd.Add(time.Minute)}
		batch := count.Batch{Span: period, Buckets: map[slo.Key][]count.Bucket{}}
		for key := range benchIndicators {
			for at := batch.From; at.Before(batch.To); at = at.Add(time.Minute) {
				for _, region := range []string{"kr", "us"} {
					c := slo.Count{Good: 99, Bad: 1}
					if at.Equal(benchEnd) {
						c.Good = n + 1
					}
					batch.Buckets[benchKey(key)] = append(batch.Buckets[benchKey(key)], count.Bucket{At: at, Region: region, Count: c})
				}
			}
		}
		if err := s.Save(b.Context(), term, batch); err != nil {
			b.Fatal(err)
		}
	}
}
