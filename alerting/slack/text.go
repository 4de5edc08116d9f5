package slack

import (
	"fmt"

	"jari.example/alerting/incident"
	"jari.example/alerting/slo"
)

// summary is what follows the headline in a phone's notification.
func summary(i incident.Incident, s sizes) string {
	f := i.Facts
	switch {
	case f.Alert == nil:
		return fmt.Sprintf("%s of %s failed", badPercent(f.SinceStart), f.EventLabel)
	case len(f.Alert.Fired) > 0 && f.Alert.Fired[0] != "":
		return list(f.Alert.Fired, s.list)
	}
	return "for " + f.Affected
}

// happens is what fails now.
func happens(i incident.Incident, s sizes) line {
	f := i.Facts
	if f.Alert != nil {
		return fires(i, s)
	}
	recent, window := f.Short, f.Pair.Short
	if recent.Total() == 0 {
		recent, window = f.Long, f.Pair.Long
	}
	return say(bold(badPercent(recent), " of ", f.EventLabel, " fail"), " for ", f.Affected, ": ",
		fmt.Sprintf("%d of %d in the last %s.", recent.Bad, recent.Total(), incident.Duration(window)))
}

// fires is happens for a direct alert.
func fires(i incident.Incident, s sizes) line {
	f := i.Facts
	var all []line
	for n, subject := range f.Alert.Firing {
		if n == s.list {
			all = append(all, say(fmt.Sprintf("and %d more", len(f.Alert.Firing)-n)))
			break
		}
		c := subject.Count
		var text line
		switch when := f.Alert.When; {
		case when.Absent && subject.LastEvent.IsZero():
			text = say("nothing in the last day")
		case when.Absent:
			text = say("nothing since ", bold(span{at: subject.LastEvent, now: i.UpdatedAt}))
		case when.Events > 0:
			text = say(bold(c.Bad), " in the last ", incident.Duration(when.Within))
		default:
			text = say(bold(badPercent(c), " bad"), fmt.Sprintf(", %d of %d in the last %s", c.Bad, c.Total(), incident.Duration(when.Within)))
		}
		if subject.Name != "" {
			text = say(subject.Name, ": ", text)
		}
		all = append(all, text)
	}
	if len(all) == 0 {
		all = append(all, say("nothing fires at present"))
	}
	return say("For ", f.Affected, ". ", join(all, "; "), ".")
}

// waits is why an incident is open although nothing fires.
func waits(i incident.Incident) line {
	f, e := i.Facts, *i.Facts.EndsAfter
	events := f.EventLabel
	if f.Alert != nil {
		events = "events"
	}
	if e.Seen == 0 {
		last := e.LastEvent
		if last.IsZero() {
			last = i.StartedAt
		}
		return say(bold("No ", events, " since ", span{at: last, now: i.UpdatedAt}), ", so it is not known whether it works for ", f.Affected,
			fmt.Sprintf(". It ends after %d good ones.", e.Needed))
	}
	return say("Calm at present: ", bold(e.Seen, " good ", events), " since the last bad one at ", span{at: f.LastBad, now: i.UpdatedAt},
		", the latest at ", span{at: e.LastEvent, now: i.UpdatedAt}, fmt.Sprintf(". It ends after %d.", e.Needed))
}

// since is what an open incident has done so far.
func since(i incident.Incident, s sizes) line {
	f := i.Facts
	count := ""
	switch {
	case f.Alert == nil:
		count = fmt.Sprintf(": %d of %d failed", f.SinceStart.Bad, f.SinceStart.Total())
	case f.Alert.When.Events > 0:
		count = fmt.Sprintf(": %d", f.SinceStart.Bad)
	case !f.Alert.When.Absent:
		count = fmt.Sprintf(": %d of %d were bad", f.SinceStart.Bad, f.SinceStart.Total())
	}
	return say("Since ", bold(span{at: i.StartedAt, now: i.UpdatedAt}), " (", incident.Duration(i.UpdatedAt.Sub(i.StartedAt)), ")",
		count, inRegions(f, s), ".")
}

// lasted is what an incident did until its end.
func lasted(i incident.Incident, s sizes) line {
	f := i.Facts
	l := say("Lasted from ", bold(span{at: i.StartedAt, now: i.UpdatedAt}), " to ", bold(span{at: i.ResolvedAt, now: i.UpdatedAt}),
		" (", incident.Duration(i.ResolvedAt.Sub(i.StartedAt)), ")")
	switch {
	case f.Alert == nil:
		l = say(l, ": ", bold(fmt.Sprintf("%d of %d ", f.SinceStart.Bad, f.SinceStart.Total()), f.EventLabel, " failed"))
	case f.Alert.When.Events > 0:
		l = say(l, ": ", bold(f.SinceStart.Bad))
	case !f.Alert.When.Absent:
		l = say(l, ": ", bold(fmt.Sprintf("%d of %d", f.SinceStart.Bad, f.SinceStart.Total())), " were bad")
	}
	if about := summary(i, s); f.Alert != nil && about != "for "+f.Affected {
		l = say(l, ", ", about, ",")
	}
	l = say(l, " for ", f.Affected, inRegions(f, s), ".")
	if i.Response.ResolvedBy != "" {
		l = say(l, " Resolved by ", i.Response.ResolvedBy, ".")
	}
	return l
}

func withdrawn(i incident.Incident) line {
	return say("The rule ", i.Rule, " was withdrawn or renamed, so nobody measures it any more. ",
		bold("Whether the fault is over is not known."))
}

func inRegions(f incident.Facts, s sizes) line {
	if len(f.Regions) == 0 {
		return nil
	}
	return say(", in ", regionList(f.Regions, s.list))
}

// budget is the error budget of an SLO.
func budget(i incident.Incident) line {
	f := i.Facts
	name := "error budget for " + incident.Duration(f.Window)
	var known line
	if !f.BudgetKnown.IsZero() {
		known = say(" (budget known since ", span{at: f.BudgetKnown, now: i.UpdatedAt}, "; the time before counts as good)")
	}
	picture := bar(f.BudgetRemaining) + " "
	switch {
	case f.BudgetRemaining <= 0:
		return say(picture, "The ", name, " is ", bold("exhausted"), " (exceeded by ", percent(-f.BudgetRemaining), ")", known, ".")
	case !i.Open() || f.ExhaustedAt.IsZero():
		return say(picture, bold(percent(f.BudgetRemaining)), " of the ", name, " remains", known, ".")
	}
	return say(picture, bold(percent(f.BudgetRemaining)), " of the ", name, " remains", known,
		fmt.Sprintf(". At the burn rate of the last %s, which is %s, it is exhausted in %s, at ",
			incident.Duration(f.Spending.Over), incident.Number(f.Spending.BurnRate), incident.Duration(f.ExhaustedAt.Sub(i.UpdatedAt))),
		bold(span{at: f.ExhaustedAt, now: i.UpdatedAt}), ".")
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
