package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"jari.example/internal/postgres/postgrestest"
	"jari.example/services/reservation"
	"jari.example/services/reservation/schedule"
	"jari.example/telemetry/pgxtelemetry"
)

// largeTables grow with every booking. No statement may read one of them whole.
var largeTables = []string{"reservations", "slots", "idempotency"}

// fillSQL inserts 1,000 slots around now, 50,000 reservations of all statuses on
// them, and the idempotency records of a day.
const fillSQL = `
INSERT INTO slots (restaurant_id, starts_at, ends_at, time_zone, party_min, party_max,
  wanted_capacity, capacity, booked, cancel_until)
SELECT 'restaurant-' || i % 20, s, s + interval '90 minutes', 'Asia/Seoul', 1, 6, 200, 200, 0, s - interval '2 hours'
FROM generate_series(1, 1000) i, LATERAL (SELECT date_trunc('hour', now()) + (i / 20 - 25) * interval '6 hours' AS s) s;
INSERT INTO reservations (id, slot_id, diner_id, restaurant_id, starts_at, ends_at, time_zone, party,
  status, created_at, updated_at, cancel_until, line, offer_ends_at)
SELECT gen_random_uuid(), s.id, gen_random_uuid(), restaurant_id, starts_at, ends_at, time_zone, 2,
  status, now(), now(), cancel_until,
  CASE status WHEN 'waiting' THEN i END, CASE status WHEN 'offered' THEN now() + interval '5 minutes' END
FROM slots s, generate_series(1, 50) i, LATERAL (SELECT CASE
  WHEN i <= 40 THEN 'confirmed' WHEN i <= 46 THEN 'cancelled' WHEN i = 47 THEN 'no_show'
  WHEN s.id % 20 > 0 OR i < 50 THEN 'expired' WHEN s.id % 40 = 0 THEN 'waiting' ELSE 'offered' END AS status) x;
UPDATE slots SET booked = (SELECT coalesce(sum(party), 0) FROM reservations
  WHERE slot_id = slots.id AND status IN ('offered', 'confirmed', 'seated'));
INSERT INTO idempotency SELECT diner_id, 'book', 'k', '\x00', '{}', now() - random() * interval '24 hours'
FROM reservations ORDER BY created_at;
ANALYZE`

// runEveryStatement calls every method of the store.
func runEveryStatement(ctx context.Context, t *testing.T, s *Store) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	now := time.Now().UTC().Truncate(time.Microsecond)
	slots, err := s.Slots(ctx, []string{"restaurant-3"}, now.Add(24*time.Hour), now.Add(72*time.Hour))
	must(err)
	meta := func(key string) reservation.CommandMeta {
		return reservation.CommandMeta{DinerID: uuid.New(), Key: key, RequestHash: []byte{0}, EventID: uuid.New(), At: now}
	}
	b := reservation.Booking{CommandMeta: meta("k"), ID: uuid.New(), SlotID: slots[0].ID, Party: 2}
	_, err = s.Book(ctx, b)
	must(err)
	_, err = s.Replay(ctx, reservation.OpBook, b.CommandMeta)
	must(err)
	c := reservation.Cancellation{CommandMeta: b.CommandMeta, ID: b.ID}
	_, err = s.Execute(ctx, reservation.Command{
		CommandMeta: c.CommandMeta, Op: reservation.OpCancel, Decide: c.Decide,
		Scope: reservation.Scope{ReservationID: b.ID, LimitsOf: b.DinerID}})
	must(err)
	_, err = s.Execute(ctx, reservation.Command{
		CommandMeta: reservation.CommandMeta{At: now},
		Scope:       reservation.Scope{Period: reservation.Period{RestaurantID: "restaurant-3", From: now, To: now.AddDate(1, 0, 0)}},
		Decide: func(u *reservation.UnitOfWork) (reservation.Reservation, error) {
			u.Schedule = &schedule.Schedule{TimeZone: "UTC"}
			u.SetSchedule(schedule.Schedule{TimeZone: "Asia/Seoul"}, nil) // changes the zone of everything
			return reservation.Reservation{}, nil
		}})
	must(err)
	_, err = s.Zones(ctx, []string{"restaurant-3"})
	must(err)
	_, err = s.Reservation(ctx, b.DinerID, b.ID)
	must(err)
	for _, soonest := range []bool{false, true} {
		_, err = s.Reservations(ctx, reservation.ReservationQuery{DinerID: b.DinerID, Soonest: soonest, Limit: 21})
		must(err)
	}
	tomorrow := reservation.Period{RestaurantID: "restaurant-3", From: now, To: now.Add(24 * time.Hour)}
	_, err = s.Day(ctx, reservation.DayQuery{Period: tomorrow, Limit: 51})
	must(err)
	_, err = s.Backlog(ctx)
	must(err)
	events, err := s.Lease(ctx, 32, now.Add(time.Second), now.Add(time.Minute))
	must(err)
	must(s.Postpone(ctx, events[0].Seq, now))
	must(s.Delivered(ctx, events[0].Seq))
	_, err = s.SlotsWithExpiry(ctx, now, 100)
	must(err)
	_, err = s.RestaurantsToGenerate(ctx, now, 100)
	must(err)
	_, err = s.EnqueueReminders(ctx, now, now.Add(24*time.Hour), 100)
	must(err)
	_, err = s.DeleteIdempotencyRecords(ctx, now.Add(-23*time.Hour), 500)
	must(err)
	_, err = s.Audit(ctx, now)
	must(err)
}

