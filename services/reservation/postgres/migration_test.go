package postgres_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/uuid"

	shared "jari.example/internal/postgres"
	"jari.example/internal/postgres/postgrestest"
	"jari.example/internal/secret"
	"jari.example/services/internal/endpoint"
	"jari.example/services/reservation"
	"jari.example/services/reservation/app"
	"jari.example/services/reservation/outbox"
	"jari.example/services/reservation/postgres"
)

// released migrations have run on databases and will not run there again. A change
// needs a new migration.
var released = map[string]string{
	"001_seats.sql": "9c3c7321f34065f3591b087432d753138922737822f6b6988556e67d1bc00265",
}

func TestReleasedMigrationsAreUnchanged(t *testing.T) {
	for name, sum := range released {
		raw, err := os.ReadFile("migrations/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprintf("%x", sha256.Sum256(raw)); got != sum {
			t.Errorf("%s is released and has changed: databases that have run it will not run it again. Write a new migration.", name)
		}
	}
}

// versionOne is a database as version 1 of the service leaves it: one restaurant
// with slots from 30 hours ago on, an hour apart, 6 covers each.
type versionOne struct {
	*testing.T
	url   string
	start time.Time // of slot 1
}

func newVersionOne(t *testing.T) versionOne {
	t.Helper()
	const first = "migrations/001_seats.sql"
	sql, err := os.ReadFile(first)
	if err != nil {
		t.Fatal(err)
	}
	v := versionOne{t, postgrestest.Database(t), time.Now().UTC().Truncate(time.Hour).Add(-30 * time.Hour)}
	pool, err := shared.Open(t.Context(), shared.Config{URL: v.url, Migrations: fstest.MapFS{first: {Data: sql}}})
	if err != nil {
		t.Fatal(err)
	}
	pool.Close()
	v.exec(`INSERT INTO schedules VALUES ('mokran', '{"time_zone": "Asia/Seoul",
		"weekly": [{"day": "mon", "opens": "11:30", "closes": "21:00"}],
		"interval_minutes": 30, "covers": 6, "party": {"min": 1, "max": 6}, "days_ahead": 30}', now())`)
	v.exec(`INSERT INTO slots (restaurant_id, starts_at, ends_at, time_zone, party_min, party_max, wanted_capacity, capacity)
		SELECT 'mokran', s, s + interval '90 minutes', 'Asia/Seoul', 1, 6, 6, 6
		FROM generate_series(timestamptz '%s', timestamptz '%[1]s' + interval '99 hours', interval '1 hour') s`, v.start.Format(time.RFC3339))
	return v
}

func (v versionOne) exec(sql string, args ...any) {
	v.Helper()
	postgrestest.Exec(v, v.url, fmt.Sprintf(sql, args...))
}

// book writes what version 1 wrote for a booking, and returns the reservation and
// its key.
func (v versionOne) book(slot, party int, diner uuid.UUID, note string) (id uuid.UUID, key string) {
	v.Helper()
	id, key = uuid.New(), uuid.NewString()
	hash := sha256.Sum256(fmt.Appendf(nil, "%q", []any{fmt.Sprint(slot), party, note}))
	v.exec(`WITH u AS (UPDATE slots SET booked = booked + %[2]d WHERE id = %[1]d RETURNING *),
b AS (
  INSERT INTO reservations (id, slot_id, diner_id, restaurant_id, starts_at, ends_at, time_zone,
    party, note, status, created_at, updated_at)
  SELECT '%[3]s', id, '%[4]s', restaurant_id, starts_at, ends_at, time_zone,
    %[2]d, '%[5]s', 'confirmed', now() - interval '1 hour', now() - interval '1 hour' FROM u
  RETURNING *),
i AS (
  INSERT INTO idempotency (diner_id, op, key, body_hash, answer, created_at)
  SELECT diner_id, 'book', '%[6]s', '\x%[7]x', to_jsonb(b), created_at FROM b)
INSERT INTO outbox (event_id, reservation_id, kind, payload, traceparent, created_at, due_at)
SELECT gen_random_uuid(), id, 'reservation.confirmed', to_jsonb(b), '', created_at, created_at FROM b`,
		slot, party, id, diner, strings.ReplaceAll(note, "'", "''"), key, hash)
	return id, key
}

