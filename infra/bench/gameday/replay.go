package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// alertTimeScale is that of `make up`: a minute of the objectives is a second.
const alertTimeScale = 60

// tick is the time between two evaluations of alertingd.
func (g *game) tick() time.Duration { return max(10*time.Second/time.Duration(g.scale), 2*time.Second) }

// replayed is an incident of a replay.
type replayed struct {
	Rule       string    `json:"rule"`
	OpenedAt   time.Time `json:"opened_at"`
	ResolvedAt time.Time `json:"resolved_at"`
}

// replay evaluates everything that alertingd has counted since its start at the end of a second, as
// if telemetry took no time. A rule near its threshold fires in one second and not in the next, and
// alertingd looks once in a tick. So there is a replay for each second of a tick in which it may
// look. The rules are those of the clone, whatever rules the daemon has.
func (g *game) replay(ctx context.Context) (all [][]replayed, err error) {
	database, err := g.DatabaseURL("jari_alerting")
	if err != nil {
		return nil, err
	}
	bucket := time.Minute / time.Duration(g.scale)
	phases := max(1, int(g.tick()/bucket))
	for phase := range phases {
		from := g.Started.Add(time.Duration(phase) * bucket)
		out, err := g.Command(ctx, g.Bin("alertingd"), "replay", "-json", "-database-url", database,
			"-time-scale", strconv.Itoa(g.scale), "-every", strconv.Itoa(phases), "-from", from.UTC().Format(time.RFC3339), "-slo-dir", g.rules)
		if err != nil {
			return nil, err
		}
		var report struct{ Incidents []replayed }
		if err := json.Unmarshal(out, &report); err != nil {
			return nil, fmt.Errorf("the output of alertingd replay: %w", err)
		}
		all = append(all, report.Incidents)
	}
	return all, nil
}

// times are what the replays say of the incident of a round.
type times struct {
	opened, resolved time.Time // the latest of the replays; resolved is zero if one of them leaves it open
	resolvedFirst    time.Time // the first of the replays; zero if all leave it open
}

// earliest are the first times at which the rule of the round could fire and resolve, whenever in a
// tick alertingd looks. ok is false if one of the replays has no such incident.
func (r *round) earliest(all [][]replayed) (by times, ok bool) {
	if !r.counted.IsZero() {
		return times{opened: r.counted}, true
	}
	open := false
	for _, incidents := range all {
		i := slices.IndexFunc(incidents, func(i replayed) bool { return i.Rule == r.Rule && !i.OpenedAt.Before(r.began) })
		if i < 0 {
			return times{}, false
		}
		resolved := incidents[i].ResolvedAt
		by.opened, by.resolved = later(by.opened, incidents[i].OpenedAt), later(by.resolved, resolved)
		if open = open || resolved.IsZero(); !resolved.IsZero() && (by.resolvedFirst.IsZero() || resolved.Before(by.resolvedFirst)) {
			by.resolvedFirst = resolved
		}
	}
	if open {
		by.resolved = time.Time{}
	}
	return by, len(all) > 0
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
