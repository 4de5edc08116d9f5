package reservation

import (
	"testing"
	"time"

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