// preparedScans returns each statement of that name ("" for any) that the
// connection has prepared, with the tables of largeTables that its plan reads
// whole.
func preparedScans(ctx context.Context, t *testing.T, conn *pgx.Conn, name string) map[string][]string {
	t.Helper()
	type prepared struct {
		Name, Statement string
		Parameters      int
	}
	rows, _ := conn.Query(ctx, `SELECT name, statement, cardinality(parameter_types) AS parameters
		FROM pg_prepared_statements WHERE strpos(statement, $1) > 0`, pgx.QueryExecModeSimpleProtocol, name)
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[prepared])
	if err != nil {
		t.Fatal(err)
	}
	scans := map[string][]string{}
	for _, p := range list {
		verb, _, _ := strings.Cut(strings.TrimSpace(p.Statement[strings.Index(p.Statement, "\n")+1:]), " ")
		if verb = strings.ToUpper(verb); !slices.Contains([]string{"SELECT", "INSERT", "UPDATE", "DELETE", "WITH"}, verb) {
			continue
		}
		explain := fmt.Sprintf("EXPLAIN (FORMAT JSON) EXECUTE %q", p.Name)
		if p.Parameters > 0 {
			explain += "(NULL" + strings.Repeat(", NULL", p.Parameters-1) + ")"
		}
		var raw []byte
		if err := conn.QueryRow(ctx, explain, pgx.QueryExecModeSimpleProtocol).Scan(&raw); err != nil {
			t.Fatalf("%v\n%s", err, p.Statement)
		}
		var plan any
		if err := json.Unmarshal(raw, &plan); err != nil {
			t.Fatal(err)
		}
		scans[p.Statement] = seqScans(plan)
	}
	return scans
}

// seqScans finds the sequential scans of large tables in a plan.
func seqScans(node any) (found []string) {
	switch n := node.(type) {
	case []any:
		for _, one := range n {
			found = append(found, seqScans(one)...)
		}
	case map[string]any:
		if table, _ := n["Relation Name"].(string); n["Node Type"] == "Seq Scan" && slices.Contains(largeTables, table) {
			found = append(found, table)
		}
		for _, inner := range n {
			found = append(found, seqScans(inner)...)
		}
	}
	return found
}

// Every statement of the store finds its rows by an index in large tables. The
// plans are those of the connections that have prepared the statements, so no
// statement is forgotten, and the planner has the settings of the store's sessions.
func TestNoStatementScansALargeTable(t *testing.T) {
	ctx := t.Context()
	url := postgrestest.Database(t)
	sep := "?"
	if strings.Contains(url, "?") {
		sep = "&"
	}
	s, err := Open(ctx, url+sep+"pool_max_conns=1", nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	postgrestest.Exec(t, url, fillSQL)
	runEveryStatement(ctx, t, s)

	plans := map[string][]string{}
	var conns []*pgx.Conn
	for _, pool := range []*pgxtelemetry.Pool{s.pool, s.reads} {
		conn, err := pool.Acquire(ctx)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Release()
		conns = append(conns, conn.Conn())
		maps.Copy(plans, preparedScans(ctx, t, conn.Conn(), ""))
	}
	if len(plans) < 20 {
		t.Errorf("only %d statements were checked, want 20 or more", len(plans))
	}
	for statement, tables := range plans {
		if len(tables) > 0 {
			t.Errorf("scans %v:\n%s", tables, statement)
		}
	}

	// Control: the same check must detect a statement that has lost its index.
	for drop, statement := range map[string]string{
		"ALTER TABLE reservations DROP CONSTRAINT reservations_pkey; DROP INDEX reservations_mine": "reservation.load",
		"DROP INDEX reservations_live":                                         "reservation.audit",
		"DROP INDEX reservations_mine":                                         "reservation.list",
		"ALTER TABLE idempotency DROP CONSTRAINT idempotency_pkey":             "reservation.recall",
		"ALTER TABLE slots DROP CONSTRAINT slots_time; DROP INDEX slots_start": "reservation.availability",
		"DROP INDEX idempotency_age":                                           "reservation.sweep",
		"DROP INDEX reservations_live; DROP INDEX reservations_mine":           "reservation.book",
	} {
		detected := false
		for _, conn := range conns {
			if _, err := conn.Exec(ctx, "BEGIN; "+drop); err != nil {
				t.Fatal(err)
			}
			for _, tables := range preparedScans(ctx, t, conn, statement) {
				detected = detected || len(tables) > 0
			}
			if _, err := conn.Exec(ctx, "ROLLBACK"); err != nil {
				t.Fatal(err)
			}
		}
		if !detected {
			t.Errorf("%s: the scan by %s is not detected", drop, statement)
		}
	}
}
