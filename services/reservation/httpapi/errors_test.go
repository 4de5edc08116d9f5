package httpapi_test

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"

	"jari.example/internal/postgres/postgrestest"
	"jari.example/telemetry/names/realpart"
)

// fail makes the next writes of reservations fail with an SQLSTATE, at once or,
// as a commit can, at the very end.
func (s *shaky) fail(code string, times int, late bool) {
	s.t.Helper()
	when := "IMMEDIATE"
	if late {
		when = "DEFERRED"
	}
	s.exec(fmt.Sprintf(`DROP TRIGGER IF EXISTS fails ON reservations;
CREATE SEQUENCE IF NOT EXISTS failures; -- counts on, whatever is rolled back
ALTER SEQUENCE failures RESTART;
CREATE OR REPLACE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF nextval('failures') <= TG_ARGV[1]::bigint THEN RAISE EXCEPTION 'made by a test' USING ERRCODE = TG_ARGV[0]; END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER fails AFTER INSERT OR UPDATE ON reservations DEFERRABLE INITIALLY %s
  FOR EACH ROW EXECUTE FUNCTION fail('%s', '%d')`, when, code, times))
}

// What PostgreSQL refuses with decides what the client hears; who lost against
// another transaction hears nothing of it.
func TestEachErrorOfTheDatabaseHasItsAnswer(t *testing.T) {
	t.Parallel()
	s := shake(t)
	const always = 1_000_000
	cases := []struct {
		what, code string
		times      int
		book, move string
	}{
		{"lost against another, twice", "40001", 2, "2xx", "2xx"},
		{"stood crosswise, twice", "40P01", 2, "2xx", "2xx"},
		{"somebody was faster, twice", "23505", 2, "2xx", "2xx"},
		{"loses for ever", "40001", always, "503 overloaded", "503 unavailable"},
		{"a statement was cancelled", "57014", always, "504 timeout", "504 timeout"},
		{"a lock was not to be had in time", "55P03", always, "504 timeout", "504 timeout"},
		{"it shuts down", "57P01", always, "503 unavailable", "503 unavailable"},
		{"it starts up", "57P03", always, "503 unavailable", "503 unavailable"},
		{"its disk is full", "53100", always, "503 unavailable", "503 unavailable"},
		{"its memory is used up", "53200", always, "503 unavailable", "503 unavailable"},
		{"it has become a standby", "25006", always, "503 unavailable", "503 unavailable"},
		{"it cannot read its files", "58030", always, "503 unavailable", "503 unavailable"},
		{"its tables are damaged", "XX001", always, "500 internal", "500 internal"},
		{"we sent nonsense", "22023", always, "500 internal", "500 internal"},
	}
	for _, late := range []bool{false, true} {
		var asked []ask
		for i, c := range cases {
			a, other := s.booking(i, 1), s.booking(i, 1)
			id := s.want(other, 201).body["id"].(string)
			cancel := ask{"POST", "/v1/reservations/" + id + "/cancel", "", other.who, uuid.NewString()}

			for _, one := range []struct {
				ask  ask
				want string
			}{{a, c.book}, {cancel, c.move}} {
				s.fail(c.code, c.times, late)
				got, err := s.try(t.Context(), one.ask)
				if w := got.word(); err != nil || w != one.want {
					t.Errorf("%s (%s, late %v): %s answers %q, %v; want %q", c.what, c.code, late, one.ask.path, w, err, one.want)
				}
				if got.status == 500 && strings.Contains(fmt.Sprint(got.body), "made by") {
					t.Errorf("%s: the database's words reach the client: %v", c.what, got.body)
				}
			}
			s.exec("DROP TRIGGER fails ON reservations")
			asked = append(asked, a, cancel)
		}
		s.settled(asked)
	}
}

// A change that locks a slot which another session wants, and wants one which
// that session has: PostgreSQL ends one of the two, and it is ours.
func TestADeadlockIsTriedAgain(t *testing.T) {
	t.Parallel()
	// A waiting session looks for a deadlock once, after that time: ours must wait
	// long enough for the other to stand crosswise, and look first.
	s := shake(t, "deadlock_timeout", "2s")
	a := s.booking(0, 2)
	id := s.want(a, 201).body["id"].(string)
	move := ask{"PATCH", "/v1/reservations/" + id, fmt.Sprintf(`{"slot_id":%q}`, s.slots[1]), a.who, ""}

	other := s.session()
	_, err := other.Exec(t.Context(), "SET deadlock_timeout = '1min'; BEGIN; SELECT FROM slots WHERE id = "+s.slots[1]+" FOR NO KEY UPDATE")
	s.must(err)
	answered := make(chan []string, 1)
	go func() { answered <- s.all([]ask{move}) }()
	s.waits(1) // for the second slot, with the first one locked
	_, err = other.Exec(t.Context(), "SELECT FROM slots WHERE id = "+s.slots[0]+" FOR NO KEY UPDATE; COMMIT")
	s.must(err) // it has got what ours held, before it let go of what ours wanted
	if words := <-answered; words[0] != "2xx" {
		t.Errorf("moved: %q", words)
	}
	s.settled([]ask{a})
}

