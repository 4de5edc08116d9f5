package schedule

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// Zones with unusual clock changes: at midnight (Havana, Beirut), a minute after
// it (St. John's until 2011), by half an hour (Lord Howe), by two hours (Troll),
// for a month (Casablanca), back in summer time (Dublin); one that skipped a day
// (Apia, 30 December 2011), and some without changes.
var zones = []string{
	"Asia/Seoul", "America/New_York", "America/Havana", "Asia/Beirut", "America/St_Johns", "Australia/Lord_Howe",
	"Antarctica/Troll", "Africa/Casablanca", "Europe/Dublin", "Pacific/Apia", "America/Nuuk", "Asia/Kathmandu", "UTC",
}

// situations are schedules, more often than not close to a clock change.
var situations = rapid.Custom(func(t *rapid.T) situation {
	s := situation{Schedule: Schedule{
		TimeZone:            rapid.SampledFrom(zones).Draw(t, "zone"),
		IntervalMinutes:     rapid.SampledFrom([]int{15, 30, 45, 60, 90, 240}).Draw(t, "interval"),
		DiningMinutes:       rapid.IntRange(30, 360).Draw(t, "dining"),
		Covers:              rapid.IntRange(0, 9).Draw(t, "covers"),
		Party:               PartySize{Min: 1, Max: rapid.IntRange(1, MaxParty).Draw(t, "party")},
		DaysAhead:           rapid.IntRange(1, 9).Draw(t, "days ahead"),
		CancelCutoffMinutes: rapid.IntRange(0, 10080).Draw(t, "cut-off"),
	}}
	s.now = moments(s.TimeZone).Draw(t, "now")
	date := rapid.Map(rapid.IntRange(-3, 20), func(n int) string { return s.now.AddDate(0, 0, n).Format(time.DateOnly) })
	weekly := rapid.Custom(func(t *rapid.T) Opening {
		return Opening{rapid.SampledFrom(weekdays).Draw(t, "day"), hours.Draw(t, "hours")}
	})
	exceptions := rapid.Custom(func(t *rapid.T) Exception {
		return Exception{
			Date:     date.Draw(t, "date"),
			Openings: rapid.SliceOfN(hours, 0, 2).Draw(t, "openings"),
			Covers:   rapid.Ptr(rapid.IntRange(0, 9), true).Draw(t, "covers"),
		}
	})
	drops := rapid.Custom(func(t *rapid.T) Drop {
		from := date.Draw(t, "from")
		return Drop{
			From: from,
			To:   day(from).AddDate(0, 0, rapid.IntRange(0, 6).Draw(t, "days")).Format(time.DateOnly),
			// At six in the morning UTC the day is over in no time zone.
			OpensAt: day(from).Add(-time.Duration(rapid.IntRange(-6, 30*24).Draw(t, "hours before")) * time.Hour),
		}
	})
	s.Weekly = rapid.SliceOfN(weekly, 0, maxOpenings).Draw(t, "weekly")
	s.Exceptions = rapid.SliceOfNDistinct(exceptions, 0, 4, func(e Exception) string { return e.Date }).Draw(t, "exceptions")
	s.Drops = rapid.SliceOfN(drops, 0, 3).Draw(t, "drops")
	s.closed = map[string]bool{}
	for _, d := range rapid.SliceOfN(date, 0, 3).Draw(t, "closed") {
		s.closed[d] = true
	}
	return s
})

var hours = rapid.Custom(func(t *rapid.T) Hours {
	// Multiples of 15 minutes coincide with each other and with clock changes.
	minute := func(low, high int) *rapid.Generator[int] {
		quarters := rapid.Map(rapid.IntRange((low+14)/15, high/15), func(n int) int { return n * 15 })
		return rapid.OneOf(quarters, quarters, rapid.IntRange(low, high))
	}
	opens := minute(0, 23*60).Draw(t, "opens")
	closes := minute(opens+1, 24*60).Draw(t, "closes")
	clock := func(m int) string { return fmt.Sprintf("%02d:%02d", m/60, m%60) }
	return Hours{clock(opens), clock(closes)}
})

// moments are instants from 2000 to 2040, most of them within days of a clock
// change of the zone.
func moments(zone string) *rapid.Generator[time.Time] {
	begin, end := day("2000-02-01"), day("2040-01-01")
	changes := []time.Time{day("2026-11-22")}
	for t := begin.In(situation{Schedule: Schedule{TimeZone: zone}}.zone()); ; {
		if _, t = t.ZoneBounds(); t.IsZero() || t.After(end) {
			break
		}
		changes = append(changes, t.UTC())
	}
	return rapid.Custom(func(t *rapid.T) time.Time {
		// rapid prefers small numbers: days first, then minutes.
		return rapid.SampledFrom(changes).Draw(t, "change").
			AddDate(0, 0, -rapid.IntRange(0, 5).Draw(t, "days before")).
			Add(-time.Duration(rapid.IntRange(-90*60, 24*60*60).Draw(t, "seconds before")) * time.Second)
	})
}

func TestSlotsMatchTheWallClock(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := situations.Draw(t, "situation")
		if err := s.Validate(); err != nil {
			t.Fatal(err)
		}
		if err := check(s, planned); err != nil {
			t.Fatal(err)
		}
		for _, slot := range planned(s) {
			date := slot.Start.In(s.zone()).Format(time.DateOnly)
			from, to, err := DayBounds(date, s.TimeZone)
			if err != nil || slot.Start.Before(from) || !slot.Start.Before(to) {
				t.Fatalf("the bounds of %s are [%v, %v) (%v), which exclude its slot %v", date, from, to, err, slot.Start)
			}
		}
	})
}

