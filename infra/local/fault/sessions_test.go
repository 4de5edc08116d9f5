package fault

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"jari.example/infra/local/artifact"
	"jari.example/infra/local/launch"
	"jari.example/infra/local/parts"
	"jari.example/infra/local/ports"
	"jari.example/telemetry/names/realpart"
)

// slots creates the tables of the reservation service that faults affect, as far as they
// do, with one slot in the future, which has a reservation of two covers.
const slots = `
	CREATE TABLE slots (id bigint PRIMARY KEY, starts_at timestamptz, wanted_capacity int, capacity int, booked int);
	CREATE TABLE reservations (slot_id bigint, party int, status text);
	INSERT INTO slots VALUES (1, now() - interval '1 day', 4, 4, 0), (2, now() + interval '1 day', 2, 2, 2);
	INSERT INTO reservations VALUES (2, 2, 'confirmed'), (2, 3, 'cancelled')`

// reservationDatabase creates a database with slots, and returns its URL.
func reservationDatabase(t *testing.T) (url string, conn *pgx.Conn) {
	t.Helper()
	admin := realpart.Need(t, realpart.Postgres)
	name, _ := database(t, admin)
	url = at(t, admin, name, "")
	conn = connect(t, url)
	if _, err := conn.Exec(t.Context(), slots); err != nil {
		t.Fatal(err)
	}
	return url, conn
}