// Where somebody has made the database repeat its reads, every lock that was
// waited for fails with 40001: that costs tries, and no seat.
func TestASerialisationFailureIsTriedAgain(t *testing.T) {
	t.Parallel()
	s := shake(t, "default_transaction_isolation", "repeatable read")
	a, b := s.booking(0, 2), s.booking(0, 1)
	id := s.want(b, 201).body["id"].(string)
	cancel := ask{"POST", "/v1/reservations/" + id + "/cancel", "", b.who, uuid.NewString()}
	control := s.session()
	_, err := control.Exec(t.Context(), "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM reservations") // its snapshot
	s.must(err)

	release := s.hold("UPDATE slots SET party_max = party_max")
	answered := make(chan []string, 1)
	go func() { answered <- s.all([]ask{a, cancel}) }()
	s.waits(2)
	release()
	if words := <-answered; words[0] != "2xx" || words[1] != "2xx" {
		t.Errorf("booked and cancelled: %q", words)
	}
	var pg *pgconn.PgError
	if _, err := control.Exec(t.Context(), holdSlots); !errors.As(err, &pg) || pg.Code != "40001" {
		t.Errorf("who does not try again gets %v, so the test proves nothing", err)
	}

	var rush []ask
	for range 24 {
		rush = append(rush, s.booking(1, 1))
	}
	words := s.all(rush)
	for slices.ContainsFunc(words, func(w string) bool { return strings.HasPrefix(w, "503") }) {
		words = s.all(rush)
	}
	slices.Sort(words)
	if got := slices.Compact(slices.Clone(words)); !slices.Equal(got, []string{"2xx", "409 slot_full"}) || words[4] == "2xx" || words[3] != "2xx" {
		t.Errorf("a rush for four covers: %q", words)
	}
	s.settled([]ask{a, cancel})
}

// The database's own limits on waiting end a statement before our patience does.
func TestALockThatTakesTooLong(t *testing.T) {
	for name, setting := range map[string]string{"57014": "statement_timeout", "55P03": "lock_timeout"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := shake(t)
			impatient := shakeOn(t, s.database, setting, "200ms")
			a, b := s.booking(0, 2), s.booking(1, 2)
			id := s.want(b, 201).body["id"].(string)
			asks := []ask{a, {"POST", "/v1/reservations/" + id + "/cancel", "", b.who, uuid.NewString()}}
			release := s.hold(holdSlots)
			for i, w := range impatient.all(asks) {
				if w != "504 timeout" {
					t.Errorf("%s was answered %q", asks[i].path, w)
				}
			}
			release()
			impatient.settled(asks)
		})
	}
}

// The server gives the service fewer connections than its pool would open.
func TestTooFewConnections(t *testing.T) {
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
	s := shakeOn(t, u.String())
	s.must(s.admin.Close(t.Context()))
	s.database = database // the test's own sessions shall not count
	s.admin = s.session()
	asks := s.evening()

	for _, limit := range []int{2, 0} {
		s.exec(fmt.Sprint("ALTER ROLE ", role, " CONNECTION LIMIT ", limit))
		s.exec("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '" + role + "'")
		words := s.all(asks)
		for i, w := range words {
			kept := strings.HasPrefix(asks[i].path, "/v1/availability") // for a second
			if w != "503 unavailable" && (w != "2xx" || limit == 0 && !kept) {
				t.Errorf("limit %d: %s %s was answered %q", limit, asks[i].method, asks[i].path, w)
			}
		}
		if !slices.Contains(words, "503 unavailable") {
			t.Errorf("limit %d: the limit was not felt, so it proves nothing", limit)
		}
	}
	s.exec("ALTER ROLE " + role + " CONNECTION LIMIT -1")
	s.settled(asks)
}

// A crowd that wants to change one slot, and waits for somebody who sits on it,
// keeps nobody from any other, and no reader out.
func TestACrowdAtOneSlotKeepsNobodyOut(t *testing.T) {
	t.Parallel()
	s := shake(t)
	var elsewhere, crowd []ask
	for _, a := range s.evening() {
		if a.method == "GET" {
			elsewhere = append(elsewhere, a)
		}
	}
	for i := range 3 {
		elsewhere = append(elsewhere, s.booking(6+i, 1))
	}
	for range 4 * warm {
		crowd = append(crowd, ask{"POST", "/v1/restaurants/mokran/reservations",
			fmt.Sprintf(`{"slot_id":%q,"party":1,"name":"Kim"}`, s.slots[5]), "owner", uuid.NewString()})
	}
	release := s.hold("SELECT FROM slots WHERE id = " + s.slots[5] + " FOR NO KEY UPDATE")
	done := make(chan []string)
	go func() { done <- s.all(crowd) }()
	s.until("the crowd stands at the slot", func() bool { return s.number(waiting) >= 4 })
	for i, w := range s.all(elsewhere) {
		if w != "2xx" {
			t.Errorf("%s was answered %q", elsewhere[i].path, w)
		}
	}
	release()
	<-done
	s.settled(elsewhere[len(elsewhere)-3:])
}

// Every connection of the pool waits for somebody who sits on the slots: who
// needs one gets none, and is told so in time.
func TestAPoolUsedUpByLocks(t *testing.T) {
	t.Parallel()
	s := shake(t)
	asks := s.evening()
	release := s.hold("LOCK TABLE slots IN ACCESS EXCLUSIVE MODE")
	words := s.all(asks)
	for i, w := range words {
		if w != "504 timeout" && !(w == "2xx" && asks[i].method == "GET") {
			t.Errorf("%s %s was answered %q", asks[i].method, asks[i].path, w)
		}
	}
	if !slices.Contains(words, "504 timeout") {
		t.Errorf("nobody waited: %q", words)
	}
	s.until("no statement waits for those who have gone", func() bool { return s.number(waiting) == 0 })
	release()
	s.settled(asks)
}
