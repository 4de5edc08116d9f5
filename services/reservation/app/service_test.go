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

// withRestaurant runs test in a synctest bubble, on 1 January 2000, with a service
// whose restaurant has slots of six covers every hour of the day.
func withRestaurant(t *testing.T, users app.Users, mails app.Mails, test func(t *testing.T, svc *app.Service, slot string)) {
	store := inmem.New()
	svc := app.New(store, users, mails, func() {}) // outside of the bubble: its cache has a goroutine
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

func book(t *testing.T, svc *app.Service, diner, slot string, party int, key string) (reservation.Outcome, error) {
	return svc.Book(as(t, diner, endpoint.RoleDiner), app.BookRequest{SlotID: slot, Party: party, Key: key})
}

// fromCache reports whether a refusal says that it comes from the sold-out cache.
func fromCache(t *testing.T, err error) bool {
	t.Helper()
	if fault.ReasonOf(err) != "slot_full" {
		t.Fatalf("got %v, want slot_full", err)
	}
	latched, _ := fault.Of(err).Extra["latched"].(bool)
	return latched
}

func TestSoldOutCacheRefusesForASoldOutSlot(t *testing.T) {
	withRestaurant(t, nil, nil, func(t *testing.T, svc *app.Service, slot string) {
		sold, err := book(t, svc, minji, slot, 6, "a")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := book(t, svc, theo, slot, 2, "b"); fromCache(t, err) {
			t.Error("the first refusal came from the cache, want the store")
		}
		_, err = book(t, svc, theo, slot, 2, "c")
		if !fromCache(t, err) || fault.Of(err).Extra["available"] != 0 {
			t.Errorf("the second refusal is %+v, want one from the cache with 0 available", err)
		}
		again, err := book(t, svc, minji, slot, 6, "a")
		if err != nil || !again.Replayed || again.ID != sold.ID {
			t.Errorf("a key that has booked got %+v, %v, want a replay", again, err)
		}
		if _, err := book(t, svc, minji, slot, 5, "a"); fault.ReasonOf(err) != "idempotency_key_reused" {
			t.Errorf("its key with another body got %v, want idempotency_key_reused", err)
		}
		time.Sleep(500 * time.Millisecond)
		if _, err := book(t, svc, theo, slot, 2, "d"); fromCache(t, err) {
			t.Error("after 500 ms the refusal came from the cache, want the store")
		}
		if _, err := book(t, svc, theo, slot, 2, "e"); !fromCache(t, err) {
			t.Error("the next refusal came from the store, want the cache")
		}
		if _, err := svc.Cancel(as(t, minji, endpoint.RoleDiner), app.ReservationRequest{ID: sold.ID.String(), Key: "f"}); err != nil {
			t.Fatal(err)
		}
		if _, err := book(t, svc, theo, slot, 2, "c"); err != nil {
			t.Errorf("after a cancellation in this process: %v, want a booking", err)
		}
	})
}

func TestCountsRefusalsByReason(t *testing.T) {
	rec := telemetrytest.Start(t)
	withRestaurant(t, nil, nil, func(t *testing.T, svc *app.Service, slot string) {
		_, _ = book(t, svc, minji, slot, 6, "a")
		_, _ = book(t, svc, minji, slot, 6, "a") // a replay is no refusal
		_, _ = book(t, svc, minji, slot, 5, "a")
		for _, key := range []string{"b", "c"} { // the second from the sold-out cache
			_, _ = book(t, svc, theo, slot, 2, key)
		}
		_, _ = book(t, svc, theo, slot, 99, "d")
		_, _ = book(t, svc, theo, "no such slot", 2, "e")
		expired, cancel := context.WithTimeout(as(t, theo, endpoint.RoleDiner), 0)
		defer cancel()
		_, _ = svc.Book(expired, app.BookRequest{SlotID: slot, Party: 1, Key: "f"})
	})
	for reason, want := range map[string]float64{
		"slot_full": 3, "idempotency_key_reused": 1, "invalid_field": 1, "slot_not_found": 1, "other": 0,
	} {
		if got, _ := rec.Value(t, names.MetricBookingsRefused, attribute.String(names.Reason, reason)); got != want {
			t.Errorf("refused as %s: %v, want %v", reason, got, want)
		}
	}
	if covers, _ := rec.Value(t, names.MetricCovers); covers != 6 {
		t.Errorf("counted %v covers, want 6", covers)
	}
}

// unavailable is a user and a notification service that are down.
type unavailable struct{}

func (unavailable) Names(context.Context, []uuid.UUID) (map[uuid.UUID]reservation.Guest, error) {
	return nil, fault.Down("user", nil)
}

func (unavailable) Undeliverable(context.Context, []uuid.UUID) (map[uuid.UUID]string, error) {
	return nil, fault.Down("notification", nil)
}

// available is a user service that has the same name for every id, and a
// notification service that has given up the mail of the first reservation.
type available struct{}

func (available) Names(_ context.Context, ids []uuid.UUID) (map[uuid.UUID]reservation.Guest, error) {
	all := map[uuid.UUID]reservation.Guest{}
	for _, id := range ids {
		all[id] = reservation.Guest{Name: secret.New("Kim Minji")}
	}
	return all, nil
}

func (available) Undeliverable(_ context.Context, ids []uuid.UUID) (map[uuid.UUID]string, error) {
	return map[uuid.UUID]string{ids[0]: "refused"}, nil
}

func TestOwnersDayWorksWithoutOtherServices(t *testing.T) {
	for name, c := range map[string]struct {
		users        app.Users
		mails        app.Mails
		name, failed string
	}{
		"both services available":         {available{}, available{}, "Kim Minji", "refused"},
		"both services unavailable":       {unavailable{}, unavailable{}, "", ""},
		"only the user service available": {available{}, unavailable{}, "Kim Minji", ""},
		"no other services configured":    {nil, nil, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			withRestaurant(t, c.users, c.mails, func(t *testing.T, svc *app.Service, slot string) {
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
						t.Errorf("item %d: name %q, mail %q; want %q, %q", i, one.Guest.Name.Reveal(), one.MailFailed, want, failed)
					}
				}
				otherOwner := as(t, theo, endpoint.RoleOwner, "other")
				_, err = svc.Day(otherOwner, app.DayRequest{RestaurantID: "mokran", Date: "2000-01-02", Limit: 10})
				if fault.CodeOf(err) != fault.Forbidden {
					t.Errorf("an owner of another restaurant got %v, want forbidden", err)
				}
			})
		})
	}
}
