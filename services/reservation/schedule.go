package reservation

import (
	"fmt"
	"regexp"
	"slices"
	"time"

	"jari.example/services/internal/fault"
)

// Schedule is when a restaurant seats people, in its own wall clock.
type Schedule struct {
	TimeZone        string    `json:"time_zone"` // IANA name
	Weekly          []Opening `json:"weekly"`
	IntervalMinutes int       `json:"interval_minutes"`
	Covers          int       `json:"covers"` // per slot; 0 closes every slot
	Party           PartySize `json:"party"`
	DaysAhead       int       `json:"days_ahead"`
}

// Opening is one stretch of one weekday: seatings start at Opens and every
// interval after it, the last one before Closes.
type Opening struct {
	Day    string `json:"day"`    // mon … sun
	Opens  string `json:"opens"`  // HH:MM
	Closes string `json:"closes"` // HH:MM
}

var (
	weekdays  = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"} // as time.Weekday counts
	wallClock = regexp.MustCompile(`^([01]\d|2[0-3]):[0-5]\d$`)
)

// Validate returns an Invalid fault that points at the first field at fault.
func (s Schedule) Validate() error {
	if _, err := location(s.TimeZone); err != nil {
		return fault.BadField("/time_zone", "time_zone must be an IANA zone such as Asia/Seoul.")
	}
	if s.Weekly == nil || len(s.Weekly) > 21 {
		return fault.BadField("/weekly", "weekly lists at most 21 openings; an empty list closes every slot.")
	}
	for i, o := range s.Weekly {
		at := fmt.Sprintf("/weekly/%d", i)
		switch {
		case !slices.Contains(weekdays, o.Day):
			return fault.BadField(at+"/day", "day is one of mon, tue, wed, thu, fri, sat, sun.")
		case !wallClock.MatchString(o.Opens):
			return fault.BadField(at+"/opens", "opens is a time of day, HH:MM.")
		case !wallClock.MatchString(o.Closes):
			return fault.BadField(at+"/closes", "closes is a time of day, HH:MM.")
		case o.Closes <= o.Opens:
			return fault.BadField(at+"/closes", "closes must be later than opens.")
		}
	}
	for _, f := range []struct {
		pointer         string
		value, low, top int
	}{
		{"/interval_minutes", s.IntervalMinutes, 15, 240},
		{"/covers", s.Covers, 0, 1000},
		{"/party/min", s.Party.Min, 1, MaxParty},
		{"/party/max", s.Party.Max, s.Party.Min, MaxParty},
		{"/days_ahead", s.DaysAhead, 1, 90},
	} {
		if f.value < f.low || f.value > f.top {
			return fault.BadField(f.pointer, "%s must be between %d and %d.", f.pointer[1:], f.low, f.top)
		}
	}
	return nil
}

// Starts lists when the schedule seats people after now, from today to
// DaysAhead in the restaurant's zone, in order and each instant once. A wall
// time that a clock change skips yields no start, one that it repeats yields
// one, the first.
func (s Schedule) Starts(now time.Time) []time.Time {
	zone, err := location(s.TimeZone)
	if err != nil {
		return nil
	}
	var starts []time.Time
	year, month, today := now.In(zone).Date()
	for day := range s.DaysAhead + 1 {
		// Noon names the day whatever the clocks do at midnight.
		weekday := weekdays[time.Date(year, month, today+day, 12, 0, 0, 0, zone).Weekday()]
		for _, o := range s.Weekly {
			if o.Day != weekday {
				continue
			}
			for m := minutes(o.Opens); m < minutes(o.Closes); m += s.IntervalMinutes {
				if t, ok := wall(year, month, today+day, m, zone); ok && t.After(now) {
					starts = append(starts, t.UTC())
				}
			}
		}
	}
	slices.SortFunc(starts, time.Time.Compare)
	return slices.CompactFunc(starts, time.Time.Equal)
}

// wall is the instant when the clock on the wall shows m minutes after
// midnight, the first one if it does so twice; ok is false if it never does.
func wall(year int, month time.Month, day, m int, zone *time.Location) (t time.Time, ok bool) {
	t = time.Date(year, month, day, 0, m, 0, 0, zone)
	if t.Hour()*60+t.Minute() != m {
		return t, false
	}
	// time.Date does not promise which of two equal wall times it returns.
	if changed, _ := t.ZoneBounds(); !changed.IsZero() {
		_, before := changed.Add(-time.Second).Zone()
		_, after := t.Zone()
		if first := t.Add(-time.Duration(before-after) * time.Second); before > after && first.Before(changed) {
			return first, true
		}
	}
	return t, true
}

// minutes after midnight of a valid HH:MM.
func minutes(hhmm string) int {
	var h, m int
	fmt.Sscanf(hhmm, "%d:%d", &h, &m)
	return h*60 + m
}

// location refuses the two names that LoadLocation takes but IANA does not.
func location(name string) (*time.Location, error) {
	if name == "" || name == "Local" {
		return nil, fmt.Errorf("%q is not an IANA zone", name)
	}
	return time.LoadLocation(name)
}
