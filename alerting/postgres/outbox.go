package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"jari.example/alerting/incident"
	"jari.example/alerting/lease"
	"jari.example/alerting/notify"
)

// deliverySQL reads deliveries with their incident and message as they are.
const deliverySQL = `select o.id, o.kind, o.medium, o.address, o.note, o.mention, o.digest,
		o.queued_at, o.attempts, o.ambiguous, o.first_try,
		coalesce(m.channel, ''), coalesce(m.id, ''), ` + incidentColumns + `
	from outbox o
	left join incident i on i.id = o.incident_id
	left join message m on m.incident_id = o.incident_id and m.medium = o.medium and m.address = o.address`

func scanDelivery(row pgx.CollectableRow) (d notify.Delivery, err error) {
	var first *time.Time
	fields := []any{&d.ID, &d.Kind, &d.Target.Medium, &d.Target.Address, &d.Note.Text, &d.Note.Mention, &d.Note.Digest, &d.Queued, &d.Attempts,
		&d.Ambiguous, &first, &d.Message.Channel, &d.Message.ID}
	var i incidentRow
	if err := row.Scan(append(fields, i.fields()...)...); err != nil {
		return d, err
	}
	d.Incident, d.Queued = i.incident(), d.Queued.UTC()
	if first != nil {
		d.FirstTry = first.UTC()
	}
	return d, nil
}

// Next implements notify.Outbox.
func (s *Store) Next(ctx context.Context, medium string, busy []string, now time.Time) (notify.Delivery, bool, error) {
	rows, err := s.pool.Query(ctx, `-- name: alerting.outbox.next
`+deliverySQL+`
	where o.medium = $1 and not o.failed and o.address <> all(coalesce($2::text[], '{}')) and o.not_before <= $3
		and not exists (
			select from outbox earlier
			where earlier.incident_id = o.incident_id and earlier.medium = o.medium and earlier.address = o.address
				and earlier.id < o.id and not earlier.failed)
		and not exists (
			select from pause p
			where p.medium = o.medium and p.address = o.address and p.until > $3 and (
				p.method = case o.kind when 'update' then 'edit' else 'send' end
				or p.method = 'search' and o.ambiguous and o.kind <> 'update'))
	order by o.id limit 1`, medium, busy, now)
	if err != nil {
		return notify.Delivery{}, false, err
	}
	d, err := pgx.CollectExactlyOneRow(rows, scanDelivery)
	if errors.Is(err, pgx.ErrNoRows) {
		return d, false, nil
	}
	return d, err == nil, err
}

// Begin implements notify.Outbox. Locking the incident first makes Begin and a
// change of the incident wait for each other: Begin either reads the change, or
// has begun before the change looks for a queued update.
func (s *Store) Begin(ctx context.Context, term lease.Term, id int64, now time.Time) (d notify.Delivery, err error) {
	err = s.fenced(ctx, term, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `-- name: alerting.outbox.lock
select from incident where id = (select incident_id from outbox where id = $1) for share`, id)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `-- name: alerting.outbox.begin
update outbox set attempts = attempts + 1, ambiguous = true,
		first_try = case when ambiguous then first_try else $2 end where id = $1`, id, now)
		if err != nil {
			return err
		}
		rows, err := tx.Query(ctx, `-- name: alerting.outbox.begun
`+deliverySQL+` where o.id = $1`, id)
		if err != nil {
			return err
		}
		d, err = pgx.CollectExactlyOneRow(rows, scanDelivery)
		return err
	})
	return d, err
}

// Complete implements notify.Outbox.
func (s *Store) Complete(ctx context.Context, term lease.Term, d notify.Delivery, ref incident.MessageRef) error {
	return s.fenced(ctx, term, func(tx pgx.Tx) error {
		if d.Kind == notify.Post {
			if err := saveMessage(ctx, tx, d.ID, ref); err != nil {
				return err
			}
		}
		_, err := tx.Exec(ctx, `-- name: alerting.outbox.complete
delete from outbox where id = $1`, d.ID)
		return err
	})
}

// saveMessage stores where the message of a post is; a zero ref says that there will
// never be one.
func saveMessage(ctx context.Context, tx pgx.Tx, post int64, ref incident.MessageRef) error {
	_, err := tx.Exec(ctx, `-- name: alerting.message.save
insert into message (incident_id, medium, address, channel, id)
select incident_id, medium, address, $2, $3 from outbox where id = $1
on conflict (incident_id, medium, address) do update set channel = excluded.channel, id = excluded.id`, post, ref.Channel, ref.ID)
	return err
}

