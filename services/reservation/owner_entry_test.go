package reservation

import (
	"testing"
	"time"

	"github.com/google/uuid"
)

func TestOwnerEntry(t *testing.T) {
	sixCovers := func(u *UnitOfWork) { u.Slots[1].Wanted, u.Slots[1].Capacity = 6, 6 }
	drop := func(u *UnitOfWork) { u.Slots[1].OpensAt = now.Add(time.Hour) }
	for name, c := range map[string]struct {
		restaurant string
		party      int
		walkIn     bool
		at         time.Time
		change     func(*UnitOfWork)
		reason     string
		want       Status
	}{
		"books for a guest":               {"mokran", 2, false, now, nil, "", Confirmed},
		"seats a walk-in":                 {"mokran", 2, true, now.Add(25 * time.Hour), nil, "", Seated},
		"may exceed the party limits":     {"mokran", 6, false, now, sixCovers, "", Confirmed},
		"may come before the drop":        {"mokran", 2, false, now, drop, "", Confirmed},
		"may not exceed the covers":       {"mokran", 3, false, now, func(u *UnitOfWork) { u.with(other, Confirmed, 2) }, "slot_full", ""},
		"is refused after the slot's end": {"mokran", 2, false, now.Add(26 * time.Hour), nil, "slot_closed", ""},
		"is refused elsewhere":            {"mosu", 2, false, now, nil, "slot_not_found", ""},
	} {
		t.Run(name, func(t *testing.T) {
			u := newUnit()
			if c.change != nil {
				c.change(u)
			}
			e := OwnerEntry{
				Booking:      Booking{CommandMeta: meta(c.at), ID: uuid.New(), SlotID: 1, Party: c.party},
				RestaurantID: c.restaurant, WalkIn: c.walkIn,
			}
			// A guest without an account gets no mail, so there is no event.
			if r := apply(t, u, e.CommandMeta, e.Decide, c.reason); r.Status != c.want {
				t.Errorf("status %q, want %q", r.Status, c.want)
			}
			if set := u.ChangeSet(); c.reason == "" && (len(set.Transitions) != 1 || set.Transitions[0].Covers != c.party) {
				t.Errorf("transitions %v", set.Transitions)
			}
		})
	}
}
