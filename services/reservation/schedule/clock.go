package schedule

import (
	"fmt"
	"time"

	"jari.example/internal/fault"
)

// A day of the calendar, and a time on the wall, belong to no zone. Both are
// held as the instant at which a clock in UTC shows them.

// DayBounds returns the instants [from, to) that belong to a local day
// (YYYY-MM-DD) of an IANA zone: from when the clock there first shows the date,
// or a later one, to when it first shows the next. from equals to for a day
// that the zone left out. Every slot of the day, and none of another, starts
// within. Codes: invalid, at /date.
func DayBounds(date, zone string) (from, to time.Time, err error) {
	day, err := ParseDate(date)
	if err != nil {
		return from, to, fault.BadField("/date", "date is a day of the calendar, YYYY-MM-DD.")
	}
	loc, err := Location(zone)
	if err != nil {
		return from, to, fmt.Errorf("bounds of %s: %w", date, err)
	}
	from, _ = reach(day, loc)
	to, _ = reach(day.AddDate(0, 0, 1), loc)
	return from, to, nil
}

// The years that dates may name: every store holds them, and nobody knows how
// clocks will go later.
const firstYear, lastYear = 2000, 2100

func ParseDate(date string) (time.Time, error) {
	day, err := time.Parse(time.DateOnly, date)
	if err == nil && (day.Year() < firstYear || day.Year() > lastYear) {
		err = fmt.Errorf("%s is beyond the years %d to %d", date, firstYear, lastYear)
	}
	return day, err
}

// today is the latest day that has begun. A clock that goes back over midnight,
// as St. John's did until 2011, does not take the day back.
func today(now time.Time, zone *time.Location) time.Time {
	year, month, day := now.In(zone).Date()
	date := time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
	next := date.AddDate(0, 0, 1)
	if begun, _ := reach(next, zone); !begun.After(now) {
		return next
	}
	return date
}

// reach is the first instant at which a clock in zone shows wall or later;
// shown tells whether it shows wall itself then. It never does if the clock is
// put forward over it. time.Date will not do: it moves a wall time that is
// skipped, and does not promise which of two it returns.
func reach(wall time.Time, zone *time.Location) (at time.Time, shown bool) {
	// No clock was ever a day off UTC. From there on, one offset after another.
	for t := wall.Add(-24 * time.Hour).In(zone); ; {
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

// Location refuses the two names that LoadLocation takes but IANA does not.
func Location(name string) (*time.Location, error) {
	if name == "" || name == "Local" {
		return nil, fmt.Errorf("%q is not an IANA zone", name)
	}
	return time.LoadLocation(name)
}
