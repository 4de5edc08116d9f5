package main

import (
	"context"
	"time"
)

// campaign is one row of the report.
type campaign struct {
	name, control string
	run           func(ctx context.Context) (row, []string, error)
}

// result is what a campaign has found.
type result struct {
	row
	violations []string
}

func (c campaign) result(ctx context.Context) (result, error) {
	r, findings, err := c.run(ctx)
	r.Campaign, r.Control = c.name, c.control
	return result{r, r.violations(findings)}, err
}

// plan lists the campaigns, each before its control.
func plan(sys *system, s settings, progress func(string, ...any)) []campaign {
	size := func(full, short int) int {
		if s.short {
			return short
		}
		return full
	}
	deliver := func(c *delivery) func(context.Context) (row, []string, error) {
		c.sys, c.progress = sys, progress
		return func(ctx context.Context) (row, []string, error) { return c.run(ctx, s.seed) }
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
		{"delivery", "", deliver(&delivery{
			database: "delivery", incidents: size(1000, 50), kills: size(2, 1),
			period: seconds(size(180, 40)), pause: seconds(size(15, 4)), calmAfter: seconds(size(60, 5)),
		})},
		{"delivery", "without the search of the channel", deliver(&delivery{
			database: "delivery_blind", incidents: size(100, 40), without: "find",
			period: seconds(size(15, 5)), pause: seconds(4), calmAfter: seconds(20),
		})},
		{"failover", "", func(ctx context.Context) (row, []string, error) {
			return failover(ctx, sys, s.seed, size(5, 1), size(20, 2), progress)
		}},
		{"failover, stopped before a step", "", stop("steps", size(12, 3), "")},
		{"failover, stopped before a step", "without fencing and the check of the clock", stop("steps_unfenced", size(12, 3), "fence")},
		{"inbound", "", ask("inbound", size(10000, 500), "")},
		{"inbound", "without a shared memory of requests", ask("inbound_forgetful", size(1000, 200), "replays")},
	}
}

func seconds(n int) time.Duration { return time.Duration(n) * time.Second }
