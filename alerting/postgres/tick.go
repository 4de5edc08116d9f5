package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"jari.example/alerting/lease"
	"jari.example/internal/postgres"
)

// TickSucceeded implements deadman.Ticks.
func (s *Store) TickSucceeded(ctx context.Context, term lease.Term, at time.Time) error {
	return s.fenced(ctx, term, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `-- name: alerting.tick.save
insert into tick (succeeded_at) values ($1) on conflict (id) do update set succeeded_at = $1`, at)
		return err
	})
}

// LastTick implements deadman.Ticks.
func (s *Store) LastTick(ctx context.Context) (at time.Time, err error) {
	err = s.pool.QueryRow(ctx, `-- name: alerting.tick.last
select succeeded_at from tick`).Scan(&at)
	if errors.Is(err, pgx.ErrNoRows) {
		return time.Time{}, nil
	}
	return at.UTC(), postgres.Explain(err)
}

// LastTickOf is LastTick of the database at url. It connects for this call alone, so
// that it finds out whether that is possible.
func LastTickOf(ctx context.Context, url string) (time.Time, error) {
	s, err := OpenReader(ctx, url)
	if err != nil {
		return time.Time{}, err
	}
	defer s.Close()
	return s.LastTick(ctx)
}