func TestALockLetsStatementsWaitUntilItEnds(t *testing.T) {
	url, conn := reservationDatabase(t)
	read := func() error {
		_, err := conn.Exec(t.Context(), `SET lock_timeout = '100ms'; SELECT booked FROM slots`)
		return err
	}
	if err := read(); err != nil {
		t.Fatal(err)
	}
	end, err := Lock(t.Context(), url, "slots")
	if err != nil {
		t.Fatal(err)
	}
	if pgErr, ok := errors.AsType[*pgconn.PgError](read()); !ok || pgErr.Code != "55P03" { // lock_not_available
		t.Errorf("while the lock is held a read ends with %v", pgErr)
	}
	if err := end(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := read(); err != nil {
		t.Errorf("afterwards: %v", err)
	}
	if _, err := Lock(t.Context(), url, "no_such_table"); err == nil {
		t.Error("a table that does not exist was locked")
	}
}

// The server of the other tests must keep its connections, so this one has its own.
func TestExhaustTakesEveryConnectionUntilItEnds(t *testing.T) {
	admin := ownPostgres(t, "max_connections=20", "superuser_reserved_connections=3")
	name, _ := database(t, admin)
	victim, other := connect(t, at(t, admin, name, "")), connect(t, admin)
	end, err := Exhaust(t.Context(), admin, name)
	if err != nil {
		t.Fatal(err)
	}
	await(t, "the session of the database is ended", func() bool { return victim.Ping(t.Context()) != nil })
	// A client may be quicker than the fault to take a place, but not often, and it does not keep it.
	refused := 0
	await(t, "20 connections are refused", func() bool {
		conn, err := pgx.Connect(t.Context(), at(t, admin, name, ""))
		if pgErr, ok := errors.AsType[*pgconn.PgError](err); ok && pgErr.Code == "53300" {
			refused++
		} else if err == nil {
			t.Cleanup(func() { _ = conn.Close(context.Background()) })
		}
		return refused >= 20
	})
	if err := other.Ping(t.Context()); err != nil {
		t.Errorf("a session of another database was ended: %v", err)
	}
	if err := end(t.Context()); err != nil {
		t.Fatal(err)
	}
	await(t, "afterwards a connection is accepted", func() bool {
		conn, err := pgx.Connect(t.Context(), at(t, admin, name, ""))
		if err == nil {
			_ = conn.Close(context.WithoutCancel(t.Context()))
		}
		return err == nil
	})
}

func TestACounterIsWrongUntilItIsRecounted(t *testing.T) {
	url, conn := reservationDatabase(t)
	expect := func(what string, booked, capacity int) {
		t.Helper()
		var b, c int
		if err := conn.QueryRow(t.Context(), `SELECT booked, capacity FROM slots WHERE id = 2`).Scan(&b, &c); err != nil {
			t.Fatal(err)
		}
		if b != booked || c != capacity {
			t.Errorf("%s: booked %d of %d, want %d of %d", what, b, c, booked, capacity)
		}
	}
	slot, err := FutureSlot(t.Context(), url)
	if err != nil || slot != "2" {
		t.Fatalf("the future slot is %q, %v", slot, err)
	}
	if err := Miscount(t.Context(), url, slot); err != nil {
		t.Fatal(err)
	}
	expect("with the fault", 3, 3)
	for range 2 { // it may be repeated
		if err := Recount(t.Context(), url, slot); err != nil {
			t.Fatal(err)
		}
		expect("afterwards", 2, 2)
	}
	if err := Miscount(t.Context(), url, "77"); err == nil {
		t.Error("a slot that does not exist was changed")
	}
	if _, err := conn.Exec(t.Context(), `DELETE FROM slots WHERE id = 2`); err != nil {
		t.Fatal(err)
	}
	if err := Recount(t.Context(), url, slot); err != nil {
		t.Errorf("a slot that is gone cannot be recounted: %v", err)
	}
	if _, err := FutureSlot(t.Context(), url); err == nil {
		t.Error("a database without future slots has one")
	}
}

// Somebody waits for the offer of slot 1, and nobody for that of slot 2.
func TestOnlyOffersThatOthersWaitForEndInThePast(t *testing.T) {
	admin := realpart.Need(t, realpart.Postgres)
	name, _ := database(t, admin)
	url := at(t, admin, name, "")
	conn := connect(t, url)
	if _, err := conn.Exec(t.Context(), `
		CREATE TABLE reservations (id int, slot_id bigint, status text, offer_ends_at timestamptz);
		INSERT INTO reservations VALUES (1, 1, 'offered', now() + interval '9 min'), (2, 1, 'waiting', NULL), (3, 1, 'waiting', NULL),
			(4, 2, 'offered', now() + interval '9 min'), (5, 2, 'confirmed', NULL), (6, 3, 'waiting', NULL)`); err != nil {
		t.Fatal(err)
	}
	for _, want := range []int64{1, 0} { // one that has ended already does not end earlier
		if n, err := EndOffers(t.Context(), url); err != nil || n != want {
			t.Errorf("%d were ended, %v; want %d", n, err, want)
		}
	}
	var late, early, others int
	if err := conn.QueryRow(t.Context(), `SELECT count(*) FILTER (WHERE id = 1 AND offer_ends_at < now() - interval '35 s'),
		count(*) FILTER (WHERE id = 4 AND offer_ends_at > now() + interval '8 min'),
		count(*) FILTER (WHERE id NOT IN (1, 4) AND offer_ends_at IS NULL) FROM reservations`).Scan(&late, &early, &others); err != nil {
		t.Fatal(err)
	}
	if late != 1 || early != 1 || others != 4 {
		t.Errorf("%d late, %d that nobody waits for, %d others", late, early, others)
	}
	var stalls []bool
	end := lateOffers(url, func(on bool) error { stalls = append(stalls, on); return nil })
	if _, err := conn.Exec(t.Context(), `INSERT INTO reservations VALUES (7, 3, 'offered', now() + interval '9 min')`); err != nil {
		t.Fatal(err)
	}
	await(t, "an offer that is made later ends, too", func() bool {
		var ended bool
		err := conn.QueryRow(t.Context(), `SELECT offer_ends_at < now() FROM reservations WHERE id = 7`).Scan(&ended)
		return err == nil && ended
	})
	if err := end(t.Context()); err != nil || len(stalls) < 2 || !stalls[0] || stalls[len(stalls)-1] {
		t.Errorf("the job was stopped: %v; %v", stalls, err)
	}
	if _, err := conn.Exec(t.Context(), `UPDATE reservations SET offer_ends_at = now() + interval '9 min' WHERE id = 7`); err != nil {
		t.Fatal(err)
	}
	if _, err := EndOffers(t.Context(), at(t, admin, "fault_none", "")); err == nil {
		t.Error("a database that does not exist was changed")
	}
	var ended bool
	if err := conn.QueryRow(t.Context(), `SELECT offer_ends_at < now() FROM reservations WHERE id = 7`).Scan(&ended); err != nil || ended {
		t.Errorf("after its end it still ends offers: %t, %v", ended, err)
	}
}

// ownPostgres starts a server for one test.
func ownPostgres(t *testing.T, settings ...string) (admin string) {
	t.Helper()
	realpart.Need(t, realpart.Postgres) // then its binaries are in place
	dir := filepath.Join(t.TempDir(), ".jari")
	offset, release, err := ports.Reserve(dir)
	if err != nil {
		t.Fatal(err)
	}
	cache, err := artifact.DefaultCache(os.Getenv)
	if err != nil {
		t.Fatal(err)
	}
	sys, err := parts.New(parts.System{Dir: dir, Ports: offset, Cache: cache, Getenv: os.Getenv})
	if err != nil {
		t.Fatal(err)
	}
	super, err := launch.New([]launch.Part{sys.Postgres(settings...)}, sys.LogDir(), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- super.Run(context.Background()) }()
	t.Cleanup(func() { super.Stop(); <-ended; release(); _ = sys.RemoveData() })
	for super.Status().Phase != "running" {
		select {
		case err := <-ended:
			ended <- err
			t.Fatal(err)
		case <-time.After(20 * time.Millisecond):
		}
	}
	return sys.DatabaseURL("postgres")
}