// cancel writes what version 1 wrote for a cancellation, and returns its key.
func (v versionOne) cancel(id uuid.UUID) (key string) {
	v.Helper()
	key = uuid.NewString()
	hash := sha256.Sum256(fmt.Appendf(nil, "%q", []any{id}))
	v.exec(`WITH r AS (
  UPDATE reservations SET status = 'cancelled', updated_at = now() WHERE id = '%s' RETURNING *),
u AS (
  UPDATE slots s SET booked = s.booked - r.party, capacity = greatest(s.wanted_capacity, s.booked - r.party) FROM r WHERE s.id = r.slot_id),
i AS (
  INSERT INTO idempotency (diner_id, op, key, body_hash, answer, created_at)
  SELECT diner_id, 'cancel', '%s', '\x%x', to_jsonb(r), updated_at FROM r)
INSERT INTO outbox (event_id, reservation_id, kind, payload, traceparent, created_at, due_at)
SELECT gen_random_uuid(), id, 'reservation.cancelled', to_jsonb(r), '', updated_at, updated_at FROM r`, id, key, hash)
	return key
}

// upgraded is a service of this version on the database of versionOne, with one
// reservation of each kind.
type upgraded struct {
	*testing.T
	store    *postgres.Store
	service  *app.Service
	kim, lee uuid.UUID // diners

	past, soon, late, cancelled uuid.UUID // kim's reservations, on slots 2, 60, 80 and 70
	full                        uuid.UUID // lee's, which takes all of slot 90
	soonKey, cancelKey          string    // of the booking of soon, and the cancellation of cancelled
}

func newUpgraded(t *testing.T) *upgraded {
	t.Helper()
	v := newVersionOne(t)
	u := &upgraded{T: t, kim: uuid.New(), lee: uuid.New()}
	u.past, _ = v.book(2, 2, u.kim, "")
	u.soon, u.soonKey = v.book(60, 2, u.kim, "창가 '자리'")
	u.late, _ = v.book(80, 3, u.kim, "")
	u.cancelled, _ = v.book(70, 4, u.kim, "")
	u.cancelKey = v.cancel(u.cancelled)
	u.full, _ = v.book(90, 6, u.lee, "")
	v.exec("UPDATE slots SET wanted_capacity = 0, capacity = booked WHERE id IN (80, 81)") // the owner closed them
	v.exec("UPDATE outbox SET attempts = 3 WHERE reservation_id = '%s'", u.soon)

	u.store = open(t, v.url)
	u.service = app.New(u.store, nil, nil, func() {})
	u.audit()
	return u
}

func (u *upgraded) diner(id uuid.UUID) context.Context { return u.as(id, endpoint.RoleDiner) }
func (u *upgraded) owner() context.Context             { return u.as(u.lee, endpoint.RoleOwner) }

func (u *upgraded) as(id uuid.UUID, role string) context.Context {
	return endpoint.WithIdentity(u.Context(), endpoint.Identity{UserID: id.String(), Role: role, Own: []string{"mokran"}})
}

func (u *upgraded) must(err error) {
	u.Helper()
	if err != nil {
		u.Fatal(err)
	}
}

// audit checks the counters of the slots that have not ended.
func (u *upgraded) audit() {
	u.Helper()
	audit, err := u.store.Audit(u.Context(), time.Now())
	if u.must(err); len(audit.Mismatches) > 0 || audit.Slots < 69 {
		u.Errorf("the audit found %+v", audit)
	}
}

// All rows are there. Columns that version 1 did not have mean what it did then:
// the start was the only limit.
func TestReadsReservationsAndSchedulesOfVersionOne(t *testing.T) {
	u := newUpgraded(t)
	list, err := u.service.List(u.diner(u.kim), app.ListRequest{Limit: 10})
	u.must(err)
	var listed []uuid.UUID
	for _, r := range list.Items {
		listed = append(listed, r.ID)
		want := 1
		if r.Status == reservation.Cancelled {
			want = 2
		}
		if !r.CancelUntil.Equal(r.Start) || r.Version != want || r.DinerID != u.kim || r.TimeZone != "Asia/Seoul" {
			t.Errorf("read %+v", r)
		}
	}
	if want := []uuid.UUID{u.late, u.cancelled, u.soon, u.past}; !slices.Equal(listed, want) {
		t.Fatalf("listed %v, want %v", listed, want)
	}
	plan, err := u.service.GetSchedule(u.owner(), "mokran")
	if u.must(err); plan.Validate() != nil || plan.DiningMinutes != 90 || plan.CancelCutoffMinutes != 0 || plan.Weekly[0].Opens != "11:30" {
		t.Errorf("read the schedule %+v: %v", plan, plan.Validate())
	}
	date := list.Items[0].Start.In(time.FixedZone("KST", 9*3600)).Format(time.DateOnly)
	day, err := u.service.Day(u.owner(), app.DayRequest{RestaurantID: "mokran", Date: date, Limit: 50})
	if u.must(err); len(day.Items) == 0 {
		t.Error("the owner's list of the day is empty")
	}
}

