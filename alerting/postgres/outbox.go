package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"jari.example/alerting/lease"
	"jari.example/alerting/slack"
)

// Next implements slack.Outbox.
func (s *Store) Next(ctx context.Context, now time.Time) (slack.Delivery, bool, error) {
	var d slack.Delivery
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

// Begin implements slack.Outbox.
func (s *Store) Begin(ctx context.Context, term lease.Term, id int64, now time.Time) error {
	return s.exec(ctx, term, `-- name: alerting.outbox.begin
update outbox set attempts = attempts + 1, ambiguous = true,
		first_try = case when ambiguous then first_try else $2 end where id = $1`, id, now)
}

// Done implements slack.Outbox.
func (s *Store) Done(ctx context.Context, term lease.Term, d slack.Delivery, channel, ts string) error {
	return s.fenced(ctx, term, func(tx pgx.Tx) error {
		if d.Kind == slack.Post {
			_, err := tx.Exec(ctx, `-- name: alerting.incident.posted
update incident set channel = $2, message_ts = $3 where id = $1`, d.Incident.ID, channel, ts)
			if err != nil {
				return err
			}
		}
		_, err := tx.Exec(ctx, `-- name: alerting.outbox.done
delete from outbox where id = $1`, d.ID)
		return err
	})
}

// Again implements slack.Outbox.
func (s *Store) Again(ctx context.Context, term lease.Term, id int64, ambiguous bool, until time.Time, reason string) error {
	return s.exec(ctx, term, `-- name: alerting.outbox.again
update outbox set ambiguous = $2, not_before = $3, last_reason = $4 where id = $1`, id, ambiguous, until, reason)
}

// Hold implements slack.Outbox.
func (s *Store) Hold(ctx context.Context, term lease.Term, until time.Time) error {
	return s.exec(ctx, term, `-- name: alerting.outbox.hold
update outbox set not_before = greatest(not_before, $1)`, until)
}

func (s *Store) exec(ctx context.Context, term lease.Term, sql string, args ...any) error {
	return s.fenced(ctx, term, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, sql, args...)
		return err
	})
}
