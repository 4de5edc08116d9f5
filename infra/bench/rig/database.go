package rig

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"jari.example/infra/local/artifact"
	"jari.example/infra/local/launch"
	"jari.example/infra/local/parts"
	"jari.example/infra/local/ports"
)

// The disks a database can lie on. RAM is a file system in memory whose commits
// take a millisecond, as those of a good network disk do: there the database's
// own work is what differs, and not this machine's disk.
const (
	RAM      = "ram"
	RealDisk = "real"
)

// slowCommits makes each commit wait a millisecond before it writes the log,
// with whoever commits meanwhile (commit_siblings=0: also when nobody does).
var slowCommits = []string{"commit_delay=1000", "commit_siblings=0"}

// fewCheckpoints keeps checkpoints out of runs that take seconds. Nothing here makes a
// commit less durable.
var fewCheckpoints = []string{"shared_buffers=512MB", "max_wal_size=8GB", "checkpoint_timeout=30min"}

// Database is a server of the benchmark's own, with reservation's database.
type Database struct {
	sys              *parts.System
	supervisor       *launch.Supervisor
	ended            chan error
	conn             *pgx.Conn // to reservation's database
	CountsStatements bool      // pg_stat_statements is there
}

// StartDatabase makes and starts a server whose data lie in dir.
func StartDatabase(ctx context.Context, root, dir string, offset ports.Offset, disk string) (*Database, error) {
	cache, err := artifact.DefaultCache(os.Getenv)
	if err != nil {
		return nil, err
	}
	sys, err := parts.New(parts.System{Root: root, Dir: dir, Ports: offset, Cache: cache, Getenv: os.Getenv})
	if err != nil {
		return nil, err
	}
	settings := fewCheckpoints
	if disk == RAM {
		settings = append(slowCommits, settings...)
	}
	db := &Database{sys: sys}
	if err := db.start(ctx, settings); err != nil {
		return nil, err
	}
	// Where the server has pg_stat_statements, it must be there from its start.
	err = db.conn.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'pg_stat_statements')`).Scan(&db.CountsStatements)
	if err != nil || !db.CountsStatements {
		return db, err
	}
	db.stop()
	if err := db.start(ctx, append(settings, "shared_preload_libraries=pg_stat_statements")); err != nil {
		return nil, err
	}
	_, err = db.conn.Exec(ctx, `CREATE EXTENSION pg_stat_statements`)
	return db, err
}

func (db *Database) start(ctx context.Context, settings []string) error {
	super, err := launch.New([]launch.Part{db.sys.Postgres(settings...)}, db.sys.LogDir(), io.Discard)
	if err != nil {
		return err
	}
	super.PortWait = 10 * time.Second
	db.supervisor, db.ended = super, make(chan error, 1)
	go func() { db.ended <- super.Run(context.WithoutCancel(ctx)) }() // it ends after the service
	for super.Status().Phase != "running" {
		select {
		case err := <-db.ended:
			return fmt.Errorf("PostgreSQL: %w", err)
		case <-ctx.Done():
			db.stop()
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
	db.conn, err = pgx.Connect(ctx, db.URL())
	return err
}

// URL addresses reservation's database.
func (db *Database) URL() string { return db.sys.DatabaseURL(parts.ReservationDatabase("kr")) }

// stop ends the server and leaves its data.
func (db *Database) stop() {
	if db.conn != nil {
		_ = db.conn.Close(context.Background())
	}
	db.supervisor.Stop()
	<-db.ended
}

// Remove stops the server and removes its data.
func (db *Database) Remove() error {
	db.stop()
	return errors.Join(db.sys.RemoveData(), os.RemoveAll(db.sys.Dir))
}

// Pid is the server's process.
func (db *Database) Pid() int { return db.supervisor.Status().Parts[0].Pid }

// Unlimited is a capacity that nobody can fill.
const Unlimited = 1_000_000_000

// oldBookings is what the tables hold before a run: a planner that sees empty
// tables would plan for them, and keep its plans while they grow. Keys are of
// today, or the service would sweep them away.
const oldBookings = 20_000

// Reset leaves what a run needs and nothing of the run before: slots of that
// capacity, and a spare one without bound to warm up with.
func (db *Database) Reset(ctx context.Context, slots, capacity int) (ids []int64, spare int64, err error) {
	err = pgx.BeginFunc(ctx, db.conn, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `TRUNCATE slots, reservations, idempotency, outbox`); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, oldBookingsSQL, oldBookings); err != nil {
			return err
		}
		rows, _ := tx.Query(ctx, slotsSQL, slots, capacity, Unlimited)
		ids, err = pgx.CollectRows(rows, pgx.RowTo[int64])
		return err
	})
	if err != nil {
		return nil, 0, fmt.Errorf("fill the database: %w", err)
	}
	for _, sql := range []string{`VACUUM ANALYZE slots, reservations, idempotency, outbox`, `CHECKPOINT`} {
		if _, err := db.conn.Exec(ctx, sql); err != nil {
			return nil, 0, err
		}
	}
	return ids[:slots], ids[slots], nil
}

const (
	slotsSQL = `
