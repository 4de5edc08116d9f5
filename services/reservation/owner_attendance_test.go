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
