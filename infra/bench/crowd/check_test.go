package crowd

import (
	"context"
	"crypto/rand"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"jari.example/infra/bench/whole"
	"jari.example/infra/local/parts"
	"jari.example/internal/postgres/postgrestest"
	"jari.example/telemetry/names/realpart"
)

// Reservations of the consistent state that diners were told of.
const (
	kept     = "00000000-0000-4000-8000-000000000001"
	unsure   = "00000000-0000-4000-8000-000000000002" // cancelled, but the response was lost
	givenUp  = "00000000-0000-4000-8000-000000000003"
	stranger = "00000000-0000-4000-8000-000000000009" // in no database
)

// consistent are what the services store for a full slot and an empty one. Two of the
// reservations belong to others than the crowd. The event in the outbox is of later load.
const consistent = `
	TRUNCATE slots, reservations, outbox RESTART IDENTITY;
	INSERT INTO slots (restaurant_id, starts_at, ends_at, time_zone, party_min, party_max, wanted_capacity, capacity, booked, cancel_until)
	SELECT 'bistro', at, at + interval '2 hours', 'Asia/Seoul', 1, 20, 6, 6, booked, at
	FROM (VALUES (now() + interval '1 day', 6), (now() + interval '2 days', 0)) AS s (at, booked);
	INSERT INTO reservations (id, slot_id, diner_id, restaurant_id, starts_at, ends_at, time_zone, party, status,
		created_at, updated_at, cancel_until, offer_ends_at)
	SELECT r.id, s.id, gen_random_uuid(), s.restaurant_id, s.starts_at, s.ends_at, s.time_zone, r.party, r.status,
		now(), now(), s.cancel_until, CASE r.status WHEN 'offered' THEN s.starts_at END
	FROM slots s, (VALUES ('` + kept + `'::uuid, 2, 'confirmed'), ('` + unsure + `', 4, 'cancelled'), ('` + givenUp + `', 1, 'cancelled'),
		(gen_random_uuid(), 3, 'seated'), (gen_random_uuid(), 1, 'offered')) AS r (id, party, status)
	WHERE s.id = 1;
	INSERT INTO outbox (event_id, reservation_id, kind, payload, traceparent, created_at, due_at)
	VALUES (gen_random_uuid(), gen_random_uuid(), 'reservation.confirmed', '{}', '', now() + interval '1 hour', now());`

// consistentEvents are those of the crowd's reservations: one has two.
const consistentEvents = `
	TRUNCATE events;
	INSERT INTO events (id, kind, occurred_at, diner_id, reservation_id, restaurant_id, slot_id, starts_at, time_zone, party, note,
		traceparent, accepted_at, due_at)
	SELECT gen_random_uuid(), kind, now(), gen_random_uuid(), reservation::uuid, 'bistro', '1', now(), 'Asia/Seoul', 1, '', '', now(), now()
	FROM (VALUES ('` + kept + `', 'reservation.confirmed'), ('` + unsure + `', 'reservation.confirmed'),
		('` + givenUp + `', 'reservation.confirmed'), ('` + givenUp + `', 'reservation.cancelled')) AS e (reservation, kind)`

// stuck is an event that nobody has delivered.
const stuck = `INSERT INTO outbox (event_id, reservation_id, kind, payload, traceparent, created_at, due_at)
	VALUES (gen_random_uuid(), '` + kept + `', 'reservation.confirmed', '{}', '', now() - interval '1 minute', now())`

// region is one whose databases only this test knows.
type region struct {
	label, reservations, events string // label, and URLs of the databases
	system                      *whole.System
}

// newRegion creates the databases of a region, and drops them when the test ends.
func newRegion(t *testing.T) region {
	t.Helper()
	server := realpart.Need(t, realpart.Postgres)
	r := region{
		label:  "test_" + strings.ToLower(rand.Text()[:12]),
		system: &whole.System{Addresses: map[string]string{"JARI_ADDR_POSTGRES": server}},
	}
	r.reservations = migrated(t, server, parts.ReservationDatabase(r.label), "reservation")
	r.events = migrated(t, server, "jari_notification_"+r.label, "notification")
	return r
}

