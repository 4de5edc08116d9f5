package schedule

import (
	"slices"
	"time"

	"jari.example/internal/zone"
)

// PlannedSlot is a slot that a schedule asks for. Times are UTC instants.
type PlannedSlot struct {
	Start, End  time.Time
	TimeZone    string // IANA name
	Party       PartySize
	Covers      int       // its capacity
	OpensAt     time.Time // when it can first be booked; zero: at once
	CancelUntil time.Time // the cancellation cut-off
}

// Slots lists the slots that s plans after now, in order and each instant once:
// from today to DaysAhead in the restaurant's zone, and the days of every drop,
// also beyond that. closed reports the local days (YYYY-MM-DD) on which the
// restaurant is closed; nil: none.
//
//   - An exception's openings and covers replace those of its weekday. A day
//     that is closed, or has no covers, yields no slot.
//   - A wall time that a clock change skips yields no slot, one that it repeats
//     yields one, the first.
//   - OpensAt is that of the earliest drop that covers the slot's local day,
//     also when it has passed; zero outside of all drops.
//   - End and CancelUntil lie whole minutes of real time from Start, whatever
//     the clock does in between.
//
// With the same s and closed, a later now never removes a slot that is still in
// the future. s must be valid; a zone that cannot be loaded yields nothing.
func (s Schedule) Slots(closed func(date string) bool, now time.Time) []PlannedSlot {
	loc, err := zone.Load(s.TimeZone)
	if err != nil {
		return nil
	}
	exceptions := map[string]Exception{}
	for _, e := range s.Exceptions {
		exceptions[e.Date] = e
	}
	var slots []PlannedSlot
	for _, day := range s.days(today(now, loc)) {
		date := day.Format(time.DateOnly)
		if closed != nil && closed(date) {
			continue
		}
		hours, covers := s.weekday(day.Weekday()), s.Covers
		if e, ok := exceptions[date]; ok {
			hours = e.Openings
			if e.Covers != nil {
				covers = *e.Covers
			}
		}
		if covers == 0 {
			continue
		}
		opensAt := s.opensAt(date)
		for _, wall := range seatings(hours, s.IntervalMinutes) {
			start, shown := zone.Reach(day.Add(wall), loc)
			if !shown || !start.After(now) {
				continue
			}
			slots = append(slots, PlannedSlot{
				Start:       start,
				End:         start.Add(time.Duration(s.DiningMinutes) * time.Minute),
				TimeZone:    s.TimeZone,
				Party:       s.Party,
				Covers:      covers,
				OpensAt:     opensAt,
				CancelUntil: start.Add(-time.Duration(s.CancelCutoffMinutes) * time.Minute),
			})
		}
	}
	return slots
}

// days lists the days to make slots for, in order and each once.
func (s Schedule) days(today time.Time) (days []time.Time) {
	add := func(from, to time.Time) {
		for ; !from.After(to); from = from.AddDate(0, 0, 1) {
			days = append(days, from)
		}
	}
	add(today, today.AddDate(0, 0, s.DaysAhead))
	for _, d := range s.Drops {
		from, err1 := ParseDate(d.From)
		to, err2 := ParseDate(d.To)
		if err1 == nil && err2 == nil {
			add(from, to)
		}
	}
	slices.SortFunc(days, time.Time.Compare)
	return slices.Compact(days)
}

func (s Schedule) weekday(day time.Weekday) (hours []Hours) {
	for _, o := range s.Weekly {
		if o.Day == weekdays[day] {
			hours = append(hours, o.Hours)
		}
	}
	return hours
}

// opensAt is when the day can first be booked, zero if it always could.
func (s Schedule) opensAt(date string) (first time.Time) {
	for _, d := range s.Drops {
		if d.From <= date && date <= d.To && (first.IsZero() || d.OpensAt.Before(first)) {
			// Stores keep microseconds, and a stored time must compare equal.
			first = d.OpensAt.UTC().Truncate(time.Microsecond)
		}
	}
	return first
}

// seatings lists the wall times, since midnight, at which seatings start.
// Periods that overlap have their common seatings once.
func seatings(hours []Hours, interval int) (walls []time.Duration) {
	for _, h := range hours {
		for m := minutes(h.Opens); m < minutes(h.Closes); m += max(interval, 1) {
			walls = append(walls, time.Duration(m)*time.Minute)
		}
	}
	slices.Sort(walls)
	return slices.Compact(walls)
}

// minutes after midnight of a valid HH:MM.
func minutes(hhmm string) int {
	d := func(i int) int { return int(hhmm[i] - '0') }
	return (d(0)*10+d(1))*60 + d(3)*10 + d(4)
}
