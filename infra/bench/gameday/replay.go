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

// replay evaluates everything that alertingd has counted since its start, each second at its
// end, as if telemetry took no time: no daemon can open or resolve an incident earlier.
// The rules are those of the clone, whatever rules the daemon has.
func (g *game) replay(ctx context.Context) ([]replayed, error) {
	database, err := g.DatabaseURL("jari_alerting")
	if err != nil {
		return nil, err
	}
	out, err := g.Command(ctx, g.Bin("alertingd"), "replay", "-json", "-database-url", database,
		"-time-scale", strconv.Itoa(g.scale), "-from", g.Started.UTC().Format(time.RFC3339), "-slo-dir", g.rules)
	if err != nil {
		return nil, err
	}
	var report struct{ Incidents []replayed }
	if err := json.Unmarshal(out, &report); err != nil {
		return nil, fmt.Errorf("the output of alertingd replay: %w", err)
	}
	return report.Incidents, nil
}

// earliest are the first times at which the rule of the round could fire and resolve.
func (r *round) earliest(all []replayed) (opened, resolved time.Time, ok bool) {
	if !r.counted.IsZero() {
		return r.counted, resolved, true
	}
	i := slices.IndexFunc(all, func(i replayed) bool { return i.Rule == r.Rule && !i.OpenedAt.Before(r.began) })
	if i < 0 {
		return opened, resolved, false
	}
	return all[i].OpenedAt, all[i].ResolvedAt, true
}