func TestFutureSlotsStayPlannedAsTimePasses(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := situations.Draw(t, "situation")
		t.Repeat(map[string]func(*rapid.T){
			"time passes": func(t *rapid.T) {
				later := s.now.Add(time.Duration(rapid.IntRange(0, 3*24*60).Draw(t, "minutes")) * time.Minute)
				if err := checkNoneLost(s, planned, later); err != nil {
					t.Fatal(err)
				}
				s.now = later
			},
		})
	})
}

// Negative controls: each planner is wrong in one way, and check must detect it.
func TestDetectsWrongPlanners(t *testing.T) {
	for name, wrong := range map[string]planner{
		"trusts time.Date":                   trustTimeDate,
		"uses the second of two equal times": useSecond,
		"ignores closed days":                func(s situation) []PlannedSlot { return s.Slots(nil, s.now) },
		"ignores exceptions":                 func(s situation) []PlannedSlot { s.Exceptions = nil; return planned(s) },
		"ignores drops":                      func(s situation) []PlannedSlot { s.Drops = nil; return planned(s) },
		"drops add no days":                  ignoreDropsBeyondWindow,
		"the first drop listed wins":         firstDropWins,
		"the window is a day too short":      func(s situation) []PlannedSlot { s.DaysAhead--; return planned(s) },
		"lists slots that have begun":        func(s situation) []PlannedSlot { s.now = s.now.Add(-6 * time.Hour); return planned(s) },
		"one slot is missing":                func(s situation) []PlannedSlot { all := planned(s); return all[min(1, len(all)):] },
		"each slot comes twice":              func(s situation) []PlannedSlot { all := planned(s); return slices.Concat(all, all) },
		"diners may cancel until the end":    func(s situation) []PlannedSlot { s.CancelCutoffMinutes = -s.DiningMinutes; return planned(s) },
		"every visit lasts an hour":          func(s situation) []PlannedSlot { s.DiningMinutes = 60; return planned(s) },
	} {
		t.Run(name, func(t *testing.T) {
			for seed := range 500 {
				if err := check(situations.Example(seed), wrong); err != nil {
					t.Logf("situation %d: %v", seed, err)
					return
				}
			}
			t.Fatal("not detected in 500 situations")
		})
	}
}

// Without clock changes trustTimeDate is right, so check detects it because of the
// clock changes.
func TestTimeDateIsRightWithoutClockChanges(t *testing.T) {
	for seed := range 50 {
		s := situations.Example(seed)
		s.TimeZone = "Asia/Kathmandu"
		if err := check(s, trustTimeDate); err != nil {
			t.Fatalf("situation %d: %v", seed, err)
		}
	}
}

func TestDetectsALostSlot(t *testing.T) {
	forgetful := func(s situation) []PlannedSlot { // ignores drops that have opened
		s.Drops = slices.DeleteFunc(slices.Clone(s.Drops), func(d Drop) bool { return !d.OpensAt.After(s.now) })
		return planned(s)
	}
	for seed := range 500 {
		s := situations.Example(seed)
		if err := checkNoneLost(s, forgetful, s.now.AddDate(0, 0, 3)); err != nil {
			t.Logf("situation %d: %v", seed, err)
			return
		}
	}
	t.Fatal("not detected in 500 situations")
}

// trustTimeDate plans without a zone and converts with time.Date, which moves a
// wall time that the clock skips.
func trustTimeDate(s situation) []PlannedSlot {
	zone, now := s.zone(), s.now
	s.TimeZone, s.now = "UTC", today(s.now, zone)
	moved := map[time.Time]PlannedSlot{}
	for _, slot := range planned(s) {
		wall := slot.Start
		start := time.Date(wall.Year(), wall.Month(), wall.Day(), wall.Hour(), wall.Minute(), 0, 0, zone).UTC()
		slot.TimeZone, slot.Start = zone.String(), start
		slot.End, slot.CancelUntil = slot.End.Add(start.Sub(wall)), slot.CancelUntil.Add(start.Sub(wall))
		if start.After(now) {
			moved[start] = slot
		}
	}
	return slices.SortedFunc(maps.Values(moved), func(a, b PlannedSlot) int { return a.Start.Compare(b.Start) })
}

// useSecond uses the later instant of a time that the clock shows again after an
// hour.
func useSecond(s situation) []PlannedSlot {
	all, zone := planned(s), s.zone()
	for i, slot := range all {
		const shows = "2006-01-02 15:04"
		if later := slot.Start.Add(time.Hour); later.In(zone).Format(shows) == slot.Start.In(zone).Format(shows) {
			all[i].Start, all[i].End, all[i].CancelUntil = later, slot.End.Add(time.Hour), slot.CancelUntil.Add(time.Hour)
		}
	}
	return all
}

// ignoreDropsBeyondWindow omits slots that exist only because of a drop.
func ignoreDropsBeyondWindow(s situation) []PlannedSlot {
	last, zone := s.lastDay(s.zone()), s.zone()
	return slices.DeleteFunc(planned(s), func(slot PlannedSlot) bool { return slot.Start.In(zone).Format(time.DateOnly) > last })
}

// firstDropWins uses the first drop listed, not the earliest.
func firstDropWins(s situation) []PlannedSlot {
	all, zone := planned(s), s.zone()
	for i, slot := range all {
		date := slot.Start.In(zone).Format(time.DateOnly)
		if n := slices.IndexFunc(s.Drops, func(d Drop) bool { return d.From <= date && date <= d.To }); n >= 0 {
			all[i].OpensAt = s.Drops[n].OpensAt
		}
	}
	return all
}
