package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// First reports whether no replica has seen the request id before, and remembers it
// until then. It implements inbound.Replays.
func (s *Store) First(ctx context.Context, id string, until time.Time) (first bool, err error) {
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `-- name: alerting.seen_request.prune
delete from seen_request where until < now()`); err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, `-- name: alerting.seen_request.insert
insert into seen_request (id, until) values ($1, $2) on conflict (id) do nothing`, id, until)
		first = tag.RowsAffected() == 1
		return err
	})
	return first, err
}
