package names

import (
	"testing"
	"time"
)

func TestEndsReturnsTheEndOfAnIndex(t *testing.T) {
	daily, monthly := Index{Family: "logs-"}, Index{Family: "map-", Monthly: true}
	at := func(year int, month time.Month, day int) time.Time {
		return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
	}
	for name, test := range map[string]struct {
		family Index
		index  string
		want   time.Time // zero: not an index of the family
	}{
		"a day":             {daily, "logs-2026.11.22", at(2026, 11, 23)},
		"the end of a year": {daily, "logs-2026.12.31", at(2027, 1, 1)},
		"a leap day":        {daily, "logs-2028.02.29", at(2028, 3, 1)},
		"a month":           {monthly, "map-2026.12", at(2027, 1, 1)},

		"not a leap day":             {family: daily, index: "logs-2026.02.29"},
		"a month for a daily family": {family: daily, index: "logs-2026.11"},
		"a day for a monthly family": {family: monthly, index: "map-2026.11.22"},
		"one digit":                  {family: daily, index: "logs-2026.11.2"},
		"a suffix":                   {family: daily, index: "logs-2026.11.22-copy"},
		"a prefix":                   {family: daily, index: "t-logs-2026.11.22"},
		"another family":             {family: daily, index: "map-2026.11.22"},
		"the prefix only":            {family: daily, index: "logs-"},
		"a pattern":                  {family: daily, index: "logs-*"},
	} {
		end, ok := test.family.Ends(test.index)
		if ok == test.want.IsZero() || !end.Equal(test.want) {
			t.Errorf("%s: %s ends %v, %v, want %v", name, test.index, end, ok, test.want)
		}
	}
	for _, i := range Indices { // For must return an index of the family
		now := time.Date(2026, 11, 22, 23, 59, 59, 0, time.UTC)
		if end, ok := i.Ends(i.For(now)); !ok || !end.After(now) || i.Keep < 1 || i.Brief == "" {
			t.Errorf("%s: %s ends %v, %v; retention %d days", i.Name, i.For(now), end, ok, i.Keep)
		}
	}
}
