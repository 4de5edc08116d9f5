package schedule

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// situation is everything that determines the slots.
type situation struct {
	Schedule
	closed map[string]bool
	now    time.Time
}

func (s situation) isClosed(date string) bool { return s.closed[date] }

func (s situation) zone() *time.Location {
	zone, err := time.LoadLocation(s.TimeZone)
	if err != nil {
		panic(err)
	}
	return zone
}

// planner is Slots, or a wrong variant of it that the check must detect.
type planner func(situation) []PlannedSlot

func planned(s situation) []PlannedSlot { return s.Slots(s.isClosed, s.now) }

// check compares the slots of plan with the oracle, which reads the schedule
// minute by minute.
func check(s situation, plan planner) error {
	slots, zone := plan(s), s.zone()
	starts, last := map[time.Time]bool{}, s.lastDay(zone)
	for i, slot := range slots {
		local := slot.Start.In(zone)
		switch covers, opensAt := s.wants(local, last); {
		case i > 0 && !slots[i-1].Start.Before(slot.Start):
			return fmt.Errorf("%v is listed after %v", slot.Start, slots[i-1].Start)
		case !slot.Start.After(s.now):
			return fmt.Errorf("%v has begun already", local)
		case covers == 0:
			return fmt.Errorf("the schedule has no slot at %v", local)
		case slot.OpensAt != opensAt:
			return fmt.Errorf("%v opens at %v, want %v", local, slot.OpensAt, opensAt)
		case slot != PlannedSlot{
			Start: slot.Start.UTC(), TimeZone: s.TimeZone, Party: s.Party,
			Covers: covers, OpensAt: opensAt,
			End:         slot.Start.Add(time.Duration(s.DiningMinutes) * time.Minute),
			CancelUntil: slot.Start.Add(-time.Duration(s.CancelCutoffMinutes) * time.Minute),
		}:
			return fmt.Errorf("%v has wrong values: %+v", local, slot)
		}
		starts[slot.Start] = true
	}
	for _, t := range s.starts(zone, last) {
		if !starts[t] {
			return fmt.Errorf("%v is missing", t.In(zone))
		}
		delete(starts, t)
	}
	for t := range starts {
		return fmt.Errorf("%v is not in the schedule", t.In(zone))
	}
	return nil
}

// starts lists the minutes after now at which the wall clock shows a wanted time
// for the first time. It begins two days before now, so that a time that the clock
// shows again is known to have been shown.
func (s situation) starts(zone *time.Location, last string) (found []time.Time) {
	end := s.now.AddDate(0, 0, s.DaysAhead+3)
	for _, d := range s.Drops {
		if to := day(d.To).AddDate(0, 0, 3); to.After(end) {
			end = to
		}
	}
	seen := map[string]bool{}
	for t := s.now.UTC().Truncate(time.Minute).AddDate(0, 0, -2); t.Before(end); t = t.Add(time.Minute) {
		local := t.In(zone)
		if covers, _ := s.wants(local, last); covers == 0 {
			continue
		}
		if shows := local.Format("2006-01-02 15:04"); !seen[shows] {
			seen[shows] = true
			if t.After(s.now) {
				found = append(found, t)
			}
		}
	}
	return found
}

// lastDay is the last day of the booking window, which begins with the latest day
// that the wall clock has shown.
func (s situation) lastDay(zone *time.Location) string {
	latest := ""
	for t := s.now.AddDate(0, 0, -2); !t.After(s.now); t = t.Add(time.Minute) {
		latest = max(latest, t.In(zone).Format(time.DateOnly))
	}
	return day(latest).AddDate(0, 0, s.DaysAhead).Format(time.DateOnly)
}

// wants is what the schedule says about one minute of the wall clock.
func (s situation) wants(local time.Time, last string) (covers int, opensAt time.Time) {
	date, clock := local.Format(time.DateOnly), local.Format("15:04")
	for _, d := range s.Drops {
		if d.From <= date && date <= d.To && (opensAt.IsZero() || d.OpensAt.Before(opensAt)) {
			opensAt = d.OpensAt
		}
	}
	if s.closed[date] || date > last && opensAt.IsZero() {
		return 0, opensAt
	}
	var openings []Hours
	covers = s.Covers
	for _, o := range s.Weekly {
		if o.Day == strings.ToLower(local.Format("Mon")) {
			openings = append(openings, o.Hours)
		}
	}
	for _, e := range s.Exceptions {
		if e.Date == date {
			openings = e.Openings
			if e.Covers != nil {
				covers = *e.Covers
			}
		}
	}
	if !slices.ContainsFunc(openings, func(h Hours) bool {
		if clock < h.Opens || h.Closes <= clock {
			return false
		}
		var hour, minute int
		fmt.Sscanf(h.Opens, "%d:%d", &hour, &minute)
		since := local.Hour()*60 + local.Minute() - hour*60 - minute
		return since%s.IntervalMinutes == 0
	}) {
		return 0, opensAt
	}
	return covers, opensAt
}

// checkNoneLost reports a slot that was planned before, starts after later, and is
// not planned any more at later.
func checkNoneLost(s situation, plan planner, later time.Time) error {
	before := plan(s)
	s.now = later
	after := plan(s)
	for _, slot := range before {
		if slot.Start.After(later) && !slices.Contains(after, slot) {
			return fmt.Errorf("%v is missing at %v", slot.Start, later)
		}
	}
	return nil
}

// day is the midnight in UTC at which a date begins.
func day(date string) time.Time {
	t, err := time.Parse(time.DateOnly, date)
	if err != nil {
		panic(err)
	}
	return t
}
