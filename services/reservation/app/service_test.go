package app_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"go.opentelemetry.io/otel/attribute"

	"jari.example/internal/fault"
	"jari.example/internal/secret"
	"jari.example/services/internal/endpoint"
	"jari.example/services/reservation"
	"jari.example/services/reservation/app"
	"jari.example/services/reservation/inmem"
	"jari.example/services/reservation/schedule"
	"jari.example/telemetry/names"
	"jari.example/telemetry/telemetrytest"
)

const (
	minji = "01900000-0000-7000-8000-000000000001"
	theo  = "01900000-0000-7000-8000-000000000002"
)

func as(t *testing.T, user, role string, own ...string) context.Context {
	return endpoint.WithIdentity(t.Context(), endpoint.Identity{UserID: user, Role: role, Own: own})
}

// house is a service whose restaurant seats six, every hour of the day. It lives
// in a bubble, on 1 January 2000.
func house(t *testing.T, users app.Users, mails app.Mails, test func(t *testing.T, svc *app.Service, slot string)) {
	store := inmem.New()
	svc := app.New(store, users, mails, func() {}) // outside: its cache has a goroutine
	synctest.Test(t, func(t *testing.T) {
		plan := schedule.Schedule{
			TimeZone: "UTC", IntervalMinutes: 60, DiningMinutes: 60, Covers: 6, Party: schedule.PartySize{Min: 1, Max: 6}, DaysAhead: 2,
		}
		for _, day := range []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"} {
			plan.Weekly = append(plan.Weekly, schedule.Opening{Day: day, Hours: schedule.Hours{Opens: "00:00", Closes: "24:00"}})
		}
		owner := as(t, theo, endpoint.RoleOwner, "mokran")
		if _, err := svc.PutSchedule(owner, app.ScheduleRequest{RestaurantID: "mokran", Schedule: plan}); err != nil {
			t.Fatal(err)
		}
		slots, err := store.Slots(t.Context(), []string{"mokran"}, time.Now().Add(30*time.Hour), time.Now().Add(31*time.Hour))
		if err != nil || len(slots) == 0 {
			t.Fatal(slots, err)
		}
		test(t, svc, slots[0].ID.String())
	})
}

func book(t *testing.T, svc *app.Service, who, slot string, party int, key string) (reservation.Outcome, error) {
	return svc.Book(as(t, who, endpoint.RoleDiner), app.BookRequest{SlotID: slot, Party: party, Key: key})
}

// latched reports what a refusal says of itself.
func latched(t *testing.T, err error) bool {
	t.Helper()
	if fault.ReasonOf(err) != "slot_full" {
		t.Fatalf("answered %v", err)
	}
	said, _ := fault.Of(err).Extra["latched"].(bool)
	return said
}

func TestTheLatchAnswersForASoldOutSlot(t *testing.T) {
	house(t, nil, nil, func(t *testing.T, svc *app.Service, slot string) {
		sold, err := book(t, svc, minji, slot, 6, "a")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := book(t, svc, theo, slot, 2, "b"); latched(t, err) {
			t.Error("the first refusal is the store's own")
		}
		_, err = book(t, svc, theo, slot, 2, "c")
		if !latched(t, err) || fault.Of(err).Extra["available"] != 0 {
			t.Errorf("the second: %+v", err)
		}
		again, err := book(t, svc, minji, slot, 6, "a")
		if err != nil || !again.Replayed || again.ID != sold.ID {
			t.Errorf("a key that has booked: %+v, %v", again, err)
		}
		if _, err := book(t, svc, minji, slot, 5, "a"); fault.ReasonOf(err) != "idempotency_key_reused" {
			t.Errorf("its key for something else: %v", err)
		}
		time.Sleep(500 * time.Millisecond)
		if _, err := book(t, svc, theo, slot, 2, "d"); latched(t, err) {
			t.Error("half a second later the store must be asked")
		}
		if _, err := book(t, svc, theo, slot, 2, "e"); !latched(t, err) {
			t.Error("and is believed again")
		}
		if _, err := svc.Cancel(as(t, minji, endpoint.RoleDiner), app.ReservationRequest{ID: sold.ID.String(), Key: "f"}); err != nil {
			t.Fatal(err)
		}
		if _, err := book(t, svc, theo, slot, 2, "c"); err != nil {
			t.Errorf("seats that were given back here can be had at once: %v", err)
		}
	})
}