// Keys of version 1 get their stored results, in the form of this version.
func TestReplaysKeysOfVersionOne(t *testing.T) {
	u := newUpgraded(t)
	again, err := u.service.Book(u.diner(u.kim), app.BookRequest{
		SlotID: "60", Party: 2, Note: secret.New("창가 '자리'"), Key: u.soonKey,
	})
	if u.must(err); !again.Replayed || again.ID != u.soon || again.Note.Reveal() != "창가 '자리'" ||
		again.Version != 1 || !again.CancelUntil.Equal(again.Start) {
		t.Errorf("the booking again got %+v", again)
	}
	again, err = u.service.Cancel(u.diner(u.kim), app.ReservationRequest{ID: u.cancelled.String(), Key: u.cancelKey})
	if u.must(err); !again.Replayed || again.Status != reservation.Cancelled ||
		again.Version != 2 || !again.CancelUntil.Equal(again.Start) {
		t.Errorf("the cancellation again got %+v", again)
	}
}

func TestDeliversEventsOfVersionOne(t *testing.T) {
	u := newUpgraded(t)
	events := leaseAll(t, u.store)
	for kind, version := range map[string]int{reservation.EventConfirmed: 1, reservation.EventCancelled: 2} {
		e, found := events[kind+" "+u.cancelled.String()]
		r := e.Reservation
		if !found || r.ID != u.cancelled || r.DinerID != u.kim || r.Party != 4 || r.Version != version ||
			!r.CancelUntil.Equal(r.Start) || e.Reason != "" || e.Previous != nil {
			t.Errorf("%s: %+v", kind, e)
		}
	}
	if e := events[reservation.EventConfirmed+" "+u.soon.String()]; e.Attempts != 4 {
		t.Errorf("%d attempts, want the 3 of version 1 and one more", e.Attempts)
	}
}

// Reservations of version 1 can be moved, cancelled and waited for.
func TestChangesReservationsOfVersionOne(t *testing.T) {
	u := newUpgraded(t)
	party := 3
	moved, err := u.service.Move(u.diner(u.kim), app.MoveRequest{ID: u.soon.String(), Party: &party, Version: 1})
	if u.must(err); moved.Version != 2 || moved.Party != 3 {
		t.Errorf("moved: %+v", moved)
	}
	joined, err := u.service.Join(u.diner(u.kim), app.BookRequest{SlotID: "90", Party: 2, Key: "j"})
	if u.must(err); joined.Status != reservation.Waiting {
		t.Errorf("joined: %+v", joined)
	}
	_, err = u.service.Cancel(u.diner(u.lee), app.ReservationRequest{ID: u.full.String(), Key: "c"})
	u.must(err)
	offered, err := u.service.Get(u.diner(u.kim), app.GetRequest{ID: joined.ID.String()})
	if u.must(err); offered.Status != reservation.Offered {
		t.Errorf("the covers of a cancelled reservation were not offered: %+v", offered)
	}
	_, err = u.service.Cancel(u.diner(u.kim), app.ReservationRequest{ID: u.late.String(), Key: "c"})
	u.must(err)
	if _, err = u.service.Cancel(u.diner(u.kim), app.ReservationRequest{ID: u.past.String(), Key: "p"}); err == nil {
		t.Error("a visit in the past was cancelled")
	}
	restaurants, err := u.store.RestaurantsToGenerate(t.Context(), time.Now(), 10)
	if u.must(err); len(restaurants) != 1 {
		t.Errorf("slots are to be generated for %v, want one restaurant", restaurants)
	}
	u.audit()
}

// leaseAll leases and deletes every event; the key is its kind and reservation.
func leaseAll(t *testing.T, store outbox.Store) map[string]reservation.Event {
	t.Helper()
	found := map[string]reservation.Event{}
	for {
		events, err := store.Lease(t.Context(), 100, time.Now().Add(time.Minute), time.Now().Add(time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		if len(events) == 0 {
			return found
		}
		for _, e := range events {
			found[e.Kind+" "+e.Reservation.ID.String()] = e
			if err := store.Delivered(t.Context(), e.Seq); err != nil {
				t.Fatal(err)
			}
		}
	}
}
