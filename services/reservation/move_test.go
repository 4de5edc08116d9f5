package reservation

import (
	"testing"
	"time"
)

func TestMove(t *testing.T) {
	slot2, party3, party1 := SlotID(2), 3, 1
	soldOut := func(u *UnitOfWork) { u.with(other, Confirmed, 4) }
	twoLeft := func(u *UnitOfWork) { u.with(other, Confirmed, 2) }
	slot2Full := func(u *UnitOfWork) { u.Slots[2].Booked = 4 }
	slot2Elsewhere := func(u *UnitOfWork) { u.Slots[2].RestaurantID = "mosu" }
	for name, c := range map[string]struct {
		status Status
		party  int
		move   Move
		at     time.Time
		change func(*UnitOfWork)
		reason string
		kinds  []string
		want   SlotID
	}{
		"to another slot":             {Confirmed, 2, Move{SlotID: &slot2}, now, nil, "", []string{EventMoved}, 2},
		"to a larger party":           {Confirmed, 2, Move{Party: &party3}, now, nil, "", []string{EventMoved}, 1},
		"to a smaller party":          {Confirmed, 2, Move{Party: &party1}, now, nil, "", []string{EventMoved}, 1},
		"of a waiting entry's party":  {Waiting, 2, Move{Party: &party3}, now, soldOut, "", []string{EventChanged}, 1},
		"of a waiting entry, booked":  {Waiting, 2, Move{SlotID: &slot2}, now, soldOut, "", []string{EventConfirmed}, 2},
		"without covers for it":       {Confirmed, 2, Move{Party: &party3}, now, twoLeft, "slot_full", nil, 1},
		"to a full slot":              {Confirmed, 2, Move{SlotID: &slot2}, now, slot2Full, "slot_full", nil, 1},
		"to another restaurant":       {Confirmed, 2, Move{SlotID: &slot2}, now, slot2Elsewhere, "slot_not_found", nil, 1},
		"from the cut-off on":         {Confirmed, 2, Move{SlotID: &slot2}, now.Add(22 * time.Hour), nil, "not_movable", nil, 1},
		"of a seated party":           {Seated, 2, Move{SlotID: &slot2}, now, nil, "not_movable", nil, 1},
		"with an outdated version":    {Confirmed, 2, Move{SlotID: &slot2, Version: 7}, now, nil, "version_mismatch", nil, 1},
		"with the version as it is":   {Confirmed, 2, Move{SlotID: &slot2, Version: 1}, now, nil, "", []string{EventMoved}, 2},
		"that changes nothing at all": {Confirmed, 2, Move{}, now, nil, "", nil, 1},
	} {
		t.Run(name, func(t *testing.T) {
			u := newUnit()
			if c.change != nil {
				c.change(u)
			}
			r := u.with(diner, c.status, c.party)
			c.move.CommandMeta, c.move.ID = meta(c.at), r.ID
			if c.reason == "slot_full" && u.Slots[2].Booked == 4 { // booked by nobody here, so skip the sums
				if _, err := (Command{CommandMeta: c.move.CommandMeta, Decide: c.move.Decide}).Apply(u); err == nil {
					t.Error("moved to a full slot")
				}
			} else {
				apply(t, u, c.move.CommandMeta, c.move.Decide, c.reason, c.kinds...)
			}
			if r.SlotID != c.want {
				t.Errorf("on slot %d, want %d", r.SlotID, c.want)
			}
		})
	}
}
