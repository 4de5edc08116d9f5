package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"jari.example/alerting/incident"
	"jari.example/alerting/lease"
)

// Messaged implements incident.ChartStore.
func (s *Store) Messaged(ctx context.Context, medium string, since time.Time) ([]incident.Incident, error) {
	rows, err := s.pool.Query(ctx, `-- name: alerting.incident.messaged
select `+incidentColumns+` from incident i
where (i.resolved_at is null or i.resolved_at >= $2)
	and exists (select from message m where m.incident_id = i.id and m.medium = $1 and m.id <> '' and m.editable)
order by i.opened_at, i.id`, medium, since)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scanIncident)
}

// SetChart implements incident.ChartStore.
func (s *Store) SetChart(ctx context.Context, term lease.Term, medium, id string, c incident.Chart) error {
	return s.fenced(ctx, term, func(tx pgx.Tx) error {
		var b pgx.Batch
		b.Queue(`-- name: alerting.incident.chart
update incident set chart = $2 where id = $1`, id, c)
		queueUpdates(&b, id, medium)
		return tx.SendBatch(ctx, &b).Close()
	})
}