INSERT INTO slots (restaurant_id, starts_at, ends_at, time_zone, party_min, party_max, wanted_capacity, capacity, cancel_until)
SELECT 'bench-' || n, start, start + interval '90 min', 'Asia/Seoul', 1, 20, c, c, start - interval '2 hours'
FROM generate_series(1, $1::int + 1) n,
  LATERAL (SELECT date_trunc('day', now()) + interval '7 days', CASE WHEN n > $1 THEN $3::int ELSE $2::int END) t (start, c)
ORDER BY n RETURNING id`

	oldBookingsSQL = `
WITH past AS (
  INSERT INTO reservations (id, slot_id, diner_id, restaurant_id, starts_at, ends_at, time_zone, party, status, created_at, updated_at, cancel_until)
  SELECT gen_random_uuid(), -n % 500 - 1, gen_random_uuid(), 'bench-' || n % 500, start, start + interval '90 min', 'Asia/Seoul',
    n % 4 + 1, 'confirmed', start - interval '9 days', start - interval '9 days', start - interval '2 hours'
  FROM generate_series(1, $1::int) n, LATERAL (SELECT now() - interval '1 day' - n * interval '10 min') t (start)
  RETURNING *)
INSERT INTO idempotency (diner_id, op, key, body_hash, answer, created_at)
SELECT diner_id, 'book', id::text, sha256(id::text::bytea), to_jsonb(past), now() FROM past`
)

// Check recounts a run. It fails where a booking lacks one of its rows: whoever
// writes less is faster.
func (db *Database) Check(ctx context.Context, answered int) (overbooked int, err error) {
	var rows, keys, events int
	err = db.conn.QueryRow(ctx, `
SELECT (SELECT count(*) - $1 FROM reservations), (SELECT count(*) - $1 FROM idempotency),
  (SELECT count(DISTINCT reservation_id) FROM outbox WHERE payload->>'status' = 'confirmed'),
  (SELECT coalesce(sum(greatest(held - capacity, 0)), 0) FROM slots JOIN (
    SELECT slot_id, sum(party) AS held FROM reservations WHERE status IN ('offered', 'confirmed', 'seated') GROUP BY slot_id
  ) r ON slot_id = id)`, oldBookings).Scan(&rows, &keys, &events, &overbooked)
	switch {
	case err != nil:
		return 0, err
	case rows < answered:
		return 0, fmt.Errorf("%d bookings were answered, %d are there", answered, rows)
	case keys != rows || events != rows:
		return 0, fmt.Errorf("%d bookings have %d remembered answers and %d events", rows, keys, events)
	}
	return overbooked, nil
}

// Statements is how many have run in reservation's database so far, 0 where the
// server does not count.
func (db *Database) Statements(ctx context.Context) (n int64, err error) {
	if !db.CountsStatements {
		return 0, nil
	}
	err = db.conn.QueryRow(ctx, `
SELECT coalesce(sum(calls), 0)::bigint FROM pg_stat_statements
WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) AND query NOT LIKE '%pg_stat_statements%'`).Scan(&n)
	return n, err
}

// SlowestStatements lists the statements that the server spent its time on since Forget
// was called, one a line.
func (db *Database) SlowestStatements(ctx context.Context) (string, error) {
	if !db.CountsStatements {
		return "", nil
	}
	rows, _ := db.conn.Query(ctx, `
SELECT format('%s calls  %s ms in all  %s ms each  %s rows  %s WAL bytes each  %s', calls, round(total_exec_time), round(mean_exec_time::numeric, 3),
  rows, round(wal_bytes / calls), left(regexp_replace(query, '\s+', ' ', 'g'), 80))
FROM pg_stat_statements WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
ORDER BY total_exec_time DESC LIMIT 12`)
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	return strings.Join(append(lines, ""), "\n"), err
}

// ResetStatements makes Dearest begin anew.
func (db *Database) ResetStatements(ctx context.Context) error {
	if !db.CountsStatements {
		return nil
	}
	_, err := db.conn.Exec(ctx, `SELECT pg_stat_statements_reset()`)
	return err
}

// MakeDir makes the directory in which everything of one disk lies.
func MakeDir(root, disk string) (string, error) {
	base := filepath.Join(root, ".jari")
	if disk == RAM {
		base = "/dev/shm"
	}
	if err := os.MkdirAll(base, 0o755); err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp(base, "jari-bench-")
	if err != nil {
		return "", err
	}
	if inMemory, err := isMemory(dir); err != nil || inMemory != (disk == RAM) {
		return "", errors.Join(err, os.RemoveAll(dir),
			fmt.Errorf("%s is %s a file system in memory: no place for --disk %s", base, map[bool]string{false: "not"}[inMemory], disk))
	}
	return dir, os.Chmod(dir, 0o755) // the server may run as nobody
}
