package main

import "context"

// campaign is one row of the report.
type campaign struct {
	name, control string
	run           func(ctx context.Context) (row, []string, error)
}

// plan lists the campaigns, each before its control.
func plan(sys *system, s settings, progress func(string, ...any)) []campaign {
	size := func(full, short int) int {
		if s.short {
			return short
		}
		return full
	}
	deliver := func(database string, incidents, kills int, without string) func(context.Context) (row, []string, error) {
		return func(ctx context.Context) (row, []string, error) {
			c := &delivery{sys: sys, database: database, incidents: incidents, kills: kills, without: without, progress: progress}
			return c.run(ctx, s.seed)
		}
	}
	return []campaign{
		{"delivery", "", deliver("delivery", size(1000, 50), size(2, 1), "")},
		{"delivery", "without the search of the channel", deliver("delivery_blind", size(100, 20), 0, "find")},
	}
}
