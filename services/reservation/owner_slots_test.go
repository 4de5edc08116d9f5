package reservation

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"jari.example/services/reservation/schedule"
)

// A process that does not know a restaurant's time zone must not close its slots.
func TestUnknownTimeZoneClosesNoSlot(t *testing.T) {
	slot := &Slot{ID: 1, Start: time.Now().Add(time.Hour), Wanted: 4, Capacity: 4}
	for zone, fails := range map[string]bool{"Asia/Nowhere": true, "Asia/Seoul": false} {
		u := &UnitOfWork{
			Now: time.Now(), Slots: map[SlotID]*Slot{1: slot}, changedSlots: map[*Slot]bool{},
			Schedule: &schedule.Schedule{TimeZone: zone},
		}
		if err := u.RegenerateSlots("mokran"); (err != nil) != fails || (slot.Wanted == 0) == fails {
			t.Errorf("%s: %v, %d covers wanted; want an error: %v", zone, err, slot.Wanted, fails)
		}
		slot.Wanted = 4
	}
}

func TestCloseDayCancelsEverything(t *testing.T) {
	u := newUnit()
	confirmed, waiting, seated := u.with(diner, Confirmed, 2), u.with(other, Waiting, 3), u.with(uuid.New(), Seated, 1)
	cancelled := 0
	apply(t, u, meta(now), func(u *UnitOfWork) (Reservation, error) {
		cancelled = u.CloseDay(Closure{Date: "2026-12-02", Reason: "burst pipe"})
		return Reservation{}, nil
	}, "", EventClosed, EventClosed)
	if cancelled != 2 || confirmed.Status != Cancelled || waiting.Status != Cancelled || seated.Status != Seated {
		t.Errorf("%d cancelled: %s, %s, %s", cancelled, confirmed.Status, waiting.Status, seated.Status)
	}
	if s := u.Slots[1]; s.Wanted != 0 || s.Capacity != 1 || s.Left() != 0 {
		t.Errorf("slot %+v", *s)
	}
}
