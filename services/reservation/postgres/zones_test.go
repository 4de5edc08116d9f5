package postgres_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"jari.example/internal/postgres/postgrestest"
	"jari.example/services/reservation"
	"jari.example/services/reservation/schedule"
)

// Before there was a list of zones, an owner could store names that browsers do not
// know: every page with one of their records was blank.
func TestRecordsOfAZoneThatBrowsersDoNotKnowAreShownInOneTheyKnow(t *testing.T) {
	for stored, want := range map[string]string{
		"right/Asia/Seoul": "Asia/Seoul", "posix/Asia/Seoul": "Asia/Seoul", "US/Eastern": "America/New_York",
		"localtime": "UTC", "Factory": "UTC",
	} {
		t.Run(stored, func(t *testing.T) {
			url := postgrestest.Database(t)
			s := open(t, url)
			now := time.Now().UTC().Truncate(time.Microsecond)
			start := now.Add(24 * time.Hour).Truncate(time.Hour)
			plan := schedule.Schedule{TimeZone: "Asia/Seoul", Party: schedule.PartySize{Min: 1, Max: 4}}
			meta := func(key string) reservation.CommandMeta {
				return reservation.CommandMeta{
					DinerID: uuid.New(), Key: key, RequestHash: []byte{}, EventID: uuid.New(), At: now,
				}
			}
			var slots []reservation.Slot
			for i := range 2 {
				at := start.Add(time.Duration(i) * 3 * time.Hour)
				slots = append(slots, reservation.Slot{
					RestaurantID: "mokran", Start: at, End: at.Add(time.Hour), TimeZone: plan.TimeZone, Party: plan.Party,
					Wanted: 9, Capacity: 9, CancelUntil: at,
				})
			}
			if _, err := s.Execute(t.Context(), reservation.Command{
				CommandMeta: meta(""), Scope: reservation.Scope{Period: reservation.SlotsFrom("mokran", now)},
				Decide: func(u *reservation.UnitOfWork) (reservation.Reservation, error) {
					u.SetSchedule(plan, slots)
					return reservation.Reservation{}, nil
				},
			}); err != nil {
				t.Fatal(err)
			}
			first := reservation.Booking{CommandMeta: meta("a"), ID: uuid.New(), SlotID: 1, Party: 2}
			if _, err := s.Book(t.Context(), first); err != nil {
				t.Fatal(err)
			}
			postgrestest.Exec(t, url, `UPDATE slots SET time_zone = '`+stored+`'; UPDATE reservations SET time_zone = '`+stored+`';
UPDATE schedules SET schedule = jsonb_set(schedule, '{time_zone}', '"`+stored+`"');
UPDATE idempotency SET answer = jsonb_set(answer, '{time_zone}', '"`+stored+`"');
UPDATE outbox SET payload = jsonb_set(payload, '{time_zone}', '"`+stored+`"')`)

			shown := map[string]string{}
			note := func(what, zone string, err error) {
				t.Helper()
				if shown[what] = zone; err != nil {
					t.Errorf("%s: %v", what, err)
				}
			}
			list, err := s.Slots(t.Context(), []string{"mokran"}, now, start.AddDate(0, 0, 1))
			note("slot", list[0].TimeZone, err)
			got, _, err := s.Schedule(t.Context(), "mokran")
			note("schedule", got.TimeZone, err)
			zones, err := s.Zones(t.Context(), []string{"mokran"})
			note("zones", zones["mokran"], err)
			r, err := s.Reservation(t.Context(), first.DinerID, first.ID)
			note("reservation", r.TimeZone, err)
			day, err := s.Day(t.Context(), reservation.DayQuery{Period: reservation.SlotsFrom("mokran", now), Limit: 10})
			note("owner's day", day[0].TimeZone, err)
			again, err := s.Book(t.Context(), first)
			note("replay", again.TimeZone, err)
			booked, err := s.Book(t.Context(), reservation.Booking{CommandMeta: meta("b"), ID: uuid.New(), SlotID: 2, Party: 2})
			note("booking", booked.TimeZone, err)
			_, err = s.Execute(t.Context(), reservation.Command{ // the job that generates slots
				CommandMeta: meta(""), Scope: reservation.Scope{Period: reservation.SlotsFrom("mokran", now)},
				Decide: func(u *reservation.UnitOfWork) (reservation.Reservation, error) {
					note("command's schedule", u.Schedule.TimeZone, nil)
					return reservation.Reservation{}, u.RegenerateSlots("mokran")
				},
			})
			note("generating slots", want, err)
			events, err := s.Lease(t.Context(), 10, now.AddDate(1, 0, 0), now.AddDate(2, 0, 0))
			for _, e := range events {
				note("event", e.Reservation.TimeZone, err)
			}
			if len(events) != 2 {
				t.Errorf("%d events, want two", len(events))
			}
			for what, zone := range shown {
				if zone != want {
					t.Errorf("%s in %q, want %s", what, zone, want)
				}
			}
		})
	}
}
