package httpapi_test

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"jari.example/internal/postgres/postgrestest"
	"jari.example/telemetry/names/realpart"
)

// failWrites makes the next n writes of reservations fail with an SQLSTATE: at
// once or, if atCommit, at the end of the transaction.
func (s *unreliableSystem) failWrites(code string, n int, atCommit bool) {
	s.t.Helper()
	when := "IMMEDIATE"
	if atCommit {
		when = "DEFERRED"
	}
	s.exec(fmt.Sprintf(`DROP TRIGGER IF EXISTS fails ON reservations;
CREATE SEQUENCE IF NOT EXISTS failures; -- a rollback does not reset it
ALTER SEQUENCE failures RESTART;
CREATE OR REPLACE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF nextval('failures') <= TG_ARGV[1]::bigint THEN RAISE EXCEPTION 'made by a test' USING ERRCODE = TG_ARGV[0]; END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER fails AFTER INSERT OR UPDATE ON reservations DEFERRABLE INITIALLY %s
  FOR EACH ROW EXECUTE FUNCTION fail('%s', '%d')`, when, code, n))
}

// Each error of PostgreSQL has one documented response. A conflict with another
// transaction is retried, and the client does not see it.
func TestMapsEachDatabaseErrorToItsResponse(t *testing.T) {
	t.Parallel()
	s := startUnreliable(t)
	const always = 1_000_000
	cases := []struct {
		what, code   string
		times        int
		book, cancel string
	}{
		{"serialization failure, twice", "40001", 2, success, success},
		{"deadlock, twice", "40P01", 2, success, success},
		{"unique violation, twice", "23505", 2, success, success},
		{"serialization failure without end", "40001", always, "503 overloaded", "503 unavailable"},
		{"statement cancelled", "57014", always, "504 timeout", "504 timeout"},
		{"lock timeout", "55P03", always, "504 timeout", "504 timeout"},
		{"shutting down", "57P01", always, "503 unavailable", "503 unavailable"},
		{"starting up", "57P03", always, "503 unavailable", "503 unavailable"},
		{"disk full", "53100", always, "503 unavailable", "503 unavailable"},
		{"out of memory", "53200", always, "503 unavailable", "503 unavailable"},
		{"read-only: it has become a standby", "25006", always, "503 unavailable", "503 unavailable"},
		{"I/O error", "58030", always, "503 unavailable", "503 unavailable"},
		{"data corrupted", "XX001", always, "500 internal", "500 internal"},
		{"invalid parameter: a bug of ours", "22023", always, "500 internal", "500 internal"},
	}
	for _, atCommit := range []bool{false, true} {
		var sent []apiRequest
		for i, c := range cases {
			booking, other := s.booking(i, 1), s.booking(i, 1)
			cancel := cancellation(other, s.mustBook(other))
			for _, one := range []struct {
				request apiRequest
				want    string
			}{{booking, c.book}, {cancel, c.cancel}} {
				s.failWrites(c.code, c.times, atCommit)
				got, err := s.send(t.Context(), one.request)
				if summary := got.summary(); err != nil || summary != one.want {
					t.Errorf("%s (%s, at commit: %v): %v got %q, %v; want %q", c.what, c.code, atCommit, one.request, summary, err, one.want)
				}
				if got.status == 500 && strings.Contains(fmt.Sprint(got.body), "made by") {
					t.Errorf("%s: the response contains the database's message: %v", c.what, got.body)
				}
			}
			s.exec("DROP TRIGGER fails ON reservations")
			sent = append(sent, booking, cancel)
		}
		s.checkRecovery(sent)
	}
}

// A move locks a slot that another session wants, and waits for one that the
// session has. PostgreSQL aborts one of the two transactions: ours.
func TestRetriesAfterADeadlock(t *testing.T) {
	t.Parallel()
	// A waiting session looks for a deadlock once, after deadlock_timeout. Ours must
	// wait until the other session waits too, and look first.
	s := startUnreliable(t, "deadlock_timeout", "2s")
	booking := s.booking(0, 2)
	id := s.mustBook(booking)
	move := apiRequest{"PATCH", "/v1/reservations/" + id, fmt.Sprintf(`{"slot_id":%q}`, s.slots[1]), booking.caller, ""}

	other := s.connect()
	_, err := other.Exec(t.Context(), "SET deadlock_timeout = '1min'; BEGIN; SELECT FROM slots WHERE id = "+s.slots[1]+" FOR NO KEY UPDATE")
	s.must(err)
	responses := make(chan []string, 1)
	go func() { responses <- s.sendAll([]apiRequest{move}) }()
	s.waitForLockWaiters(1) // the move has locked the first slot and waits for the second
	_, err = other.Exec(t.Context(), "SELECT FROM slots WHERE id = "+s.slots[0]+" FOR NO KEY UPDATE; COMMIT")
	s.must(err) // the other session was not the one aborted
	if summaries := <-responses; summaries[0] != success {
		t.Errorf("the move got %q, want success", summaries)
	}
	s.checkRecovery([]apiRequest{booking})
}

