package slotest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"jari.example/alerting/replay"
	"jari.example/alerting/slo"
)

// appliesTo reports whether e is about the evaluation at the time since the start.
func (e Expectation) appliesTo(at time.Duration) bool {
	return time.Duration(e.At) == at || e.At == 0 && e.During.contains(at)
}

// check compares e with the last episode of its rule, nil without one, and with
// the number of its incidents. It returns what differs.
func (e Expectation) check(last *replay.Episode, incidents int) string {
	var all []string
	differs := func(what string, want, got any) {
		all = append(all, fmt.Sprintf("expected %s %v, found %v", what, want, got))
	}
	if state := stateOf(last); e.State != "" && e.State != state {
		differs("state", e.State, state)
	}
	if e.Incidents != nil && *e.Incidents != incidents {
		differs("incidents", *e.Incidents, incidents)
	}
	if last == nil || !last.Open() {
		last = &replay.Episode{}
	}
	if e.Subjects != nil && !sameNames(e.Subjects, last.Subjects) {
		differs("subjects", e.Subjects, last.Subjects)
	}
	if e.AlsoAffected != nil && !sameNames(e.AlsoAffected, last.AlsoAffected) {
		differs("alsoAffected", e.AlsoAffected, last.AlsoAffected)
	}
	return strings.Join(all, "; ")
}

func stateOf(last *replay.Episode) State {
	switch {
	case last == nil:
		return None
	case !last.Open():
		return Resolved
	case last.Severity == slo.Page:
		return Page
	}
	return Ticket
}

func sameNames(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}

// whatHappened describes every incident of a test in one line.
func whatHappened(episodes []*replay.Episode) (lines []string) {
	if len(episodes) == 0 {
		return []string{"    no incident was opened"}
	}
	for _, e := range episodes {
		line := fmt.Sprintf("    %s: opened at %s", e.Rule, since(e.OpenedAt))
		if !e.PagedAt.IsZero() {
			line += ", page at " + since(e.PagedAt)
		}
		if e.Reopened > 0 {
			line += fmt.Sprintf(", reopened %d times", e.Reopened)
		}
		switch {
		case !e.Open():
			line += ", resolved at " + since(e.ResolvedAt)
		case e.Waiting:
			line += ", open: it waits for good events"
		default:
			line += ", open"
		}
		lines = append(lines, fmt.Sprintf("%s; %d of %d events were bad", line, e.Since.Bad, e.Since.Total()))
	}
	return lines
}

func since(at time.Time) string { return minutes(at.Sub(start)) }

// minutes is d as test files have it: 2h20m.
func minutes(d time.Duration) string {
	s := strings.TrimSuffix(d.String(), "0s")
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
