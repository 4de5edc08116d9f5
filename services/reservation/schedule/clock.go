package schedule

import (
	"fmt"
	"time"

	"jari.example/internal/fault"
	"jari.example/internal/zone"
)

// Local dates and wall-clock times belong to no zone. Both are held as the instant
// at which a clock in UTC shows them.

// DayBounds returns the instants [from, to) that belong to a local day
// (YYYY-MM-DD) of an IANA zone: from when the clock there first shows the date,
// or a later one, to when it first shows the next. from equals to for a day
// that the zone skipped. The slots of the day start within the bounds, and no
// others do. Codes: invalid, at /date.
func DayBounds(date, timeZone string) (from, to time.Time, err error) {
	day, err := ParseDate(date)
	if err != nil {
		return from, to, fault.BadField("/date", "date is a day of the calendar, YYYY-MM-DD.")
	}
	loc, err := zone.Load(timeZone)
	if err != nil {
		return from, to, fmt.Errorf("bounds of %s: %w", date, err)
	}
	from, _ = zone.Reach(day, loc)
	to, _ = zone.Reach(day.AddDate(0, 0, 1), loc)
	return from, to, nil
}

// The years of dates: every store can hold them, and the clock changes of later
// ones are unknown.
const firstYear, lastYear = 2000, 2100

// ParseDate parses a local date, YYYY-MM-DD, from firstYear to lastYear.
func ParseDate(date string) (time.Time, error) {
	day, err := time.Parse(time.DateOnly, date)
	if err == nil && (day.Year() < firstYear || day.Year() > lastYear) {
		err = fmt.Errorf("%s is beyond the years %d to %d", date, firstYear, lastYear)
	}
	return day, err
}

// today is the latest day that has begun. It stays the latest when the clock goes
// back over midnight, as in St. John's until 2011.
func today(now time.Time, loc *time.Location) time.Time {
	year, month, day := now.In(loc).Date()
	date := time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
	next := date.AddDate(0, 0, 1)
	if begun, _ := zone.Reach(next, loc); !begun.After(now) {
		return next
	}
	return date
}
