package zone

import (
	"testing"
	"time"
)

func TestFindsTheFirstInstantAtWhichAClockShowsATime(t *testing.T) {
	for name, c := range map[string]struct {
		zone, wall, want string
		shown            bool
	}{
		"a time on a usual day":                         {"Asia/Seoul", "2026-11-02T10:00", "2026-11-02T01:00:00Z", true},
		"a time that a clock change skips":              {"America/New_York", "2026-03-08T02:30", "2026-03-08T07:00:00Z", false},
		"the end of the skipped hour":                   {"America/New_York", "2026-03-08T03:00", "2026-03-08T07:00:00Z", true},
		"a time that occurs twice":                      {"America/New_York", "2026-11-01T01:30", "2026-11-01T05:30:00Z", true},
		"a time that occurs twice, 30 minutes apart":    {"Australia/Lord_Howe", "2026-04-05T01:45", "2026-04-04T14:45:00Z", true},
		"a time that a change of 30 minutes skips":      {"Australia/Lord_Howe", "2026-10-04T02:10", "2026-10-03T15:30:00Z", false},
		"a time on a day that a zone left out entirely": {"Pacific/Apia", "2011-12-30T09:00", "2011-12-30T10:00:00Z", false},
	} {
		t.Run(name, func(t *testing.T) {
			loc, err := Load(c.zone)
			if err != nil {
				t.Fatal(err)
			}
			wall, err := time.Parse("2006-01-02T15:04", c.wall)
			if err != nil {
				t.Fatal(err)
			}
			if at, shown := Reach(wall, loc); at.UTC().Format(time.RFC3339) != c.want || shown != c.shown {
				t.Errorf("%s, shown %t; want %s, %t", at.UTC().Format(time.RFC3339), shown, c.want, c.shown)
			}
		})
	}
}
