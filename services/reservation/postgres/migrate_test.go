package postgres_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"github.com/google/uuid"
	shared "jari.example/internal/postgres"
	"jari.example/internal/postgres/postgrestest"
	"jari.example/services/internal/endpoint"
	"jari.example/services/reservation"
	"jari.example/services/reservation/app"
	"jari.example/services/reservation/outbox"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

// Databases out there have run these, and never will again: whoever wants a
// change writes the next one.
var released = map[string]string{
	"001_seats.sql": "9c3c7321f34065f3591b087432d753138922737822f6b6988556e67d1bc00265",
}

func TestReleasedMigrationsStayAsTheyAre(t *testing.T) {
	for name, sum := range released {
		raw, err := os.ReadFile("migrations/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprintf("%x", sha256.Sum256(raw)); got != sum {
			t.Errorf("%s has run on databases that keep what it made: put the change into a migration of its own", name)
		}
	}
}

// versionOne is a database as the service of that version has left it: one
// restaurant with slots from 30 hours ago on, an hour apart, 6 covers each.
type versionOne struct {
	*testing.T
	url   string
	start time.Time // of slot 1
}

func atVersionOne(t *testing.T) versionOne {
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
	v.exec(`INSERT INTO schedules VALUES ('mokran', '{"time_zone": "Asia/Seoul", "weekly": [{"day": "mon", "opens": "11:30", "closes": "21:00"}],
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

// book writes what that version wrote for a booking, in its own words, and
// returns the reservation and the key.
func (v versionOne) book(slot, party int, diner uuid.UUID, note string) (id uuid.UUID, key string) {
	v.Helper()
	id, key = uuid.New(), uuid.NewString()
	hash := sha256.Sum256(fmt.Appendf(nil, "%q", []any{fmt.Sprint(slot), party, note}))
	v.exec(`WITH u AS (UPDATE slots SET booked = booked + %[2]d WHERE id = %[1]d RETURNING *),
b AS (
  INSERT INTO reservations (id, slot_id, diner_id, restaurant_id, starts_at, ends_at, time_zone, party, note, status, created_at, updated_at)
  SELECT '%[3]s', id, '%[4]s', restaurant_id, starts_at, ends_at, time_zone, %[2]d, '%[5]s', 'confirmed', now() - interval '1 hour', now() - interval '1 hour' FROM u
  RETURNING *),
i AS (
  INSERT INTO idempotency (diner_id, op, key, body_hash, answer, created_at)
  SELECT diner_id, 'book', '%[6]s', '\x%[7]x', to_jsonb(b), created_at FROM b)
INSERT INTO outbox (event_id, reservation_id, kind, payload, traceparent, created_at, due_at)
SELECT gen_random_uuid(), id, 'reservation.confirmed', to_jsonb(b), '', created_at, created_at FROM b`,
		slot, party, id, diner, strings.ReplaceAll(note, "'", "''"), key, hash)
	return id, key
}

// cancel likewise.
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

// A service of this version starts on what one of the version before has left,
// events undelivered and keys remembered, and goes on with it.
func TestWhatVersionOneHasLeftLivesOn(t *testing.T) {
	v := atVersionOne(t)
	kim, lee := uuid.New(), uuid.New()
	past, _ := v.book(2, 2, kim, "")
	soon, soonKey := v.book(60, 2, kim, "창가 '자리'")
	late, _ := v.book(80, 3, kim, "")
	gone, _ := v.book(70, 4, kim, "")
	goneKey := v.cancel(gone)
	full, _ := v.book(90, 6, lee, "")
	v.exec("UPDATE slots SET wanted_capacity = 0, capacity = booked WHERE id IN (80, 81)") // the owner closed them
	v.exec("UPDATE outbox SET attempts = 3 WHERE reservation_id = '%s'", soon)

	store := open(t, v.url)
	service := app.New(store, nil, nil, func() {})
	as := func(who uuid.UUID, role string) context.Context {
		return endpoint.WithIdentity(t.Context(), endpoint.Identity{UserID: who.String(), Role: role, Own: []string{"mokran"}})
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	clean := func(when string) {
		t.Helper()
		audit, err := store.Audit(t.Context(), time.Now())
		if must(err); len(audit.Mismatches) > 0 || audit.Slots < 69 {
			t.Errorf("%s: audit %+v", when, audit)
		}
	}
	clean("right after")

	// Rows are all there, and what they lacked has its meaning of then: the start
	// was the only bound.
	list, err := service.List(as(kim, "diner"), app.ListRequest{Limit: 10})
	must(err)
	var seen []uuid.UUID
	for _, r := range list.Items {
		seen = append(seen, r.ID)
		want := 1
		if r.Status == reservation.Cancelled {
			want = 2
		}
		if !r.CancelUntil.Equal(r.Start) || r.Version != want || r.DinerID != kim || r.TimeZone != "Asia/Seoul" {
			t.Errorf("row %+v", r)
		}
	}
	if fmt.Sprint(seen) != fmt.Sprint([]uuid.UUID{late, gone, soon, past}) {
		t.Errorf("listed %v", seen)
	}
	plan, err := service.GetSchedule(as(lee, "owner"), "mokran")
	if must(err); plan.Validate() != nil || plan.DiningMinutes != 90 || plan.CancelCutoffMinutes != 0 || plan.Weekly[0].Opens != "11:30" {
		t.Errorf("schedule %+v: %v", plan, plan.Validate())
	}
	day, err := service.Day(as(lee, "owner"), app.DayRequest{
		RestaurantID: "mokran", Date: list.Items[0].Start.In(time.FixedZone("KST", 9*3600)).Format(time.DateOnly), Limit: 50})
	if must(err); len(day.Items) == 0 {
		t.Error("the owner's list of the day is empty")
	}

	// Keys of before are answered as before, in words of today.
	again, err := service.Book(as(kim, "diner"), app.BookRequest{SlotID: "60", Party: 2, Note: list.Items[2].Note, Key: soonKey})
	if must(err); !again.Replayed || again.ID != soon || again.Note.Reveal() != "창가 '자리'" || again.Version != 1 || !again.CancelUntil.Equal(again.Start) {
		t.Errorf("booked again: %+v", again)
	}
	again, err = service.Cancel(as(kim, "diner"), app.ReservationRequest{ID: gone.String(), Key: goneKey})
	if must(err); !again.Replayed || again.Status != reservation.Cancelled || again.Version != 2 || !again.CancelUntil.Equal(again.Start) {
		t.Errorf("cancelled again: %+v", again)
	}

	// So are events that nobody has been told of.
	events := lease(t, store)
	for _, kind := range []string{reservation.EventConfirmed, reservation.EventCancelled} {
		e, told := events[kind+" "+gone.String()]
		if r := e.Reservation; !told || r.ID != gone || r.DinerID != kim || r.Party != 4 || r.Version != map[string]int{
			reservation.EventConfirmed: 1, reservation.EventCancelled: 2}[kind] || !r.CancelUntil.Equal(r.Start) || e.Reason != "" || e.Previous != nil {
			t.Errorf("%s: %+v", kind, e)
		}
	}
	if e := events[reservation.EventConfirmed+" "+soon.String()]; e.Attempts != 4 {
		t.Errorf("begun %d times, want 4", e.Attempts)
	}

	// And old rows take part in everything new.
	party := 3
	moved, err := service.Move(as(kim, "diner"), app.MoveRequest{ID: soon.String(), Party: &party, Version: 1})
	if must(err); moved.Version != 2 || moved.Party != 3 {
		t.Errorf("moved: %+v", moved)
	}
	joined, err := service.Join(as(kim, "diner"), app.BookRequest{SlotID: "90", Party: 2, Key: "j"})
	if must(err); joined.Status != reservation.Waiting {
		t.Errorf("joined: %+v", joined)
	}
	_, err = service.Cancel(as(lee, "diner"), app.ReservationRequest{ID: full.String(), Key: "c"})
	must(err)
	offered, err := service.Get(as(kim, "diner"), app.GetRequest{ID: joined.ID.String()})
	if must(err); offered.Status != reservation.Offered {
		t.Errorf("what an old row has freed was not offered: %+v", offered)
	}
	_, err = service.Cancel(as(kim, "diner"), app.ReservationRequest{ID: late.String(), Key: "c"})
	must(err)
	if _, err = service.Cancel(as(kim, "diner"), app.ReservationRequest{ID: past.String(), Key: "p"}); err == nil {
		t.Error("a visit that is over was cancelled")
	}
	unmade, err := store.RestaurantsToGenerate(t.Context(), time.Now(), 10)
	if must(err); len(unmade) != 1 {
		t.Errorf("slots are to be made ahead for %v", unmade)
	}
	clean("in the end")
}

// lease takes every event there is, by kind and reservation.
func lease(t *testing.T, store outbox.Store) map[string]reservation.Event {
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
			found[strings.Join([]string{e.Kind, e.Reservation.ID.String()}, " ")] = e
			if err := store.Delivered(t.Context(), e.Seq); err != nil {
				t.Fatal(err)
			}
		}
	}
}
