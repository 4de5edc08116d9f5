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
	"jari.example/internal/wait"
)

// The disks that a database can be on. RAM is a file system in memory on which
// a commit takes a millisecond, as on a good network disk. There the results
// depend on the database's own work and not on this machine's disk.
const (
	RAM      = "ram"
	RealDisk = "real"
)

// slowCommits makes each commit wait a millisecond before it writes the WAL,
// together with the commits that arrive in that time (commit_siblings=0: also
// if there are none).
var slowCommits = []string{"commit_delay=1000", "commit_siblings=0"}

// fewCheckpoints keeps checkpoints out of runs that take seconds. Nothing here
// makes a commit less durable.
var fewCheckpoints = []string{"shared_buffers=512MB", "max_wal_size=8GB", "checkpoint_timeout=30min"}

// Database is a PostgreSQL server that only the benchmark uses, with the
// database of the reservation service.
type Database struct {
	sys              *parts.System
	supervisor       *launch.Supervisor
	ended            chan error
	conn             *pgx.Conn // to reservation's database
	CountsStatements bool      // pg_stat_statements is installed
}

// StartDatabase creates a server with its data in dir and starts it.
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
	// pg_stat_statements has to be loaded when the server starts.
	const available = `SELECT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'pg_stat_statements')`
	err = db.conn.QueryRow(ctx, available).Scan(&db.CountsStatements)
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
	supervisor, err := launch.New([]launch.Part{db.sys.Postgres(settings...)}, db.sys.LogDir(), io.Discard)
	if err != nil {
		return err
	}
	supervisor.PortWait = 10 * time.Second
	db.supervisor, db.ended = supervisor, make(chan error, 1)
	go func() { db.ended <- supervisor.Run(context.WithoutCancel(ctx)) }() // it must outlive the service
	for supervisor.Status().Phase != "running" {
		select {
		case err := <-db.ended:
			return fmt.Errorf("PostgreSQL: %w", err)
		default:
		}
		if err := wait.For(ctx, 20*time.Millisecond); err != nil {
			db.stop()
			return err
		}
	}
	db.conn, err = pgx.Connect(ctx, db.URL())
	return err
}

// URL is the connection string of the reservation service's database.
func (db *Database) URL() string { return db.sys.DatabaseURL(parts.ReservationDatabase("kr")) }

// stop ends the server and keeps its data.
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

// Pid is the id of the server's process.
func (db *Database) Pid() int { return db.supervisor.Status().Parts[0].Pid }

// Unlimited is a capacity in covers that no load can fill.
const Unlimited = 1_000_000_000

// oldBookings is how many bookings the tables hold before a run. The planner
// would plan for empty tables otherwise, and keep its plans while they grow.
// The idempotency records are of today, or the service would delete them.
const oldBookings = 20_000

// Reset deletes the data of the run before and creates what the next one needs:
// slots with that capacity, and a spare unlimited one for the warm-up.
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
		return nil, 0, fmt.Errorf("reset the database: %w", err)
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
  INSERT INTO reservations (id, slot_id, diner_id, restaurant_id, starts_at, ends_at, time_zone, party, status,
    created_at, updated_at, cancel_until)
  SELECT gen_random_uuid(), -n % 500 - 1, gen_random_uuid(), 'bench-' || n % 500, start, start + interval '90 min', 'Asia/Seoul',
    n % 4 + 1, 'confirmed', start - interval '9 days', start - interval '9 days', start - interval '2 hours'
  FROM generate_series(1, $1::int) n, LATERAL (SELECT now() - interval '1 day' - n * interval '10 min') t (start)
  RETURNING *)
INSERT INTO idempotency (diner_id, op, key, body_hash, answer, created_at)
SELECT diner_id, 'book', id::text, sha256(id::text::bytea), to_jsonb(past), now() FROM past`
)

// Check recounts a run and returns how many covers were booked beyond capacity.
// It fails if a booking lacks one of its rows, because a store that writes less
// is faster. confirmed is how many bookings got a 201.
func (db *Database) Check(ctx context.Context, confirmed int) (overbooked int, err error) {
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
	case rows < confirmed:
		return 0, fmt.Errorf("%d bookings were confirmed, %d are in the database", confirmed, rows)
	case keys != rows || events != rows:
		return 0, fmt.Errorf("%d bookings have %d idempotency records and %d events", rows, keys, events)
	}
	return overbooked, nil
}

// Statements is how many statements have run in the database so far, 0 if the
// server does not count them.
func (db *Database) Statements(ctx context.Context) (n int64, err error) {
	if !db.CountsStatements {
		return 0, nil
	}
	err = db.conn.QueryRow(ctx, `
SELECT coalesce(sum(calls), 0)::bigint FROM pg_stat_statements
WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) AND query NOT LIKE '%pg_stat_statements%'`).Scan(&n)
	return n, err
}

// SlowestStatements lists the statements on which the server has spent the most
// time since ResetStatements, one per line.
func (db *Database) SlowestStatements(ctx context.Context) (string, error) {
	if !db.CountsStatements {
		return "", nil
	}
	rows, _ := db.conn.Query(ctx, `
SELECT format('%s calls  %s ms in all  %s ms each  %s rows  %s WAL bytes each  %s',
  calls, round(total_exec_time), round(mean_exec_time::numeric, 3), rows, round(wal_bytes / calls),
  left(regexp_replace(query, '\s+', ' ', 'g'), 80))
FROM pg_stat_statements WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
ORDER BY total_exec_time DESC LIMIT 12`)
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	return strings.Join(append(lines, ""), "\n"), err
}

// ResetStatements sets what SlowestStatements reports to zero.
func (db *Database) ResetStatements(ctx context.Context) error {
	if !db.CountsStatements {
		return nil
	}
	_, err := db.conn.Exec(ctx, `SELECT pg_stat_statements_reset()`)
	return err
}

// MakeDir creates a directory on a disk for everything that a run writes.
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
			fmt.Errorf("%s is %s a file system in memory and cannot be used with -disk %s", base, map[bool]string{false: "not"}[inMemory], disk))
	}
	return dir, os.Chmod(dir, 0o755) // the server may run as the user nobody
}