// With repeatable read as the database's default, every lock that was waited for
// fails with 40001. That costs retries, and no seat is lost or sold twice.
func TestRetriesAfterASerializationFailure(t *testing.T) {
	t.Parallel()
	s := startUnreliable(t, "default_transaction_isolation", "repeatable read")
	booking, other := s.booking(0, 2), s.booking(0, 1)
	cancel := cancellation(other, s.mustBook(other))
	control := s.connect()
	_, err := control.Exec(t.Context(), "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM reservations") // takes its snapshot
	s.must(err)

	release := s.holdLocks("UPDATE slots SET party_max = party_max")
	responses := make(chan []string, 1)
	go func() { responses <- s.sendAll([]apiRequest{booking, cancel}) }()
	s.waitForLockWaiters(2)
	release()
	if got := <-responses; got[0] != success || got[1] != success {
		t.Errorf("the booking and the cancellation got %q, want success", got)
	}
	var pg *pgconn.PgError
	if _, err := control.Exec(t.Context(), lockSlotsSQL); !errors.As(err, &pg) || pg.Code != "40001" {
		t.Errorf("without a retry the error is %v, want 40001: the test did not cause the failure", err)
	}

	var burst []apiRequest
	for range 24 {
		burst = append(burst, s.booking(1, 1))
	}
	got := s.sendAll(burst)
	for slices.ContainsFunc(got, func(summary string) bool { return strings.HasPrefix(summary, "503") }) {
		got = s.sendAll(burst)
	}
	slices.Sort(got)
	kinds := slices.Compact(slices.Clone(got))
	if !slices.Equal(kinds, []string{success, "409 slot_full"}) || got[4] == success || got[3] != success {
		t.Errorf("24 bookings of four covers got %q, want four successes", got)
	}
	s.checkRecovery([]apiRequest{booking, cancel})
}

// PostgreSQL's own timeouts end a statement before the service's timeout does.
func TestDatabaseTimeoutsAreReportedAsTimeouts(t *testing.T) {
	for code, setting := range map[string]string{"57014": "statement_timeout", "55P03": "lock_timeout"} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			s := startUnreliable(t)
			impatient := startUnreliableOn(t, s.database, setting, "200ms")
			booking, other := s.booking(0, 2), s.booking(1, 2)
			requests := []apiRequest{booking, cancellation(other, s.mustBook(other))}
			release := s.holdLocks(lockSlotsSQL)
			for i, got := range impatient.sendAll(requests) {
				if got != "504 timeout" {
					t.Errorf("%v got %q, want 504 timeout", requests[i], got)
				}
			}
			release()
			impatient.checkRecovery(requests)
		})
	}
}

// The server allows fewer connections than the pool wants to open.
func TestServesWithTooFewConnections(t *testing.T) {
	t.Parallel()
	role := "jari_test_" + strings.ToLower(rand.Text()[:12])
	server := realpart.Need(t, realpart.Postgres)
	postgrestest.Exec(t, server, "CREATE ROLE "+role+" LOGIN PASSWORD 'x'")
	t.Cleanup(func() { postgrestest.Exec(t, server, "DROP ROLE "+role) })
	database := postgrestest.Database(t)
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	postgrestest.Exec(t, database, "ALTER DATABASE "+strings.TrimPrefix(u.Path, "/")+" OWNER TO "+role)
	u.User = url.UserPassword(role, "x")
	s := startUnreliableOn(t, u.String())
	s.createSlots()
	s.must(s.admin.Close(t.Context()))
	s.database = database // the test's own sessions must not count against the limit
	s.admin = s.connect()
	requests := s.mixedRequests()

	for _, limit := range []int{2, 0} {
		s.exec(fmt.Sprint("ALTER ROLE ", role, " CONNECTION LIMIT ", limit))
		s.exec("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '" + role + "'")
		summaries := s.sendAll(requests)
		for i, got := range summaries {
			cached := strings.HasPrefix(requests[i].path, "/v1/availability") // for a second
			if got != "503 unavailable" && (got != success || limit == 0 && !cached) {
				t.Errorf("limit %d: %v got %q", limit, requests[i], got)
			}
		}
		if !slices.Contains(summaries, "503 unavailable") {
			t.Errorf("limit %d: no request failed, so the limit had no effect", limit)
		}
	}
	s.exec("ALTER ROLE " + role + " CONNECTION LIMIT -1")
	s.checkRecovery(requests)
}
