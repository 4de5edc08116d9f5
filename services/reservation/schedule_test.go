package reservation

import (
	"slices"
	"testing"
	"time"

	"jari.example/services/internal/fault"
)

func at(t *testing.T, s string) time.Time {
	t.Helper()
	v, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// nightly seats people every half hour of every night.
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

func TestStarts(t *testing.T) {
	for name, c := range map[string]struct {
		s    Schedule
		now  string
		want []string
	}{
		"the last seating starts before closing time": {
			nightly("Asia/Seoul", "18:00", "19:00"), "2026-11-22T00:00:00+09:00",
			[]string{"2026-11-22T18:00:00+09:00", "2026-11-22T18:30:00+09:00", "2026-11-23T18:00:00+09:00", "2026-11-23T18:30:00+09:00"},
		},
		"a seating that has begun is not made": {
			nightly("Asia/Seoul", "18:00", "19:00"), "2026-11-22T18:00:00+09:00",
			[]string{"2026-11-22T18:30:00+09:00", "2026-11-23T18:00:00+09:00", "2026-11-23T18:30:00+09:00"},
		},
		"today is the restaurant's day, not UTC's": {
			nightly("Asia/Seoul", "08:00", "08:30"), "2026-11-21T23:30:00Z",
			[]string{"2026-11-23T08:00:00+09:00"},
		},
		"in New York 02:30 is skipped in March": {
			nightly("America/New_York", "01:30", "03:30"), "2027-03-14T00:00:00-05:00",
			[]string{
				"2027-03-14T01:30:00-05:00", "2027-03-14T03:00:00-04:00",
				"2027-03-15T01:30:00-04:00", "2027-03-15T02:00:00-04:00", "2027-03-15T02:30:00-04:00", "2027-03-15T03:00:00-04:00",
			},
		},
		"in New York 01:30 comes once in November though the clock shows it twice": {
			nightly("America/New_York", "01:30", "02:30"), "2026-11-01T00:00:00-04:00",
			[]string{
				"2026-11-01T01:30:00-04:00", "2026-11-01T02:00:00-05:00",
				"2026-11-02T01:30:00-05:00", "2026-11-02T02:00:00-05:00",
			},
		},
		"Lord Howe moves by half an hour": {
			nightly("Australia/Lord_Howe", "01:30", "02:30"), "2026-10-04T00:00:00+10:30",
			[]string{
				"2026-10-04T01:30:00+10:30", // 02:00 is skipped
				"2026-10-05T01:30:00+11:00", "2026-10-05T02:00:00+11:00",
			},
		},
		"two stretches that overlap yield each instant once": {
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
			if got := c.s.Starts(at(t, c.now)); !slices.EqualFunc(got, want, time.Time.Equal) {
				t.Fatalf("got  %v\nwant %v", got, want)
			}
		})
	}
}

func TestScheduleValidate(t *testing.T) {
	for pointer, spoil := range map[string]func(*Schedule){
		"":                  func(*Schedule) {},
		"/time_zone":        func(s *Schedule) { s.TimeZone = "Local" },
		"/weekly":           func(s *Schedule) { s.Weekly = make([]Opening, 22) },
		"/weekly/1/day":     func(s *Schedule) { s.Weekly[1].Day = "monday" },
		"/weekly/0/opens":   func(s *Schedule) { s.Weekly[0].Opens = "24:00" },
		"/weekly/2/closes":  func(s *Schedule) { s.Weekly[2].Closes = "17:00" },
		"/interval_minutes": func(s *Schedule) { s.IntervalMinutes = 14 },
		"/covers":           func(s *Schedule) { s.Covers = -1 },
		"/party/min":        func(s *Schedule) { s.Party.Min = 0 },
		"/party/max":        func(s *Schedule) { s.Party.Min, s.Party.Max = 4, 3 },
		"/days_ahead":       func(s *Schedule) { s.DaysAhead = 91 },
	} {
		t.Run(pointer, func(t *testing.T) {
			s := nightly("Asia/Seoul", "18:00", "21:00")
			spoil(&s)
			got := ""
			if err := fault.Of(s.Validate()); err != nil {
				got = err.Pointer
			}
			if got != pointer {
				t.Fatalf("points at %q, want %q", got, pointer)
			}
		})
	}
}
