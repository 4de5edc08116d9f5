package main

import (
	"fmt"
	"math"
	"strings"
	"time"

	"jari.example/infra/bench"
)

// row is one alert of docs/bench/gameday.json. Times are seconds: Earliest and Detected
// since the fault began, Resolved since it ended.
type row struct {
	Alert           string   `json:"alert"`
	Fault           string   `json:"fault"`
	Earliest        *float64 `json:"earliest_s"` // at which the rule could fire, by replays of what was counted
	Detected        *float64 `json:"detected_s"` // Slack took the message
	Overhead        *float64 `json:"overhead_s"` // Detected - Earliest
	Allowed         *float64 `json:"allowed_s"`  // the measured lag of the pipeline, and two ticks
	Named           bool     `json:"named"`      // the message names the injected cause
	Fired           string   `json:"fired"`      // of a pair of unknown faults: how many of their alerts have, each with its cause
	OnlyTitle       bool     `json:"only_title"` // and that by its title: the rule itself is about the cause
	Traced          *bool    `json:"traced"`     // an example trace has the fault; null for an alert without traces
	Steps           int      `json:"steps"`      // of the runbook, all of which ran
	Cause           bool     `json:"cause"`      // the runbook names it
	Resolved        *float64 `json:"resolved_s"`
	ResolveOverhead *float64 `json:"resolve_overhead_s"` // after the earliest time by the replays
	ResolveAllowed  *float64 `json:"resolve_allowed_s"`  // as allowed_s, with the longest lag until then
	Problems        string   `json:"problems"`
}

// postTime is how long Slack may take to take a message.
const postTime = time.Second

func (r *round) row(all [][]replayed) row {
	out := row{
		Alert: r.name(), Fault: r.how(), Allowed: seconds(r.allowed), Fired: r.fired,
		Named: r.named, OnlyTitle: r.named && r.title != "" && r.onlyTitle(r.title), Steps: r.steps, Cause: r.caused,
	}
	if r.compares() {
		out.Traced = &r.traced
	}
	if r.unknown {
		out.Allowed, out.Problems = nil, strings.Join(r.problems, "; ")
		return out
	}
	by, known := r.earliest(all)
	opened := by.opened
	if known {
		if r.For > 0 && opened.Before(r.ended) {
			opened = r.ended
		}
		out.Earliest = seconds(opened.Sub(r.began))
	}
	if !r.detected.IsZero() {
		out.Detected = seconds(r.detected.Sub(r.began))
		switch {
		case !known:
			r.problem("the replay has no such incident")
		default:
			out.Overhead = seconds(r.detected.Sub(opened))
			if r.detected.Sub(opened) > r.allowed {
				r.problem("late: %.1f s after the earliest time, allowed are %.1f s", *out.Overhead, *out.Allowed)
			}
			if early := opened.Sub(r.detected); r.For == 0 && early > r.allowed {
				r.problem("%.1f s before the earliest time: the replay and alertingd do not count alike", early.Seconds())
			}
		}
	}
	if !r.resolved.IsZero() {
		out.Resolved = seconds(r.resolved.Sub(r.ended))
		if known {
			r.end(&out, by)
		}
	}
	out.Problems = strings.Join(r.problems, "; ")
	return out
}

// end compares the end of the incident with the replays.
func (r *round) end(out *row, by times) {
	if by.resolved.IsZero() {
		r.problem("the replay does not resolve it")
		return
	}
	allowed := r.allowed + max(0, r.endLag-r.lag)
	out.ResolveOverhead, out.ResolveAllowed = seconds(r.resolved.Sub(by.resolved)), seconds(allowed)
	if r.resolved.Sub(by.resolved) > allowed {
		r.problem("resolved late: %.1f s after the earliest time, allowed are %.1f s", *out.ResolveOverhead, *out.ResolveAllowed)
	}
	if early := by.resolvedFirst.Sub(r.resolved); early > allowed {
		r.problem("resolved %.1f s before each of the replays: they and alertingd do not count alike", early.Seconds())
	}
}

// goals are what every alert promises.
func goals(rows []row) (all []bench.Goal) {
	proven := 0
	for _, r := range rows {
		if r.Problems == "" {
			proven++
		}
	}
	return []bench.Goal{{
		What: "alerts that are proven", Want: fmt.Sprintf("%d of %[1]d", len(rows)), Got: fmt.Sprintf("%d of %d", proven, len(rows)),
		Met: proven == len(rows), Required: true,
	}}
}

// chart shows when each alert could be known, was known and was over. Unknown faults and the
// calm have no such times.
func chart(rows []row) bench.Chart {
	earliest, detected, resolved := bench.Series{Name: "earliest"}, bench.Series{Name: "detected"}, bench.Series{Name: "resolved"}
	var alerts []string
	value := func(s *float64) float64 {
		if s == nil {
			return math.NaN()
		}
		return *s
	}
	for _, r := range rows {
		if r.Detected == nil {
			continue
		}
		alerts = append(alerts, r.Alert)
		earliest.Values = append(earliest.Values, value(r.Earliest))
		detected.Values = append(detected.Values, value(r.Detected))
		resolved.Values = append(resolved.Values, value(r.Resolved))
	}
	return bench.Chart{Title: "Every alert, by its fault", Panels: []bench.Panel{
		{Title: "seconds after the fault began", Log: true, Categories: alerts, Series: []bench.Series{earliest, detected}},
		{Title: "seconds after the fault ended", Log: true, Separate: true, Categories: alerts, Series: []bench.Series{resolved}},
	}}
}
