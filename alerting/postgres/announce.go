package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"jari.example/alerting/lease"
	"jari.example/alerting/notify"
)

// Announced implements notify.Announcements.
func (s *Store) Announced(ctx context.Context, topic string) (news string, err error) {
	err = s.pool.QueryRow(ctx, `-- name: alerting.announcement.last
select news from announcement where topic = $1`, topic).Scan(&news)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", nil
	}
	return news, err
}

// Announce implements notify.Announcements.
func (s *Store) Announce(ctx context.Context, term lease.Term, a notify.Announcement) error {
	return s.fenced(ctx, term, func(tx pgx.Tx) error {
		saved, err := tx.Exec(ctx, `-- name: alerting.announcement.save
insert into announcement as a (topic, news) values ($1, $2)
on conflict (topic) do update set news = $2, at = clock_timestamp() where a.news <> $2`, a.Topic, a.News)
		if err != nil || saved.RowsAffected() == 0 {
			return err
		}
		var b pgx.Batch
		b.Queue(`-- name: alerting.announcement.replace
delete from outbox where topic = $1 and not failed and not ambiguous`, a.Topic)
		for _, t := range a.Targets {
			b.Queue(`-- name: alerting.announcement.queue
insert into outbox (medium, address, kind, note, mention, digest, topic) values ($1, $2, 'notice', $3, $4, $5, $6)`,
				t.Medium, t.Address, a.Note.Text, a.Note.Mention, a.Note.Digest, a.Topic)
		}
		return tx.SendBatch(ctx, &b).Close()
	})
}

// PruneOutbox implements notify.Prunable.
func (s *Store) PruneOutbox(ctx context.Context, term lease.Term, before time.Time) error {
	return s.exec(ctx, term, `-- name: alerting.outbox.prune
delete from outbox o
where o.queued_at < $1 and case when o.incident_id is null then true else
	exists (select from incident i where i.id = o.incident_id and i.resolved_at < $1)
	and not exists (
		select from outbox later
		where later.incident_id = o.incident_id and later.medium = o.medium and later.address = o.address and later.queued_at >= $1)
	end`, before)
}