func TestRefusalsAreCountedByReason(t *testing.T) {
	rec := telemetrytest.Start(t)
	house(t, nil, nil, func(t *testing.T, svc *app.Service, slot string) {
		_, _ = book(t, svc, minji, slot, 6, "a")
		_, _ = book(t, svc, minji, slot, 6, "a") // a replay is no refusal
		_, _ = book(t, svc, minji, slot, 5, "a")
		for _, key := range []string{"b", "c"} { // the second by the latch
			_, _ = book(t, svc, theo, slot, 2, key)
		}
		_, _ = book(t, svc, theo, slot, 99, "d")
		_, _ = book(t, svc, theo, "no such slot", 2, "e")
		gone, leave := context.WithTimeout(as(t, theo, endpoint.RoleDiner), 0)
		defer leave()
		_, _ = svc.Book(gone, app.BookRequest{SlotID: slot, Party: 1, Key: "f"})
	})
	for reason, want := range map[string]float64{
		"slot_full": 3, "idempotency_key_reused": 1, "invalid_field": 1, "slot_not_found": 1, "other": 0,
	} {
		if got, _ := rec.Value(t, names.MetricBookingsRefused, attribute.String(names.Reason, reason)); got != want {
			t.Errorf("refused as %s: %v, want %v", reason, got, want)
		}
	}
	if covers, _ := rec.Value(t, names.MetricCovers); covers != 6 {
		t.Errorf("%v covers were sold, want 6", covers)
	}
}

// deaf answers nobody.
type deaf struct{}

func (deaf) Names(context.Context, []uuid.UUID) (map[uuid.UUID]reservation.Guest, error) {
	return nil, fault.Down("user", nil)
}

func (deaf) Undeliverable(context.Context, []uuid.UUID) (map[uuid.UUID]string, error) {
	return nil, fault.Down("notification", nil)
}

// known knows everybody by the same name, and of no mail that arrived.
type known struct{}

func (known) Names(_ context.Context, ids []uuid.UUID) (map[uuid.UUID]reservation.Guest, error) {
	all := map[uuid.UUID]reservation.Guest{}
	for _, id := range ids {
		all[id] = reservation.Guest{Name: secret.New("Kim Minji")}
	}
	return all, nil
}

func (known) Undeliverable(_ context.Context, ids []uuid.UUID) (map[uuid.UUID]string, error) {
	return map[uuid.UUID]string{ids[0]: "refused"}, nil
}

func TestTheOwnersDayDoesNotHangOnOthers(t *testing.T) {
	for sentence, c := range map[string]struct {
		users        app.Users
		mails        app.Mails
		name, failed string
	}{
		"with names and mails":       {known{}, known{}, "Kim Minji", "refused"},
		"where nobody answers":       {deaf{}, deaf{}, "", ""},
		"where only user answers":    {known{}, deaf{}, "Kim Minji", ""},
		"where there is nobody else": {nil, nil, "", ""},
	} {
		t.Run(sentence, func(t *testing.T) {
			house(t, c.users, c.mails, func(t *testing.T, svc *app.Service, slot string) {
				b, err := book(t, svc, minji, slot, 2, "a")
				if err != nil {
					t.Fatal(err)
				}
				owner := as(t, theo, endpoint.RoleOwner, "mokran")
				if _, err := svc.Enter(owner, app.OwnerEntryRequest{
					RestaurantID: "mokran", SlotID: slot, Party: 2, Name: secret.New("Lee"), Key: "b",
				}); err != nil {
					t.Fatal(err)
				}
				day, err := svc.Day(owner, app.DayRequest{RestaurantID: "mokran", Date: b.Start.Format(time.DateOnly), Limit: 10})
				if err != nil || len(day.Items) != 2 {
					t.Fatalf("%+v, %v", day, err)
				}
				for i, one := range day.Items {
					want, failed := c.name, ""
					if one.DinerID == uuid.Nil {
						want = "Lee"
					}
					if i == 0 {
						failed = c.failed
					}
					if one.Guest.Name.Reveal() != want || one.MailFailed != failed {
						t.Errorf("%d: %q, mail %q; want %q, %q", i, one.Guest.Name.Reveal(), one.MailFailed, want, failed)
					}
				}
				_, err = svc.Day(as(t, theo, endpoint.RoleOwner, "other"), app.DayRequest{RestaurantID: "mokran", Date: "2000-01-02", Limit: 10})
				if fault.CodeOf(err) != fault.Forbidden {
					t.Errorf("another's owner: %v", err)
				}
			})
		})
	}
}
