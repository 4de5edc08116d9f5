package schedule

import (
	"slices"
	"testing"
	"time"

	"jari.example/internal/fault"
)

func at(t *testing.T, s string) time.Time {
	t.Helper()
	v, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// nightly has seatings every half hour of every night.
func nightly(zone, opens, closes string) Schedule {
	s := Schedule{
		TimeZone: zone, IntervalMinutes: 30, DiningMinutes: 90, Covers: 10,
		Party: PartySize{Min: 1, Max: 4}, DaysAhead: 1, CancelCutoffMinutes: 120,
	}
	for _, day := range weekdays {
		s.Weekly = append(s.Weekly, Opening{Day: day, Hours: Hours{Opens: opens, Closes: closes}})
	}
	return s
}

func TestSlotStartsFollowTheWallClock(t *testing.T) {
	for name, c := range map[string]struct {
		s    Schedule
		now  string
		want []string
	}{
		"the last seating starts before closing time": {
			nightly("Asia/Seoul", "18:00", "19:00"), "2026-11-22T00:00:00+09:00",
			[]string{"2026-11-22T18:00:00+09:00", "2026-11-22T18:30:00+09:00", "2026-11-23T18:00:00+09:00", "2026-11-23T18:30:00+09:00"},
		},
		"a seating that has begun is left out": {
			nightly("Asia/Seoul", "18:00", "19:00"), "2026-11-22T18:00:00+09:00",
			[]string{"2026-11-22T18:30:00+09:00", "2026-11-23T18:00:00+09:00", "2026-11-23T18:30:00+09:00"},
		},
		"today is the restaurant's day, not UTC's": {
			nightly("Asia/Seoul", "08:00", "08:30"), "2026-11-21T23:30:00Z",
			[]string{"2026-11-23T08:00:00+09:00"},
		},
		"02:30 is skipped in New York in March": {
			nightly("America/New_York", "01:30", "03:30"), "2027-03-14T00:00:00-05:00",
			[]string{
				"2027-03-14T01:30:00-05:00", "2027-03-14T03:00:00-04:00",
				"2027-03-15T01:30:00-04:00", "2027-03-15T02:00:00-04:00", "2027-03-15T02:30:00-04:00", "2027-03-15T03:00:00-04:00",
			},
		},
		"01:30 in New York in November is one slot though the clock shows it twice": {
			nightly("America/New_York", "01:30", "02:30"), "2026-11-01T00:00:00-04:00",
			[]string{
				"2026-11-01T01:30:00-04:00", "2026-11-01T02:00:00-05:00",
				"2026-11-02T01:30:00-05:00", "2026-11-02T02:00:00-05:00",
			},
		},
		"the clock of Lord Howe changes by half an hour": {
			nightly("Australia/Lord_Howe", "01:30", "02:30"), "2026-10-04T00:00:00+10:30",
			[]string{
				"2026-10-04T01:30:00+10:30", // 02:00 is skipped
				"2026-10-05T01:30:00+11:00", "2026-10-05T02:00:00+11:00",
			},
		},
		"the clock of Seoul does not change": {
			nightly("Asia/Seoul", "01:30", "03:30"), "2027-03-14T00:00:00+09:00",
			[]string{
				"2027-03-14T01:30:00+09:00", "2027-03-14T02:00:00+09:00", "2027-03-14T02:30:00+09:00", "2027-03-14T03:00:00+09:00",
				"2027-03-15T01:30:00+09:00", "2027-03-15T02:00:00+09:00", "2027-03-15T02:30:00+09:00", "2027-03-15T03:00:00+09:00",
			},
		},
		"02:00 was skipped in Seoul in May 1987": {
			nightly("Asia/Seoul", "01:30", "03:30"), "1987-05-10T00:00:00+09:00",
			[]string{
				"1987-05-10T01:30:00+09:00", "1987-05-10T03:00:00+10:00",
				"1987-05-11T01:30:00+10:00", "1987-05-11T02:00:00+10:00", "1987-05-11T02:30:00+10:00", "1987-05-11T03:00:00+10:00",
			},
		},
		"02:30 in Seoul in October 1988 is one slot though the clock showed it twice": {
			nightly("Asia/Seoul", "02:00", "03:30"), "1988-10-09T00:00:00+10:00",
			[]string{
				"1988-10-09T02:00:00+10:00", "1988-10-09T02:30:00+10:00", "1988-10-09T03:00:00+09:00",
				"1988-10-10T02:00:00+09:00", "1988-10-10T02:30:00+09:00", "1988-10-10T03:00:00+09:00",
			},
		},
		"a Sunday in March begins at 01:00 in Havana": {
			nightly("America/Havana", "00:00", "01:30"), "2027-03-13T12:00:00-05:00",
			[]string{"2027-03-14T01:00:00-04:00"},
		},
		"the first hour of a Sunday in November is used once in Havana": {
			nightly("America/Havana", "00:00", "01:30"), "2026-10-31T12:00:00-04:00",
			[]string{"2026-11-01T00:00:00-04:00", "2026-11-01T00:30:00-04:00", "2026-11-01T01:00:00-05:00"},
		},
		"a past slot does not return when Beirut repeats the hour before midnight": {
			nightly("Asia/Beirut", "23:00", "24:00"), "2026-10-24T23:10:00+03:00",
			[]string{"2026-10-24T23:30:00+03:00", "2026-10-25T23:00:00+02:00", "2026-10-25T23:30:00+02:00"},
		},
		"Apia had no 30 December 2011": {
			nightly("Pacific/Apia", "18:00", "18:30"), "2011-12-29T00:00:00-10:00",
			[]string{"2011-12-29T18:00:00-10:00"},
		},
		"a day that began a minute before the clock went back, as in St. John's, is today": {
			nightly("America/St_Johns", "18:00", "18:30"), "2010-11-06T23:30:00-03:30",
			[]string{"2010-11-07T18:00:00-03:30", "2010-11-08T18:00:00-03:30"},
		},
		"an opening may end at midnight and the next day continue it": {
			func() Schedule {
				s := nightly("Asia/Seoul", "23:00", "24:00")
				s.Weekly = append(s.Weekly, Opening{Day: "mon", Hours: Hours{Opens: "00:00", Closes: "01:00"}})
				return s
			}(), "2026-11-22T23:00:00+09:00",
			[]string{
				"2026-11-22T23:30:00+09:00", "2026-11-23T00:00:00+09:00", "2026-11-23T00:30:00+09:00",
				"2026-11-23T23:00:00+09:00", "2026-11-23T23:30:00+09:00",
			},
		},
		"openings that overlap yield each instant once": {
			func() Schedule {
				s := nightly("Asia/Seoul", "18:00", "19:00")
				s.Weekly = append(s.Weekly, s.Weekly...)
				return s
			}(), "2026-11-22T00:00:00+09:00",
			[]string{"2026-11-22T18:00:00+09:00", "2026-11-22T18:30:00+09:00", "2026-11-23T18:00:00+09:00", "2026-11-23T18:30:00+09:00"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var want []time.Time
			for _, w := range c.want {
				want = append(want, at(t, w))
			}
			var got []time.Time
			for _, slot := range c.s.Slots(nil, at(t, c.now)) {
				got = append(got, slot.Start)
			}
			if !slices.EqualFunc(got, want, time.Time.Equal) {
				t.Fatalf("got  %v\nwant %v", got, want)
			}
		})
	}
}

func TestSlotsHaveTheCoversAndDropsOfTheirDay(t *testing.T) {
	six, none := 6, 0
	s := nightly("Asia/Seoul", "18:00", "18:30")
	s.DaysAhead = 5
	s.Exceptions = []Exception{
		{Date: "2026-11-23", Openings: []Hours{{"12:00", "12:30"}}, Covers: &six},
		{Date: "2026-11-24", Openings: []Hours{}},
		{Date: "2026-11-25", Openings: []Hours{{"18:00", "18:30"}}, Covers: &none},
		{Date: "2026-11-26", Openings: []Hours{{"20:00", "20:30"}}},
	}
	early, late := at(t, "2026-11-21T00:00:00Z"), at(t, "2026-12-01T00:00:00Z")
	s.Drops = []Drop{
		{From: "2026-12-24", To: "2026-12-25", OpensAt: late},
		{From: "2026-11-26", To: "2026-11-26", OpensAt: early},
		{From: "2026-12-25", To: "2026-12-25", OpensAt: early},
	}
	want := func(start string, covers int, opensAt time.Time) PlannedSlot {
		t := at(t, start).UTC()
		return PlannedSlot{
			Start: t, End: t.Add(90 * time.Minute), TimeZone: "Asia/Seoul", Party: s.Party,
			Covers: covers, OpensAt: opensAt, CancelUntil: t.Add(-2 * time.Hour),
		}
	}
	got := s.Slots(func(date string) bool { return date == "2026-11-22" }, at(t, "2026-11-22T00:00:00+09:00"))
	if wanted := []PlannedSlot{
		want("2026-11-23T12:00:00+09:00", 6, time.Time{}),
		want("2026-11-26T20:00:00+09:00", 10, early),
		want("2026-11-27T18:00:00+09:00", 10, time.Time{}),
		want("2026-12-24T18:00:00+09:00", 10, late),
		want("2026-12-25T18:00:00+09:00", 10, early),
	}; !slices.Equal(got, wanted) {
		t.Fatalf("got  %v\nwant %v", got, wanted)
	}
}

func TestDayBounds(t *testing.T) {
	for name, c := range map[string]struct{ date, zone, from, to string }{
		"an ordinary day":                      {"2026-11-22", "Asia/Seoul", "2026-11-21T15:00:00Z", "2026-11-22T15:00:00Z"},
		"a day of 23 hours":                    {"2027-03-14", "America/New_York", "2027-03-14T05:00:00Z", "2027-03-15T04:00:00Z"},
		"a day that begins at 01:00":           {"2027-03-14", "America/Havana", "2027-03-14T05:00:00Z", "2027-03-15T04:00:00Z"},
		"a day that was skipped":               {"2011-12-30", "Pacific/Apia", "2011-12-30T10:00:00Z", "2011-12-30T10:00:00Z"},
		"a day whose last hour is shown twice": {"2026-10-24", "Asia/Beirut", "2026-10-23T21:00:00Z", "2026-10-24T22:00:00Z"},
		"the leap day":                         {"2028-02-29", "UTC", "2028-02-29T00:00:00Z", "2028-03-01T00:00:00Z"},
		"a day that does not exist":            {date: "2027-02-29", zone: "UTC"},
		"a date in another format":             {date: "2027-2-1", zone: "UTC"},
		"a year out of range":                  {date: "9999-01-01", zone: "UTC"},
		"a word":                               {date: "today", zone: "UTC"},
	} {
		t.Run(name, func(t *testing.T) {
			from, to, err := DayBounds(c.date, c.zone)
			switch {
			case c.from == "":
				if f := fault.Of(err); f == nil || f.Code != fault.Invalid || f.Pointer != "/date" {
					t.Fatalf("got %v", err)
				}
			case err != nil || !from.Equal(at(t, c.from)) || !to.Equal(at(t, c.to)):
				t.Fatalf("[%v, %v) %v", from, to, err)
			}
		})
	}
}

func TestValidatePointsAtTheFirstMistake(t *testing.T) {
	one, many := 1, 1001
	for name, c := range map[string]struct {
		pointer string
		change  func(*Schedule)
	}{
		"a valid schedule":        {"", func(*Schedule) {}},
		"cancel until the start":  {"", func(s *Schedule) { s.CancelCutoffMinutes = 0 }},
		"closes at midnight":      {"", func(s *Schedule) { s.Weekly[0].Closes = "24:00" }},
		"a leap day":              {"", func(s *Schedule) { s.Exceptions[0].Date = "2028-02-29" }},
		"a drop of 62 days":       {"", func(s *Schedule) { s.Drops[0].To = "2027-01-31" }},
		"a drop of one day":       {"", func(s *Schedule) { s.Drops[0].To = "2026-12-01" }},
		"opening during the drop": {"", func(s *Schedule) { s.Drops[0].OpensAt = day("2026-12-31").Add(14 * time.Hour) }},

		"the host's zone":          {"/time_zone", func(s *Schedule) { s.TimeZone = "Local" }},
		"an unknown zone":          {"/time_zone", func(s *Schedule) { s.TimeZone = "Asia/Atlantis" }},
		"a zone with leap seconds": {"/time_zone", func(s *Schedule) { s.TimeZone = "right/Asia/Seoul" }},
		"another name of a zone":   {"/time_zone", func(s *Schedule) { s.TimeZone = "US/Eastern" }},
		"the zone of no place":     {"/time_zone", func(s *Schedule) { s.TimeZone = "Factory" }},
		"a path as a zone":         {"/time_zone", func(s *Schedule) { s.TimeZone = "../etc/passwd" }},
		"no weekly":                {"/weekly", func(s *Schedule) { s.Weekly = nil }},
		"22 openings":              {"/weekly", func(s *Schedule) { s.Weekly = make([]Opening, 22) }},
		"an unabbreviated day":     {"/weekly/1/day", func(s *Schedule) { s.Weekly[1].Day = "monday" }},
		"opens at midnight":        {"/weekly/0/opens", func(s *Schedule) { s.Weekly[0].Opens = "24:00" }},
		"closes at 24:30":          {"/weekly/0/closes", func(s *Schedule) { s.Weekly[0].Closes = "24:30" }},
		"closes before":            {"/weekly/2/closes", func(s *Schedule) { s.Weekly[2].Closes = "17:00" }},
		"closes after midnight":    {"/weekly/2/closes", func(s *Schedule) { s.Weekly[2].Closes = "02:00" }},
		"interval too short":       {"/interval_minutes", func(s *Schedule) { s.IntervalMinutes = 14 }},
		"interval too long":        {"/interval_minutes", func(s *Schedule) { s.IntervalMinutes = 241 }},
		"dining too short":         {"/dining_minutes", func(s *Schedule) { s.DiningMinutes = 29 }},
		"dining too long":          {"/dining_minutes", func(s *Schedule) { s.DiningMinutes = 361 }},
		"covers below 0":           {"/covers", func(s *Schedule) { s.Covers = -1 }},
		"covers above the limit":   {"/covers", func(s *Schedule) { s.Covers = 1001 }},
		"party below 1":            {"/party/min", func(s *Schedule) { s.Party.Min = 0 }},
		"max below min":            {"/party/max", func(s *Schedule) { s.Party.Min, s.Party.Max = 4, 3 }},
		"0 days ahead":             {"/days_ahead", func(s *Schedule) { s.DaysAhead = 0 }},
		"91 days ahead":            {"/days_ahead", func(s *Schedule) { s.DaysAhead = 91 }},
		"cut-off below 0":          {"/cancel_cutoff_minutes", func(s *Schedule) { s.CancelCutoffMinutes = -1 }},
		"cut-off above a week":     {"/cancel_cutoff_minutes", func(s *Schedule) { s.CancelCutoffMinutes = 10081 }},

		"101 exceptions":              {"/exceptions", func(s *Schedule) { s.Exceptions = make([]Exception, 101) }},
		"an exception on 30 February": {"/exceptions/0/date", func(s *Schedule) { s.Exceptions[0].Date = "2027-02-30" }},
		"a malformed exception date":  {"/exceptions/1/date", func(s *Schedule) { s.Exceptions[1].Date = "25.12.2026" }},
		"two exceptions on a date":    {"/exceptions/1/date", func(s *Schedule) { s.Exceptions[1].Date = s.Exceptions[0].Date }},
		"no exception openings":       {"/exceptions/1/openings", func(s *Schedule) { s.Exceptions[1].Openings = nil }},
		"22 openings on a day":        {"/exceptions/1/openings", func(s *Schedule) { s.Exceptions[1].Openings = make([]Hours, 22) }},
		"a malformed exception time":  {"/exceptions/0/openings/0/opens", func(s *Schedule) { s.Exceptions[0].Openings[0].Opens = "noon" }},
		"closes before it opens":      {"/exceptions/0/openings/0/closes", func(s *Schedule) { s.Exceptions[0].Openings[0].Closes = "11:00" }},
		"exception covers too high":   {"/exceptions/0/covers", func(s *Schedule) { s.Exceptions[0].Covers = &many }},

		"13 drops":                      {"/drops", func(s *Schedule) { s.Drops = make([]Drop, 13) }},
		"a drop from 31 November":       {"/drops/0/from", func(s *Schedule) { s.Drops[0].From = "2026-11-31" }},
		"a drop without an end":         {"/drops/0/to", func(s *Schedule) { s.Drops[0].To = "" }},
		"a drop that ends before":       {"/drops/0/to", func(s *Schedule) { s.Drops[0].To = "2026-11-30" }},
		"a drop of 63 days":             {"/drops/0/to", func(s *Schedule) { s.Drops[0].To = "2027-02-01" }},
		"a drop that never opens":       {"/drops/0/opens_at", func(s *Schedule) { s.Drops[0].OpensAt = time.Time{} }},
		"opening after the drop":        {"/drops/0/opens_at", func(s *Schedule) { s.Drops[0].OpensAt = day("2026-12-31").Add(15 * time.Hour) }},
		"the first of several mistakes": {"/covers", func(s *Schedule) { s.Covers, s.DaysAhead, s.Drops = -1, 0, make([]Drop, 13) }},
	} {
		t.Run(name, func(t *testing.T) {
			s := nightly("Asia/Seoul", "18:00", "21:00")
			s.Exceptions = []Exception{
				{Date: "2026-12-24", Openings: []Hours{{"12:00", "15:00"}}, Covers: &one},
				{Date: "2026-12-25", Openings: []Hours{}},
			}
			s.Drops = []Drop{{From: "2026-12-01", To: "2026-12-31", OpensAt: day("2026-11-25")}}
			c.change(&s)
			got := ""
			if err := fault.Of(s.Validate()); err != nil {
				got = err.Pointer
			}
			if got != c.pointer {
				t.Fatalf("points at %q, want %q", got, c.pointer)
			}
		})
	}
}
