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

// Next implements notify.Outbox.
func (s *Store) Next(ctx context.Context, now time.Time) (notify.Delivery, bool, error) {
	var d notify.Delivery
	var resolved, first *time.Time
	fields := append([]any{&d.ID, &d.Kind, &d.Note, &d.Attempts, &d.Ambiguous, &first}, incidentFields(&d.Incident, &resolved)...)
	err := s.pool.QueryRow(ctx, `-- name: alerting.outbox.next
		select o.id, o.kind, o.note, o.attempts, o.ambiguous, o.first_try, `+incidentColumns+`
		from outbox o join incident i on i.id = o.incident_id
		where o.not_before <= $1
		  and not exists (select from outbox earlier where earlier.incident_id = o.incident_id and earlier.id < o.id)
		order by o.id limit 1`, now).Scan(fields...)
	if errors.Is(err, pgx.ErrNoRows) {
		return d, false, nil
	}
	d.Incident = inUTC(d.Incident, resolved)
	if first != nil {
		d.FirstTry = first.UTC()
	}
	return d, err == nil, err
}

// Begin implements notify.Outbox. Locking the incident first makes Begin and a
// change of the incident wait for each other: Begin either reads the change, or
// has begun before the change looks for a queued update.
func (s *Store) Begin(ctx context.Context, term lease.Term, id int64, now time.Time) (i incident.Incident, err error) {
	err = s.fenced(ctx, term, func(tx pgx.Tx) error {
		var resolved *time.Time
		err := tx.QueryRow(ctx, `-- name: alerting.outbox.incident
select `+incidentColumns+` from incident i
		where i.id = (select incident_id from outbox where id = $1) for share`, id).Scan(incidentFields(&i, &resolved)...)
		if err != nil {
			return err
		}
		i = inUTC(i, resolved)
		_, err = tx.Exec(ctx, `-- name: alerting.outbox.begin
update outbox set attempts = attempts + 1, ambiguous = true,
		first_try = case when ambiguous then first_try else $2 end where id = $1`, id, now)
		return err
	})
	return i, err
}

// Complete implements notify.Outbox.
func (s *Store) Complete(ctx context.Context, term lease.Term, d notify.Delivery, ref incident.MessageRef) error {
	return s.fenced(ctx, term, func(tx pgx.Tx) error {
		if d.Kind == notify.Post {
			_, err := tx.Exec(ctx, `-- name: alerting.incident.posted
update incident set channel = $2, message_ts = $3 where id = $1`, d.Incident.ID, ref.Channel, ref.ID)
			if err != nil {
				return err
			}
		}
		_, err := tx.Exec(ctx, `-- name: alerting.outbox.complete
delete from outbox where id = $1`, d.ID)
		return err
	})
}

// Retry implements notify.Outbox.
func (s *Store) Retry(ctx context.Context, term lease.Term, id int64, ambiguous bool, notBefore time.Time, reason string) error {
	return s.exec(ctx, term, `-- name: alerting.outbox.retry
update outbox set ambiguous = $2, not_before = $3, last_reason = $4 where id = $1`, id, ambiguous, notBefore, reason)
}

// DelayAll implements notify.Outbox.
func (s *Store) DelayAll(ctx context.Context, term lease.Term, notBefore time.Time) error {
	return s.exec(ctx, term, `-- name: alerting.outbox.delay_all
update outbox set not_before = greatest(not_before, $1)`, notBefore)
}

// exec runs one statement in a fenced transaction.
func (s *Store) exec(ctx context.Context, term lease.Term, sql string, args ...any) error {
	return s.fenced(ctx, term, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, sql, args...)
		return err
	})
}
