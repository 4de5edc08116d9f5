package slack

import (
	"fmt"
	"strings"
	"time"

	"jari.example/alerting/incident"
	"jari.example/alerting/slo"
)

// summary is what follows the headline in a phone's notification.
func summary(i incident.Incident) string {
	f := i.Facts
	switch {
	case f.Alert == nil:
		return fmt.Sprintf("%s of %s failed", badPercent(f.SinceStart), f.EventLabel)
	case len(f.Alert.Fired) > 0 && f.Alert.Fired[0] != "":
		return strings.Join(f.Alert.Fired, ", ")
	}
	return "for " + f.Affected
}

// happens is what fails now.
func happens(i incident.Incident) string {
	f := i.Facts
	if f.Alert != nil {
		return fires(f)
	}
	recent, window := f.Short, f.Pair.Short
	if recent.Total() == 0 {
		recent, window = f.Long, f.Pair.Long
	}
	return fmt.Sprintf("*%s of %s fail* for %s: %d of %d in the last %s.",
		badPercent(recent), escape(f.EventLabel), escape(f.Affected), recent.Bad, recent.Total(), incident.Duration(window))
}

// fires is happens for a direct alert.
func fires(f incident.Facts) string {
	var all []string
	for _, s := range f.Alert.Firing {
		text := ""
		switch when := f.Alert.When; {
		case when.Absent && s.LastEvent.IsZero():
			text = "nothing in the last day"
		case when.Absent:
			text = "nothing since *" + clock(s.LastEvent) + "*"
		case when.Events > 0:
			text = fmt.Sprintf("*%d* in the last %s", s.Count.Bad, incident.Duration(when.Within))
		default:
			text = fmt.Sprintf("*%s bad*, %d of %d in the last %s", badPercent(s.Count), s.Count.Bad, s.Count.Total(), incident.Duration(when.Within))
		}
		if s.Name != "" {
			text = escape(s.Name) + ": " + text
		}
		all = append(all, text)
	}
	if len(all) == 0 {
		all = append(all, "nothing fires at present")
	}
	return "For " + escape(f.Affected) + ". " + strings.Join(all, "; ") + "."
}

// waits is why an incident is open although nothing fires.
func waits(i incident.Incident) string {
	f, e := i.Facts, *i.Facts.EndsAfter
	events := escape(f.EventLabel)
	if f.Alert != nil {
		events = "events"
	}
	if e.Seen == 0 {
		last := e.LastEvent
		if last.IsZero() {
			last = i.StartedAt
		}
		return fmt.Sprintf("*No %s since %s*, so it is not known whether it works for %s. It ends after %d good ones.",
			events, clock(last), escape(f.Affected), e.Needed)
	}
	return fmt.Sprintf("Calm at present: *%d good %s* since the last bad one at %s, the latest at %s. It ends after %d.",
		e.Seen, events, clock(f.LastBad), clock(e.LastEvent), e.Needed)
}

// since is what an open incident has done so far.
func since(i incident.Incident) string {
	f := i.Facts
	text := fmt.Sprintf("Since *%s* (%s)", clock(i.StartedAt), incident.Duration(i.UpdatedAt.Sub(i.StartedAt)))
	switch {
	case f.Alert == nil:
		text += fmt.Sprintf(": %d of %d failed", f.SinceStart.Bad, f.SinceStart.Total())
	case f.Alert.When.Events > 0:
		text += fmt.Sprintf(": %d", f.SinceStart.Bad)
	case !f.Alert.When.Absent:
		text += fmt.Sprintf(": %d of %d were bad", f.SinceStart.Bad, f.SinceStart.Total())
	}
	return text + inRegions(f.Regions) + "."
}

