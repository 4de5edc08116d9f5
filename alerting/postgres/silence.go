package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"jari.example/alerting/incident"
)

// Silence implements incident.Store.
func (s *Store) Silence(ctx context.Context, added incident.Silence) error {
	var until *time.Time
	if !added.Until.IsZero() {
		until = &added.Until
	}
	_, err := s.pool.Exec(ctx, `-- name: alerting.silence.insert
insert into silence (id, rule, incident_id, from_at, until_at, by, reason) values ($1, $2, nullif($3, '')::uuid, $4, $5, $6, $7)`,
		added.ID, added.Rule, added.Incident, added.From, until, added.By, added.Reason)
	return err
}

// EndSilence implements incident.Store.
func (s *Store) EndSilence(ctx context.Context, id string, at time.Time) error {
	_, err := s.pool.Exec(ctx, `-- name: alerting.silence.end
update silence set until_at = $2 where id::text = $1 and (until_at is null or until_at > $2)`, id, at)
	return err
}

// Silences implements incident.Store.
func (s *Store) Silences(ctx context.Context, at time.Time) ([]incident.Silence, error) {
	rows, err := s.pool.Query(ctx, `-- name: alerting.silence.list
select s.id, s.rule, coalesce(s.incident_id::text, ''), s.from_at, s.until_at, s.by, s.reason
from silence s where s.until_at is null or s.until_at > $1 order by s.from_at, s.id`, at)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (one incident.Silence, err error) {
		var until *time.Time
		err = row.Scan(&one.ID, &one.Rule, &one.Incident, &one.From, &until, &one.By, &one.Reason)
		one.From = one.From.UTC()
		if until != nil {
			one.Until = until.UTC()
		}
		return one, err
	})
}
