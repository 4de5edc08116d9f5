package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"jari.example/alerting/incident"
	"jari.example/alerting/lease"
	"jari.example/alerting/slo"
)

const incidentColumns = `i.id, i.slo, i.severity, i.started_at, i.opened_at, i.updated_at, i.resolved_at, i.facts, i.response, i.chart`

// incidentRow is a row of incidentColumns. All is null where there is no incident.
type incidentRow struct {
	id, rule, severity                   *string
	started, opened, updated, resolvedAt *time.Time
	facts                                *incident.Facts
	response                             *incident.Response
	chart                                *incident.Chart
}

func (r *incidentRow) fields() []any {
	return []any{&r.id, &r.rule, &r.severity, &r.started, &r.opened, &r.updated, &r.resolvedAt, &r.facts, &r.response, &r.chart}
}

func (r *incidentRow) incident() incident.Incident {
	if r.id == nil {
		return incident.Incident{}
	}
	i := incident.Incident{
		ID: *r.id, Rule: *r.rule, Severity: slo.Severity(*r.severity), StartedAt: r.started.UTC(),
		OpenedAt: r.opened.UTC(), UpdatedAt: r.updated.UTC(),
		Facts: *r.facts, Response: *r.response, Chart: *r.chart,
	}
	if r.resolvedAt != nil {
		i.ResolvedAt = r.resolvedAt.UTC()
	}
	return i
}

func scanIncident(row pgx.CollectableRow) (incident.Incident, error) {
	var r incidentRow
	err := row.Scan(r.fields()...)
	if err != nil {
		return incident.Incident{}, err
	}
	return r.incident(), nil
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
	return getIncident(ctx, s.pool, `-- name: alerting.incident.get
select `+incidentColumns+` from incident i where i.id::text = $1`, id)
}

// querier is a pool or a transaction.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

func getIncident(ctx context.Context, q querier, sql, id string) (incident.Incident, error) {
	rows, err := q.Query(ctx, sql, id)
	if err != nil {
		return incident.Incident{}, err
	}
	i, err := pgx.CollectExactlyOneRow(rows, scanIncident)
	if errors.Is(err, pgx.ErrNoRows) {
		return i, incident.ErrNotFound
	}
	return i, err
}

// Timeline implements incident.Store.
func (s *Store) Timeline(ctx context.Context, id string) ([]incident.Entry, error) {
	rows, err := s.pool.Query(ctx, `-- name: alerting.entry.list
select at, kind, actor, text, mention from entry where incident_id::text = $1 order by id`, id)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (e incident.Entry, err error) {
		err = row.Scan(&e.At, &e.Kind, &e.Actor, &e.Text, &e.Mention)
		e.At = e.At.UTC()
		return e, err
	})
}

// Open implements incident.Store.
func (s *Store) Open(ctx context.Context, term lease.Term, c incident.Change) error {
	return explain(s.fenced(ctx, term, func(tx pgx.Tx) error {
		i := c.Incident
		_, err := tx.Exec(ctx, `-- name: alerting.incident.insert
insert into incident (id, slo, severity, started_at, opened_at, updated_at, facts, response)
			values ($1, $2, $3, $4, $5, $6, $7, $8)`, i.ID, i.Rule, i.Severity, i.StartedAt, i.OpenedAt, i.UpdatedAt, i.Facts, i.Response)
		if err != nil {
			return err
		}
		return record(ctx, tx, i.ID, c.Entries, c.Targets)
	}))
}

// explain names the violation of the unique index.
func explain(err error) error {
	if pgErr, ok := errors.AsType[*pgconn.PgError](err); ok && pgErr.ConstraintName == "one_open_incident_per_slo" {
		return incident.ErrAlreadyOpen
	}
	return err
}

// Update implements incident.Store.
func (s *Store) Update(ctx context.Context, term lease.Term, c incident.Change) error {
	return explain(s.fenced(ctx, term, func(tx pgx.Tx) error {
		before, err := locked(ctx, tx, c.ID)
		if err != nil {
			return err
		}
		if !before.ResolvedAt.Equal(c.ResolvedBefore) {
			return incident.ErrChanged
		}
		i := c.Incident
		i.Response = before.Response.After(c.Entries)
		if err := change(ctx, tx, i); err != nil {
			return err
		}
		return record(ctx, tx, i.ID, c.Entries, c.Targets)
	}))
}

