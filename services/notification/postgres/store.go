// Package postgres stores events in PostgreSQL.
package postgres

import (
	"context"
	"embed"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype/zeronull"

	"jari.example/internal/backlog"
	"jari.example/internal/postgres"
	"jari.example/internal/secret"
	"jari.example/services/notification"
	"jari.example/telemetry/pgxtelemetry"
)

//go:embed migrations
var migrations embed.FS

// Store is the table events.
type Store struct{ pool *pgxtelemetry.Pool }

var _ notification.Store = (*Store)(nil)

// Open connects to url and migrates the schema. waiting is called before each
// retry while the server cannot be reached; it may be nil.
func Open(ctx context.Context, url string, waiting func(error)) (*Store, error) {
	pool, err := postgres.Open(ctx, postgres.Config{Name: "notification", URL: url, Migrations: migrations, Waiting: waiting})
	if err != nil {
		return nil, err
	}
	return &Store{pool}, nil
}

// Close ends the store's connections.
func (s *Store) Close() { s.pool.Close() }

// Ping reports whether the database is available.
func (s *Store) Ping(ctx context.Context) error { return postgres.Explain(s.pool.Ping(ctx)) }

// columns are the columns of an event, in the order of fields.
const columns = `id, kind, occurred_at, diner_id, reservation_id, restaurant_id, slot_id, starts_at, time_zone, party, note,
  traceparent, words, previous_start, previous_party, ends_at, status, version, cancel_until, offer_ends_at, position`

const addSQL = `-- name: notification.event.add
with sent_before as (
  update events set urgent = true where $24 and reservation_id = $5 and state = 'pending' and not urgent)
insert into events (` + columns + `, accepted_at, due_at, urgent)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24)
on conflict (id) do nothing`

// Add implements notification.Store.
func (s *Store) Add(ctx context.Context, e notification.Event, now time.Time) (bool, error) {
	note, words := e.Reservation.Note.Reveal(), e.ClosureReason.Reveal()
	tag, err := s.pool.Exec(ctx, addSQL, append(fields(&e, &note, &words), now, e.Due(now), e.Urgent())...)
	return tag.RowsAffected() == 1, postgres.Explain(err)
}

// fields are the values of columns. An unknown time is NULL.
func fields(e *notification.Event, note, words *string) []any {
	v := &e.Reservation
	known := func(t *time.Time) any { return (*zeronull.Timestamptz)(t) }
	return []any{
		&e.ID, &e.Kind, &e.OccurredAt, &e.DinerID, &v.ID, &v.RestaurantID, &v.SlotID, &v.Start, &v.TimeZone, &v.Party, note,
		&e.Traceparent, words, known(&e.Previous.Start), &e.Previous.Party, known(&v.End), &v.Status, &v.Version,
		known(&v.CancelUntil), known(&v.OfferEndsAt), &v.Position,
	}
}

// leaseSQL skips rows that another worker is leasing now, and every event after a
// pending one of the same reservation. ARRAY makes PostgreSQL run the subquery
// once: a plan that ran it again would lock and lease more than $1 rows. The order is
// that of the index events_next. OFFSET 0 makes PostgreSQL look up each candidate's
// reservation: with the statistics of a time before a burst it would compare each
// candidate with all pending rows.
const leaseSQL = `-- name: notification.event.lease
update events set due_at = $3, attempts = attempts + 1, unknown = unknown + 1
from unnest(array(
  select seq from events e
  where state = 'pending' and due_at <= $2 and not exists (
    select from events o where o.reservation_id = e.reservation_id and o.state = 'pending' and o.seq < e.seq offset 0)
  order by urgent desc, due_at, seq limit $1 for update skip locked)) with ordinality as chosen (seq, nth)
where events.seq = chosen.seq
returning ` + columns + `, nth, attempts, unknown - 1, case kind
  when 'reservation.no_show' then exists (
    select from events o where o.reservation_id = events.reservation_id and o.kind = 'reservation.no_show_undone' and o.seq > events.seq)
  when 'reservation.no_show_undone' then not coalesce((
    select o.state = 'sent' or o.unknown > 0 from events o
    where o.reservation_id = events.reservation_id and o.kind = 'reservation.no_show' and o.seq < events.seq
    order by o.seq desc limit 1), false)
  else false end`

type leased struct {
	notification.Job
	nth int
}

