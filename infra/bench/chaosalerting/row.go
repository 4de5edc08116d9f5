package main

import (
	"fmt"
	"strings"

	"jari.example/infra/bench"
)

// row is one campaign, or its control.
type row struct {
	Campaign   string   `json:"campaign"`
	Incidents  int      `json:"incidents"`
	Lost       int      `json:"lost"`
	Duplicates int      `json:"duplicates"`
	Early      int      `json:"early_requests"`
	Failover   *float64 `json:"failover_p95_s"`
	// Control is what the system was run without; "" for the campaign itself.
	Control  string `json:"control"`
	Requests int    `json:"requests"`
	Limited  int    `json:"limited"` // responses with 429
	Kills    int    `json:"kills"`
	Stops    int    `json:"stops"`
	Accepted int    `json:"wrongly_accepted"`
}

// failoverGoal is how long failover may take, in seconds.
const failoverGoal = 10

// violations are what of the row must not be, with the findings behind it. A control
// must have duplicates: else the campaign proves nothing.
func (r row) violations(findings []string) (all []string) {
	if r.Control != "" {
		if r.Duplicates == 0 {
			all = append(all, fmt.Sprintf("%s %s: the control has found no duplicates", r.Campaign, r.Control))
		}
		return all
	}
	for what, n := range map[string]int{
		"lost": r.Lost, "duplicates": r.Duplicates, "early requests": r.Early, "wrongly accepted": r.Accepted,
	} {
		if n > 0 {
			all = append(all, fmt.Sprintf("%s: %d %s", r.Campaign, n, what))
		}
	}
	if r.Failover != nil && *r.Failover > failoverGoal {
		all = append(all, fmt.Sprintf("%s: the 95th percentile of failover is %.1f s, above %d s", r.Campaign, *r.Failover, failoverGoal))
	}
	if len(all) > 0 {
		all = append(all, findings...)
	}
	return all
}

func chart(rows []row) bench.Chart {
	var names []string
	var lost, duplicates []float64
	for _, r := range rows {
		name := strings.NewReplacer(", ", "\n", " before", "\nbefore").Replace(r.Campaign) // else neighbours overlap
		if r.Control != "" {
			name += "\n(control)"
		}
		names = append(names, name)
		lost, duplicates = append(lost, float64(r.Lost)), append(duplicates, float64(r.Duplicates))
	}
	return bench.Chart{Title: "Alerting under faults", Panels: []bench.Panel{{
		Title: "messages, notes and requests (each control must have duplicates)", Categories: names,
		Series: []bench.Series{{Name: "lost", Values: lost}, {Name: "duplicates", Values: duplicates}},
	}}}
}

// plus adds what was counted in another part of the same campaign.
func (r row) plus(o row) row {
	r.Incidents, r.Lost, r.Duplicates, r.Early = r.Incidents+o.Incidents, r.Lost+o.Lost, r.Duplicates+o.Duplicates, r.Early+o.Early
	r.Requests, r.Limited, r.Kills, r.Stops = r.Requests+o.Requests, r.Limited+o.Limited, r.Kills+o.Kills, r.Stops+o.Stops
	r.Accepted += o.Accepted
	return r
}