// Retry implements notify.Outbox.
func (s *Store) Retry(ctx context.Context, term lease.Term, id int64, r notify.Retrial) error {
	return s.exec(ctx, term, `-- name: alerting.outbox.retry
update outbox set ambiguous = $2, not_before = $3, last_reason = $4, refused = $5 where id = $1`,
		id, r.Ambiguous, r.NotBefore, r.Reason, r.Refused)
}

// GiveUp implements notify.Outbox.
func (s *Store) GiveUp(ctx context.Context, term lease.Term, id int64, now time.Time, reason, instead string) error {
	return s.fenced(ctx, term, func(tx pgx.Tx) error {
		var kind notify.Kind
		err := tx.QueryRow(ctx, `-- name: alerting.outbox.fail
update outbox set failed = true, refused = true, not_before = $2, last_reason = $3 where id = $1 returning kind`,
			id, now, reason).Scan(&kind)
		if err != nil {
			return err
		}
		switch kind {
		case notify.Post:
			err = saveMessage(ctx, tx, id, incident.MessageRef{})
		case notify.Update:
			_, err = tx.Exec(ctx, `-- name: alerting.message.final
update message m set editable = false from outbox o
where o.id = $1 and m.incident_id = o.incident_id and m.medium = o.medium and m.address = o.address`, id)
		}
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `-- name: alerting.outbox.vain
delete from outbox v using outbox o
where o.id = $1 and v.id <> o.id and not v.failed and v.incident_id = o.incident_id and v.medium = o.medium
	and v.address = o.address and (o.kind = 'post' or o.kind = 'update' and v.kind = 'update')`, id)
		if err != nil || instead == "" {
			return err
		}
		_, err = tx.Exec(ctx, `-- name: alerting.outbox.instead
insert into outbox (incident_id, medium, address, kind, note)
select incident_id, medium, address, 'reply', $2 from outbox where id = $1`, id, instead)
		return err
	})
}

// Pause implements notify.Outbox.
func (s *Store) Pause(ctx context.Context, term lease.Term, t incident.Target, m notify.Method, until time.Time) error {
	return s.exec(ctx, term, `-- name: alerting.pause.save
insert into pause as p (medium, address, method, until) values ($1, $2, $3, $4)
on conflict (medium, address, method) do update set until = greatest(p.until, excluded.until)`, t.Medium, t.Address, m, until)
}

// Notice implements notify.Outbox.
func (s *Store) Notice(ctx context.Context, term lease.Term, t incident.Target, n notify.Note) error {
	return s.exec(ctx, term, `-- name: alerting.outbox.notice
insert into outbox (medium, address, kind, note, mention) values ($1, $2, 'notice', $3, $4)`, t.Medium, t.Address, n.Text, n.Mention)
}

// Waiting implements notify.Outbox.
func (s *Store) Waiting(ctx context.Context) ([]notify.Waiting, error) {
	rows, err := s.pool.Query(ctx, `-- name: alerting.outbox.waiting
select medium, address, count(*), min(queued_at), coalesce(max(last_reason) filter (where refused), '')
from outbox where not failed group by medium, address order by medium, address`)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (w notify.Waiting, err error) {
		err = row.Scan(&w.Target.Medium, &w.Target.Address, &w.Count, &w.Oldest, &w.Refused)
		w.Oldest = w.Oldest.UTC()
		return w, err
	})
}

// Undelivered implements notify.Outbox.
func (s *Store) Undelivered(ctx context.Context) ([]notify.Undelivered, error) {
	rows, err := s.pool.Query(ctx, `-- name: alerting.outbox.undelivered
select o.incident_id, o.medium, o.address, o.queued_at, case when o.refused then o.last_reason else '' end
from outbox o join incident i on i.id = o.incident_id
where o.kind = 'post' and i.resolved_at is null order by o.id`)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (u notify.Undelivered, err error) {
		err = row.Scan(&u.Incident, &u.Target.Medium, &u.Target.Address, &u.Since, &u.Refused)
		u.Since = u.Since.UTC()
		return u, err
	})
}

// exec runs one statement in a fenced transaction.
func (s *Store) exec(ctx context.Context, term lease.Term, sql string, args ...any) error {
	return s.fenced(ctx, term, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, sql, args...)
		return err
	})
}