// Lease implements notification.Store.
func (s *Store) Lease(ctx context.Context, n int, now, until time.Time) ([]notification.Job, error) {
	rows, _ := s.pool.Query(ctx, leaseSQL, n, now, until) // CollectRows returns its error
	found, err := pgx.CollectRows(rows, scan)
	if err != nil {
		return nil, postgres.Explain(err)
	}
	slices.SortFunc(found, func(a, b leased) int { return a.nth - b.nth }) // RETURNING has no order
	jobs := make([]notification.Job, len(found))
	for i, f := range found {
		jobs[i] = f.Job
	}
	return jobs, nil
}

func scan(row pgx.CollectableRow) (l leased, err error) {
	var note, words string
	err = row.Scan(append(fields(&l.Event, &note, &words), &l.nth, &l.Attempts, &l.Unknown, &l.Withdrawn)...)
	l.Reservation.Note, l.ClosureReason = secret.New(note), secret.New(words)
	return l, err
}

const known = `unknown = greatest(unknown - 1, 0)`

const completed = `settled_at = $2, note = '', words = '', ` + known

// Sent implements notification.Store.
func (s *Store) Sent(ctx context.Context, id uuid.UUID, at time.Time) error {
	return s.exec(ctx, `-- name: notification.event.sent
update events set state = 'sent', `+completed+` where id = $1 and state = 'pending'`, id, at)
}

// Postpone implements notification.Store.
func (s *Store) Postpone(ctx context.Context, id uuid.UUID, due time.Time, isKnown bool) error {
	set := "due_at = $2"
	if isKnown {
		set += ", " + known
	}
	return s.exec(ctx, `-- name: notification.event.postpone
update events set `+set+` where id = $1 and state = 'pending'`, id, due)
}

// Withdraw implements notification.Store.
func (s *Store) Withdraw(ctx context.Context, id uuid.UUID, at time.Time) error {
	return s.exec(ctx, `-- name: notification.event.withdraw
update events set state = 'withdrawn', `+completed+` where id = $1 and state = 'pending'`, id, at)
}

// Fail implements notification.Store.
func (s *Store) Fail(ctx context.Context, id uuid.UUID, at time.Time, reason notification.Reason) error {
	return s.exec(ctx, `-- name: notification.event.fail
update events set state = 'failed', reason = $3, `+completed+` where id = $1 and state = 'pending'`, id, at, reason)
}

const failuresSQL = `-- name: notification.event.failures
select reservation_id, kind, reason, settled_at
from (select distinct unnest($1::uuid[])) as requested (id), lateral (
  select * from events where reservation_id = requested.id and state in ('sent', 'failed') order by seq desc limit 1) as last
where state = 'failed'`

// Failures implements notification.Store.
func (s *Store) Failures(ctx context.Context, reservations []uuid.UUID) ([]notification.Failure, error) {
	rows, _ := s.pool.Query(ctx, failuresSQL, reservations) // CollectRows returns its error
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[notification.Failure])
	return found, postgres.Explain(err)
}

// Sweep implements notification.Store.
func (s *Store) Sweep(ctx context.Context, before time.Time, n int) (int, error) {
	tag, err := s.pool.Exec(ctx, `-- name: notification.event.sweep
delete from events where seq = any (array(
  select seq from events where state <> 'pending' and greatest(settled_at, ends_at, starts_at) < $1
  limit $2 for update skip locked))`, before, n)
	return int(tag.RowsAffected()), postgres.Explain(err)
}

const backlogSQL = `-- name: notification.event.backlog
select count(*), min(accepted_at)
from (select accepted_at from events
  where state = 'pending' and urgent >= $2 and not (kind = 'reservation.no_show' and attempts = 0 and due_at > now())
  order by urgent desc, due_at limit $1) as pending`

// Backlog implements backlog.Queue.
func (s *Store) Backlog(ctx context.Context) (backlog.Backlog, error) { return s.backlog(ctx, false) }

// UrgentBacklog implements notification.Store.
func (s *Store) UrgentBacklog(ctx context.Context) (backlog.Backlog, error) {
	return s.backlog(ctx, true)
}

// backlog counts the urgent events, or all.
func (s *Store) backlog(ctx context.Context, urgent bool) (b backlog.Backlog, err error) {
	err = s.pool.QueryRow(ctx, backlogSQL, backlog.MaxCount, urgent).Scan(&b.Waiting, (*zeronull.Timestamptz)(&b.Oldest))
	return b, postgres.Explain(err)
}

func (s *Store) exec(ctx context.Context, sql string, args ...any) error {
	_, err := s.pool.Exec(ctx, sql, args...)
	return postgres.Explain(err)
}
