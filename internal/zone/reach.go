package zone

import "time"

// Reach is the first instant at which a clock in loc shows wall or later. wall is a
// local date and time, held as the instant at which a clock in UTC shows it. shown
// reports whether it shows wall itself then, which it does not if a clock change
// skips wall. time.Date does not serve: it moves a wall time that is skipped, and
// does not specify which one it returns of a wall time that occurs twice.
func Reach(wall time.Time, loc *time.Location) (at time.Time, shown bool) {
	// Every offset from UTC is below a day. From there on, try one offset after another.
	for t := wall.Add(-24 * time.Hour).In(loc); ; {
		_, offset := t.Zone()
		start, end := t.ZoneBounds()
		at, shown = wall.Add(-time.Duration(offset)*time.Second), true
		if at.Before(start) {
			at, shown = start.UTC(), false
		}
		if end.IsZero() || at.Before(end) {
			return at, shown
		}
		t = end
	}
}
