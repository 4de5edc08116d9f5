package postgres

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"jari.example/internal/postgres/postgrestest"
)

// A plan lives as long as its connection: one that was made while the tables were
// empty must still be good in a burst. With PostgreSQL's default settings the same
// check must find a scan.
func TestCachedBookingPlansUseIndexes(t *testing.T) {
	url := postgrestest.Database(t)
	s, err := Open(t.Context(), url, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Release()

	statements := map[string]string{
		"book group": bookGroupSQL, "lock group": lockGroupSlotsSQL, "book single": bookSingleSQL,
		"look up keys": lookupSQL, "load of diner": loadOfDinerSQL,
	}
	empty := scans(ctx, t, conn.Conn(), statements)
	postgrestest.Exec(t, url, `
INSERT INTO slots (restaurant_id, starts_at, ends_at, time_zone, party_min, party_max, wanted_capacity, capacity, cancel_until)
SELECT 'mokran', now() + i * interval '1 hour', now() + (i + 1) * interval '1 hour', 'Asia/Seoul', 1, 6, 20, 20, now()
FROM generate_series(1, 30) i;
INSERT INTO reservations (id, slot_id, diner_id, restaurant_id, starts_at, ends_at, time_zone, party,
  status, created_at, updated_at, cancel_until)
SELECT gen_random_uuid(), i, gen_random_uuid(), 'mokran', now(), now() + interval '1 hour', 'Asia/Seoul', 1,
  'confirmed', now(), now(), now()
FROM generate_series(1, 60) i`)
	postgrestest.Exec(t, url, "ANALYZE")
	small := scans(ctx, t, conn.Conn(), statements)
	for _, found := range append(empty, small...) {
		t.Error(found)
	}

	if _, err := conn.Exec(ctx, "SET enable_seqscan = on"); err != nil {
		t.Fatal(err)
	}
	if len(scans(ctx, t, conn.Conn(), statements)) == 0 {
		t.Error("control: found no scan with sequential scans enabled")
	}
}

// scans lists the nodes of the statements' plans that read a whole table or index.
func scans(ctx context.Context, t *testing.T, conn *pgx.Conn, statements map[string]string) (found []string) {
	t.Helper()
	for name, sql := range statements {
		most := 0
		for n := range 20 {
			if strings.Contains(sql, fmt.Sprintf("$%d", n)) {
				most = n
			}
		}
		nulls := strings.TrimSuffix(strings.Repeat("NULL, ", most), ", ")
		for _, sql := range []string{"DEALLOCATE PREPARE ALL", "PREPARE try AS " + sql} {
			if _, err := conn.Exec(ctx, sql, pgx.QueryExecModeSimpleProtocol); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
		rows, _ := conn.Query(ctx, "EXPLAIN EXECUTE try ("+nulls+")", pgx.QueryExecModeSimpleProtocol)
		plan, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, line := range plan {
			if strings.Contains(line, "Seq Scan") || strings.Contains(line, "reservations_live") {
				found = append(found, name+": "+strings.TrimSpace(line))
			}
		}
	}
	return found
}