// Respond implements incident.Store.
func (s *Store) Respond(ctx context.Context, id string, respond incident.Respond) (i incident.Incident, err error) {
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if i, err = locked(ctx, tx, id); err != nil {
			return err
		}
		after := i
		entries, targets, err := respond(&after)
		if err != nil || len(entries) == 0 {
			return err
		}
		i.Response, i.ResolvedAt, i.Facts.Silenced = after.Response, after.ResolvedAt, after.Facts.Silenced
		if err := change(ctx, tx, i); err != nil {
			return err
		}
		return record(ctx, tx, i.ID, entries, targets)
	})
	return i, explain(err)
}

// locked reads an incident that nobody else changes until the end of the transaction.
func locked(ctx context.Context, tx pgx.Tx, id string) (incident.Incident, error) {
	return getIncident(ctx, tx, `-- name: alerting.incident.lock
select `+incidentColumns+` from incident i where i.id::text = $1 for update`, id)
}

// change writes the row. With the end of the incident the silences of it end, so that
// they do not hold when it reopens.
func change(ctx context.Context, tx pgx.Tx, i incident.Incident) error {
	var resolved *time.Time
	if !i.Open() {
		resolved = &i.ResolvedAt
	}
	var b pgx.Batch
	b.Queue(`-- name: alerting.incident.update
update incident set severity = $2, started_at = $3, updated_at = $4, resolved_at = $5, facts = $6, response = $7 where id = $1`,
		i.ID, i.Severity, i.StartedAt, i.UpdatedAt, resolved, i.Facts, i.Response)
	b.Queue(`-- name: alerting.silence.end_with_incident
update silence set until_at = $2 where incident_id = $1 and until_at is null and $2::timestamptz is not null`, i.ID, resolved)
	return tx.SendBatch(ctx, &b).Close()
}

// record adds the entries to the timeline and queues the deliveries of a change: an
// update of each message, a post for each new target, and each entry with a text.
func record(ctx context.Context, tx pgx.Tx, id string, entries []incident.Entry, targets []incident.Target) error {
	var b pgx.Batch
	for _, e := range entries {
		b.Queue(`-- name: alerting.entry.insert
insert into entry (incident_id, at, kind, actor, text, mention) values ($1, $2, $3, $4, $5, $6)`,
			id, e.At, e.Kind, e.Actor, e.Text, e.Mention)
	}
	queueUpdates(&b, id, "")
	for _, t := range targets {
		b.Queue(`-- name: alerting.outbox.post
insert into outbox (incident_id, medium, address, kind) select $1, $2, $3, 'post'
where not exists (select from message where incident_id = $1 and medium = $2 and address = $3)
	and not exists (select from outbox where incident_id = $1 and medium = $2 and address = $3 and kind = 'post')`,
			id, t.Medium, t.Address)
	}
	for _, e := range entries {
		if e.Text != "" {
			b.Queue(`-- name: alerting.outbox.reply
insert into outbox (incident_id, medium, address, kind, note, mention)
select $1, t.medium, t.address, 'reply', $2, $3 from (`+reachedSQL+`) t order by t.medium, t.address`, id, e.Text, e.Mention)
		}
	}
	return tx.SendBatch(ctx, &b).Close()
}

// queueUpdates queues an update of each message of an incident; with a medium, of those of
// it alone.
//
// A message is written from the row as it is when its delivery begins, so one queued post or
// update is enough; one that has begun may have read the old row.
func queueUpdates(b *pgx.Batch, id, medium string) {
	b.Queue(`-- name: alerting.outbox.update
insert into outbox (incident_id, medium, address, kind)
select $1, t.medium, t.address, 'update' from (`+reachedSQL+`) t
where ($2 = '' or t.medium = $2)
	and not exists (
		select from outbox o where o.incident_id = $1 and o.medium = t.medium and o.address = t.address
			and o.kind in ('post', 'update') and o.attempts = 0 and not o.failed)
	and not exists (
		select from message m where m.incident_id = $1 and m.medium = t.medium and m.address = t.address and not m.editable)
order by t.medium, t.address`, id, medium)
}

// reachedSQL are the targets that have a message of the incident $1, or will have one;
// not those that have refused it for good.
const reachedSQL = `select medium, address from message where incident_id = $1 and id <> ''
	union select medium, address from outbox where incident_id = $1 and kind = 'post' and not failed`
