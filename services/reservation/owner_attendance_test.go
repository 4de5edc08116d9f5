package reservation

import (
	"testing"
	"time"
)

func TestAttendance(t *testing.T) {
	start := newUnit().Slots[1].Start
	for name, c := range map[string]struct {
		status Status
		noShow bool
		at     time.Time
		owner  bool
		reason string
		want   Status
		kinds  []string
	}{
		"seats from an hour before the start": {Confirmed, false, start.Add(-time.Hour), true, "", Seated, nil},
		"does not seat earlier":               {Confirmed, false, start.Add(-time.Hour - 1), true, "not_seatable", Confirmed, nil},
		"does not seat after the end":         {Confirmed, false, start.Add(90 * time.Minute), true, "not_seatable", Confirmed, nil},
		"does not seat a waiting entry":       {Waiting, false, start, true, "not_seatable", Waiting, nil},
		"records a no-show from the start on": {Confirmed, true, start, true, "", NoShow, []string{EventNoShow}},
		"records no no-show earlier":          {Confirmed, true, start.Add(-1), true, "not_no_show", Confirmed, nil},
		"does not find another restaurant's":  {Confirmed, false, start, false, "reservation_not_found", Confirmed, nil},
	} {
		t.Run(name, func(t *testing.T) {
			u := newUnit()
			r := u.with(other, c.status, 2)
			a := Attendance{CommandMeta: meta(c.at), ID: r.ID, NoShow: c.noShow, MayTouch: func(string) bool { return c.owner }}
			apply(t, u, a.CommandMeta, a.Decide, c.reason, c.kinds...)
			if r.Status != c.want {
				t.Errorf("status %s, want %s", r.Status, c.want)
			}
		})
	}
}

func TestNoShowUndo(t *testing.T) {
	start := newUnit().Slots[1].Start
	for name, c := range map[string]struct {
		status Status
		at     time.Time
		owner  bool
		change func(*UnitOfWork)
		reason string
		want   Status
	}{
		"confirms the party again":           {NoShow, start, true, nil, "", Confirmed},
		"until the end of the visit":         {NoShow, start.Add(90*time.Minute - 1), true, nil, "", Confirmed},
		"but not after it":                   {NoShow, start.Add(90 * time.Minute), true, nil, "not_undoable", NoShow},
		"does not undo a cancellation":       {Cancelled, start, true, nil, "not_undoable", Cancelled},
		"does not undo twice":                {Confirmed, start, true, nil, "not_undoable", Confirmed},
		"does not find another restaurant's": {NoShow, start, false, nil, "reservation_not_found", NoShow},
		"takes the last covers":              {NoShow, start, true, func(u *UnitOfWork) { u.with(other, Seated, 2) }, "", Confirmed},
		"does not take a walk-in's covers": {
			NoShow, start, true, func(u *UnitOfWork) { u.with(other, Seated, 3) }, "slot_full", NoShow,
		},
		"does not take more than the owner wants": {
			NoShow, start, true, func(u *UnitOfWork) { u.Slots[1].Wanted, u.Slots[1].Capacity = 1, 1 }, "slot_full", NoShow,
		},
	} {
		t.Run(name, func(t *testing.T) {
			u := newUnit()
			r := u.with(other, c.status, 2)
			if c.change != nil {
				c.change(u)
			}
			n := NoShowUndo{CommandMeta: meta(c.at), ID: r.ID, MayTouch: func(string) bool { return c.owner }}
			var kinds []string
			if c.reason == "" {
				kinds = []string{EventUndone}
			}
			apply(t, u, n.CommandMeta, n.Decide, c.reason, kinds...)
			if r.Status != c.want {
				t.Errorf("status %s, want %s", r.Status, c.want)
			}
		})
	}
}
