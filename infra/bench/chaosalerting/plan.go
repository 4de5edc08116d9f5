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
	stop := func(database string, rounds int, without string) func(context.Context) (row, []string, error) {
		return func(ctx context.Context) (row, []string, error) {
			return stoppedAtAStep(ctx, sys, database, s.seed, rounds, without, progress)
		}
	}
	ask := func(database string, requests int, without string) func(context.Context) (row, []string, error) {
		return func(ctx context.Context) (row, []string, error) {
			return inbound(ctx, sys, database, s.seed, requests, without)
		}
	}
	return []campaign{
		{"delivery", "", deliver("delivery", size(1000, 50), size(2, 1), "")},
		{"delivery", "without the search of the channel", deliver("delivery_blind", size(100, 20), 0, "find")},
		{"failover", "", func(ctx context.Context) (row, []string, error) {
			return failover(ctx, sys, s.seed, size(5, 1), size(20, 2), progress)
		}},
		{"failover, stopped before a step", "", stop("steps", size(12, 3), "")},
		{"failover, stopped before a step", "without fencing", stop("steps_unfenced", size(12, 3), "fence")},
		{"inbound", "", ask("inbound", size(10000, 500), "")},
		{"inbound", "without a shared memory of requests", ask("inbound_forgetful", size(1000, 200), "replays")},
	}
}