// lasted is what an incident did until its end.
func lasted(i incident.Incident) string {
	f := i.Facts
	text := fmt.Sprintf("Lasted from *%s* to *%s* (%s)", clock(i.StartedAt), clock(i.ResolvedAt), incident.Duration(i.ResolvedAt.Sub(i.StartedAt)))
	switch {
	case f.Alert == nil:
		text += fmt.Sprintf(": *%d of %d %s failed*", f.SinceStart.Bad, f.SinceStart.Total(), escape(f.EventLabel))
	case f.Alert.When.Events > 0:
		text += fmt.Sprintf(": *%d*", f.SinceStart.Bad)
	case !f.Alert.When.Absent:
		text += fmt.Sprintf(": *%d of %d* were bad", f.SinceStart.Bad, f.SinceStart.Total())
	}
	if f.Alert != nil && summary(i) != "for "+f.Affected {
		text += ", " + escape(summary(i)) + ","
	}
	return text + " for " + escape(f.Affected) + inRegions(f.Regions) + "."
}

func withdrawn(i incident.Incident) string {
	return fmt.Sprintf("The rule %s was withdrawn or renamed, so nobody measures it any more. *Whether the fault is over is not known.*",
		escape(i.Rule))
}

func inRegions(bad map[string]int64) string {
	if len(bad) == 0 {
		return ""
	}
	return ", in " + regionList(bad)
}

func renderBudget(i incident.Incident) string {
	f := i.Facts
	budget := "the error budget for " + incident.Duration(f.Window)
	known := ""
	if !f.BudgetKnown.IsZero() {
		known = fmt.Sprintf(" (budget known since %s; the time before counts as good)", f.BudgetKnown.UTC().Format("2 January 15:04 UTC"))
	}
	switch {
	case f.BudgetRemaining <= 0:
		return fmt.Sprintf("T%s is *exhausted* (exceeded by %s)%s.", budget[1:], percent(-f.BudgetRemaining), known)
	case !i.Open() || f.ExhaustedAt.IsZero():
		return fmt.Sprintf("*%s* of %s remains%s.", percent(f.BudgetRemaining), budget, known)
	}
	return fmt.Sprintf("*%s* of %s remains%s. At the burn rate of the last %s, which is %s, it is exhausted in %s, at *%s*.",
		percent(f.BudgetRemaining), budget, known, incident.Duration(f.Spending.Over), incident.Number(f.Spending.BurnRate),
		incident.Duration(f.ExhaustedAt.Sub(i.UpdatedAt)), dateOrClock(f.ExhaustedAt, i.UpdatedAt))
}

// dateOrClock is t with its date unless that is today's.
func dateOrClock(t, now time.Time) string {
	if t.UTC().Format(time.DateOnly) == now.UTC().Format(time.DateOnly) {
		return clock(t)
	}
	return t.UTC().Format("2 January 15:04 UTC")
}

// renderRule is the small print: which rule, and when it fires.
func renderRule(i incident.Incident) string {
	f := i.Facts
	parts := []string{i.Rule + ": " + condition(f), "as of " + clock(i.UpdatedAt), "incident " + i.ID}
	if f.Scale > 1 {
		parts = append(parts, fmt.Sprintf("windows ÷%d", f.Scale))
	}
	return strings.Join(parts, " · ")
}

// condition is when the rule fires.
func condition(f incident.Facts) string {
	if f.Alert == nil {
		verb := "pages"
		if f.Pair.Severity == slo.Ticket {
			verb = "opens a ticket"
		}
		return fmt.Sprintf("%.6g %% over %s · %s when the burn rate over %s and over %s reaches %.4g; last measured over %s: %s",
			100*f.Target, incident.Duration(f.Window), verb, incident.Duration(f.Pair.Long), incident.Duration(f.Pair.Short), f.Pair.Burn,
			incident.Duration(f.Pair.Long), incident.Number(f.LongBurn))
	}
	switch when := f.Alert.When; {
	case when.Absent:
		return "fires when nothing is seen for " + incident.Duration(when.Within)
	case when.Events > 0:
		return fmt.Sprintf("fires at %d or more in %s", when.Events, incident.Duration(when.Within))
	default:
		return fmt.Sprintf("fires when %s of at least %d are bad in %s", percent(when.BadShare), when.MinEvents, incident.Duration(when.Within))
	}
}
