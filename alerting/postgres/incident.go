package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"jari.example/alerting/incident"
	"jari.example/alerting/lease"
	"jari.example/alerting/notify"
)

const incidentColumns = `i.id, i.slo, i.severity, i.started_at, i.opened_at, i.updated_at, i.resolved_at,
		i.facts, i.channel, i.message_ts`

// incidentFields are where incidentColumns are scanned to.
func incidentFields(i *incident.Incident, resolved **time.Time) []any {
	return []any{&i.ID, &i.Rule, &i.Severity, &i.StartedAt, &i.OpenedAt, &i.UpdatedAt, resolved,
		&i.Facts, &i.Message.Channel, &i.Message.ID}
}

func inUTC(i incident.Incident, resolved *time.Time) incident.Incident {
	i.StartedAt, i.OpenedAt, i.UpdatedAt = i.StartedAt.UTC(), i.OpenedAt.UTC(), i.UpdatedAt.UTC()
	if resolved != nil {
		i.ResolvedAt = resolved.UTC()
	}
	return i
}

// Recent implements incident.Store.
func (s *Store) Recent(ctx context.Context, since time.Time) ([]incident.Incident, error) {
	rows, err := s.pool.Query(ctx, `-- name: alerting.incident.recent
select `+incidentColumns+` from incident i where i.resolved_at is null or i.resolved_at >= $1 order by i.opened_at, i.id`, since)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scanIncident)
}

// Get implements incident.Store.
func (s *Store) Get(ctx context.Context, id string) (incident.Incident, error) {
	rows, err := s.pool.Query(ctx, `-- name: alerting.incident.get
select `+incidentColumns+` from incident i where i.id = $1`, id)
	if err != nil {
		return incident.Incident{}, err
	}
	i, err := pgx.CollectExactlyOneRow(rows, scanIncident)
	if errors.Is(err, pgx.ErrNoRows) {
		return i, incident.ErrNotFound
	}
	return i, err
}

func scanIncident(row pgx.CollectableRow) (incident.Incident, error) {
	var i incident.Incident
	var resolved *time.Time
	err := row.Scan(incidentFields(&i, &resolved)...)
	return inUTC(i, resolved), err
}

// Open implements incident.Store.
func (s *Store) Open(ctx context.Context, term lease.Term, i incident.Incident, note string) error {
	err := s.fenced(ctx, term, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `-- name: alerting.incident.insert
insert into incident (id, slo, severity, started_at, opened_at, updated_at, facts)
			values ($1, $2, $3, $4, $5, $6, $7)`, i.ID, i.Rule, i.Severity, i.StartedAt, i.OpenedAt, i.UpdatedAt, i.Facts)
		if err != nil {
			return err
		}
		return errors.Join(queue(ctx, tx, i.ID, notify.Post, ""), queue(ctx, tx, i.ID, notify.Reply, note))
	})
	return explain(err)
}

// explain names the violation of the unique index.
func explain(err error) error {
	if pgErr, ok := errors.AsType[*pgconn.PgError](err); ok && pgErr.ConstraintName == "one_open_incident_per_slo" {
		return incident.ErrAlreadyOpen
	}
	return err
}

// Update implements incident.Store.
func (s *Store) Update(ctx context.Context, term lease.Term, i incident.Incident, note string) error {
	return explain(s.fenced(ctx, term, func(tx pgx.Tx) error {
		if err := change(ctx, tx, i); err != nil || note == "" {
			return err
		}
		return queue(ctx, tx, i.ID, notify.Reply, note)
	}))
}

func change(ctx context.Context, tx pgx.Tx, i incident.Incident) error {
	var resolved *time.Time
	if !i.Open() {
		resolved = &i.ResolvedAt
	}
	_, err := tx.Exec(ctx, `-- name: alerting.incident.update
update incident set severity = $2, started_at = $3, updated_at = $4, resolved_at = $5, facts = $6 where id = $1`,
		i.ID, i.Severity, i.StartedAt, i.UpdatedAt, resolved, i.Facts)
	if err != nil {
		return err
	}
	// A message is written from the row as it is when its delivery begins, so
	// one queued update is enough; one that has begun may have read the old row.
	_, err = tx.Exec(ctx, `-- name: alerting.outbox.update
insert into outbox (incident_id, kind) select $1, 'update'
		where not exists (select from outbox where incident_id = $1 and kind = 'update' and attempts = 0)`, i.ID)
	return err
}

func queue(ctx context.Context, tx pgx.Tx, id string, kind notify.Kind, note string) error {
	_, err := tx.Exec(ctx, `-- name: alerting.outbox.insert
insert into outbox (incident_id, kind, note) values ($1, $2, $3)`, id, kind, note)
	return err
}