// migrated creates a database with the tables of a service, and returns its URL. The
// service's own migrations make them, so that Check is tested with what it will read.
func migrated(t *testing.T, server, name, service string) string {
	t.Helper()
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + name
	postgrestest.Exec(t, server, "CREATE DATABASE "+name)
	t.Cleanup(func() { postgrestest.Exec(t, server, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)") })
	files, err := filepath.Glob("../../../services/" + service + "/postgres/migrations/*.sql") // in the order of their names
	if err != nil || len(files) == 0 {
		t.Fatalf("%d migrations of %s: %v", len(files), service, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		up, _, _ := strings.Cut(string(text), "---- create above / drop below ----")
		postgrestest.Exec(t, u.String(), up)
	}
	return u.String()
}

// fill makes the databases consistent, and returns the crowd that was told the same.
func (r region) fill(t *testing.T) *Crowd {
	t.Helper()
	postgrestest.Exec(t, r.reservations, consistent)
	postgrestest.Exec(t, r.events, consistentEvents)
	return &Crowd{Region: r.label, booked: map[string]string{kept: confirmed, unsure: confirmed, givenUp: cancelled}}
}

// expect fails the test unless a check finds exactly these problems.
func (r region) expect(t *testing.T, c *Crowd, want ...string) {
	t.Helper()
	problems, err := c.Check(t.Context(), r.system)
	if err != nil || !slices.Equal(problems, want) {
		t.Errorf("the check found %q, want %q; error: %v", problems, want, err)
	}
}

func TestNoProblemIsReportedOfAConsistentState(t *testing.T) {
	r := newRegion(t)
	c := r.fill(t)
	r.expect(t, c)
	c.booked = map[string]string{}
	r.expect(t, c) // a crowd that was told nothing
}

func TestEveryBreachIsReported(t *testing.T) {
	r := newRegion(t)
	counter := "region " + r.label + " has 1 slots whose counter differs from their reservations"
	covers := "region " + r.label + " has 1 slots with more covers than they have"
	told := func(id, state, stored string) string {
		return "a diner was told that reservation " + id + " is " + state + `, and it is "` + stored + `"`
	}
	for name, breach := range map[string]struct {
		reservations, events string            // a statement in each database
		told                 map[string]string // what diners were told besides
		want                 string
	}{
		"a counter is less than the reservations": {reservations: `UPDATE slots SET booked = 5 WHERE id = 1`, want: counter},
		"a counter is more than the reservations": {reservations: `UPDATE slots SET booked = 1 WHERE id = 2`, want: counter},
		"a seated party is not counted":           {reservations: `UPDATE slots SET booked = booked - 3 WHERE id = 1`, want: counter},
		"an offer is not counted": {want: counter,
			reservations: `UPDATE reservations SET party = party + 1 WHERE status = 'offered'`},
		"a cancelled party is still counted": {want: counter,
			reservations: `UPDATE reservations SET status = 'cancelled' WHERE status = 'seated'`},
		"a slot has more covers than it has": {reservations: `UPDATE slots SET wanted_capacity = 5 WHERE id = 1`, want: covers},
		"a booking that a diner was told of is gone": {want: told(unsure, confirmed, ""),
			reservations: `DELETE FROM reservations WHERE id = '` + unsure + `'`},
		"a cancellation that a diner was told of is gone": {want: told(givenUp, cancelled, ""),
			reservations: `DELETE FROM reservations WHERE id = '` + givenUp + `'`},
		"a cancelled reservation is confirmed": {told: map[string]string{kept: cancelled}, want: told(kept, cancelled, "confirmed")},
		"a confirmed reservation was declined": {want: told(unsure, confirmed, "declined"),
			reservations: `UPDATE reservations SET status = 'declined' WHERE id = '` + unsure + `'`},
		"a reservation was never stored": {told: map[string]string{stranger: confirmed}, want: told(stranger, confirmed, ""),
			events: `UPDATE events SET reservation_id = '` + stranger + `' WHERE kind = 'reservation.cancelled'`},
		"notification knows nothing of a reservation": {want: "of 3 reservations, notification knows 2",
			events: `DELETE FROM events WHERE reservation_id = '` + kept + `'`},
		"notification knows of nothing": {events: `DELETE FROM events`, want: "of 3 reservations, notification knows 0"},
	} {
		t.Run(name, func(t *testing.T) {
			c := r.fill(t)
			postgrestest.Exec(t, r.reservations, breach.reservations)
			postgrestest.Exec(t, r.events, breach.events)
			maps.Copy(c.booked, breach.told)
			r.expect(t, c, breach.want)
		})
	}
	t.Run("several things are wrong at once", func(t *testing.T) {
		c := r.fill(t)
		// The constraints of the table allow no counter above the capacity, so it grows too.
		postgrestest.Exec(t, r.reservations, `UPDATE slots SET booked = 7, capacity = 7 WHERE id = 1`)
		postgrestest.Exec(t, r.events, `DELETE FROM events WHERE reservation_id = '`+unsure+`'`)
		c.told(kept, cancelled)
		r.expect(t, c, counter, covers, told(kept, cancelled, "confirmed"), "of 3 reservations, notification knows 2")
	})
}

func TestAnEventThatStaysInTheOutboxIsReportedBesideTheOthers(t *testing.T) {
	r := newRegion(t)
	c := r.fill(t)
	postgrestest.Exec(t, r.reservations, stuck)
	postgrestest.Exec(t, r.events, `DELETE FROM events WHERE reservation_id = '`+unsure+`'`)
	problems, err := c.check(t.Context(), r.system, 2*time.Second)
	if want := []string{"1 events still wait in the outbox of " + r.label + " after 2s", "of 3 reservations, notification knows 2"}; err != nil || !slices.Equal(problems, want) {
		t.Errorf("the check found %q, want %q; error: %v", problems, want, err)
	}
}

func TestAnEventThatIsDeliveredLateIsNotReported(t *testing.T) {
	r := newRegion(t)
	c := r.fill(t)
	postgrestest.Exec(t, r.reservations, stuck)
	delivered := make(chan error, 1)
	began := time.Now()
	time.AfterFunc(300*time.Millisecond, func() { delivered <- deliver(t.Context(), r.reservations) })
	r.expect(t, c)
	if took := time.Since(began); took < 300*time.Millisecond {
		t.Errorf("the check ended after %v, before the event was delivered", took)
	}
	if err := <-delivered; err != nil {
		t.Error(err)
	}
}

// deliver empties an outbox of what was written before now.
func deliver(ctx context.Context, database string) error {
	conn, err := pgx.Connect(ctx, database)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	_, err = conn.Exec(ctx, `DELETE FROM outbox WHERE created_at < now()`)
	return err
}

func TestADatabaseThatCannotBeReadIsAnError(t *testing.T) {
	r := newRegion(t)
	for name, url := range map[string]string{"reservation": r.reservations, "notification": r.events} {
		t.Run(name, func(t *testing.T) {
			c := r.fill(t)
			defer postgrestest.Refuse(t, url)()
			if problems, err := c.Check(t.Context(), r.system); err == nil || !strings.Contains(err.Error(), r.label) {
				t.Errorf("the check found %q, and the error is %v", problems, err)
			}
		})
	}
}
