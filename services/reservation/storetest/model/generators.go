package model

import (
	"slices"
	"time"

	"pgregory.net/rapid"

	"jari.example/services/reservation/schedule"
)

// WaitlistScenarios have few covers and many diners who want them, so most of
// what happens concerns the order of the waitlist.
var WaitlistScenarios = scenarios(25, 60, weighted(map[Op]int{
	Book: 16, Join: 24, Cancel: 14, Move: 14, Accept: 3, Decline: 6, Leave: 4, ExpireOffers: 16, PassMinutes: 16,
	Seat: 2, NoShow: 8, Undo: 6, Enter: 3, EditSchedule: 1, CloseDay: 1, ReopenDay: 2, Replay: 3, ReuseKey: 3, GenerateSlots: 2,
}), rapid.Custom(scarceSchedule))

// ScheduleScenarios edit the schedule often, with reservations in between.
var ScheduleScenarios = scenarios(5, 25, weighted(map[Op]int{
	Book: 10, Join: 3, Cancel: 3, Move: 3, Accept: 1, ExpireOffers: 1, PassMinutes: 3, PassHours: 3,
	Enter: 3, EditSchedule: 8, ResendSchedule: 2, GenerateSlots: 4, CloseDay: 3, ReopenDay: 3,
}), rapid.Custom(variedSchedule))

var weekdays = []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}

// scarceSchedule has few slots a day, with few covers each.
func scarceSchedule(t *rapid.T) schedule.Schedule {
	s := schedule.Schedule{
		TimeZone: "Asia/Seoul", IntervalMinutes: 60, DiningMinutes: 90, DaysAhead: 1,
		Covers:              rapid.SampledFrom([]int{5, 4, 6, 3, 7, 2, 0}).Draw(t, "covers"),
		CancelCutoffMinutes: rapid.SampledFrom([]int{120, 120, 120, 0, 60, 240}).Draw(t, "cut-off"),
		Party:               schedule.PartySize{Min: 1, Max: rapid.SampledFrom([]int{4, 4, 4, 4, 4, 2}).Draw(t, "largest party")},
	}
	for _, day := range weekdays {
		s.Weekly = append(s.Weekly, schedule.Opening{Day: day, Hours: schedule.Hours{Opens: "12:00", Closes: "14:00"}})
	}
	return s
}

// variedSchedule uses everything that a schedule can state: weekly hours,
// exceptions and drops.
func variedSchedule(t *rapid.T) schedule.Schedule {
	s := schedule.Schedule{
		TimeZone: uniform("Asia/Seoul", "Asia/Seoul", "Asia/Seoul", "Asia/Seoul", "America/New_York").Draw(t, "zone"),
		Party:    schedule.PartySize{Min: 1, Max: 6}, CancelCutoffMinutes: 60,
		IntervalMinutes: rapid.SampledFrom([]int{60, 90, 120}).Draw(t, "interval"),
		DiningMinutes:   rapid.SampledFrom([]int{60, 90}).Draw(t, "dining"),
		Covers:          rapid.IntRange(0, 9).Draw(t, "covers"),
		DaysAhead:       rapid.IntRange(1, 4).Draw(t, "days ahead"),
	}
	hours := rapid.SampledFrom([]schedule.Hours{
		{Opens: "12:00", Closes: "15:00"}, {Opens: "12:30", Closes: "14:00"},
		{Opens: "18:00", Closes: "22:00"}, {Opens: "00:00", Closes: "24:00"},
	})
	for _, day := range weekdays {
		if rapid.IntRange(0, 3).Draw(t, "open") > 0 {
			s.Weekly = append(s.Weekly, schedule.Opening{Day: day, Hours: hours.Draw(t, "hours")})
		}
	}
	date := rapid.Map(rapid.IntRange(0, 6), func(n int) string { return firstSeating.AddDate(0, 0, n).Format(time.DateOnly) })
	for range rapid.IntRange(0, 2).Draw(t, "exceptions") {
		e := schedule.Exception{Date: date.Draw(t, "date"), Covers: rapid.Ptr(rapid.IntRange(0, 9), true).Draw(t, "covers")}
		if rapid.Bool().Draw(t, "open") {
			e.Openings = append(e.Openings, hours.Draw(t, "hours"))
		}
		if !slices.ContainsFunc(s.Exceptions, func(o schedule.Exception) bool { return o.Date == e.Date }) {
			s.Exceptions = append(s.Exceptions, e)
		}
	}
	if rapid.IntRange(0, 2).Draw(t, "drop") == 0 {
		day := date.Draw(t, "drop from")
		s.Drops = append(s.Drops, schedule.Drop{
			From: day, To: day, OpensAt: firstSeating.Add(time.Duration(rapid.IntRange(-3, 9).Draw(t, "opens")) * time.Hour),
		})
	}
	return s
}

// scenarios generates scenarios of minSteps to maxSteps steps.
func scenarios(minSteps, maxSteps int, ops *rapid.Generator[Op], schedules *rapid.Generator[schedule.Schedule]) *rapid.Generator[Scenario] {
	steps := rapid.Custom(func(t *rapid.T) Step {
		s := Step{
			Op:     ops.Draw(t, "op"),
			Choice: rapid.IntRange(0, 1000).Draw(t, "choice"),
			Slot:   uniform(0, 0, 0, 0, 0, 1, 0, 1, 2, 3, 4, 5).Draw(t, "slot"),
			Party:  uniform(2, 1, 3, 4, 2, 1, 3, 2, 1, 5).Draw(t, "party"),
			Unlikely: uniform(19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0).
				Draw(t, "unlikely") == 0,
		}
		if s.Op == EditSchedule {
			s.Schedule = schedules.Draw(t, "schedule")
		}
		return s
	})
	return rapid.Custom(func(t *rapid.T) Scenario {
		s := Scenario{
			Begin:    rapid.SampledFrom([]int{600, 300, 150, 125, 10}).Draw(t, "begin"),
			Schedule: schedules.Draw(t, "schedule"),
		}
		s.Schedule.Covers = rapid.IntRange(3, 6).Draw(t, "covers at first")
		s.Steps = rapid.SliceOfN(steps, minSteps, maxSteps).Draw(t, "steps")
		return s
	})
}

// weighted draws each operation as often as its weight says.
func weighted(weights map[Op]int) *rapid.Generator[Op] {
	var all []Op
	for op, weight := range weights {
		all = append(all, slices.Repeat([]Op{op}, weight)...)
	}
	slices.Sort(all)
	return uniform(all...)
}

// uniform draws each value equally often. rapid.SampledFrom prefers the first
// and the last values, of which a scenario of many steps would have too many.
func uniform[T any](values ...T) *rapid.Generator[T] {
	return rapid.Map(rapid.Uint64(), func(n uint64) T { return values[(n*0x9E3779B97F4A7C15>>32)%uint64(len(values))] })
}
