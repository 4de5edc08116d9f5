package wording

import (
	"fmt"

	"jari.example/alerting/incident"
	"jari.example/alerting/slo"
)

// Summary is what follows the headline where there is room for one line, such as in a
// phone's notification. items bounds its lists.
func Summary(i incident.Incident, items int) string {
	f := i.Facts
	switch {
	case f.Alert == nil:
		return fmt.Sprintf("%s of %s failed", badPercent(f.SinceStart), f.EventLabel)
	case len(f.Alert.Fired) > 0 && f.Alert.Fired[0] != "":
		return list(f.Alert.Fired, items)
	}
	return "for " + f.Affected
}

// happens is what fails now.
func happens(i incident.Incident, items int) Line {
	f := i.Facts
	if f.Alert != nil {
		return fires(i, items)
	}
	recent, window := f.Short, f.Pair.Short
	if recent.Total() == 0 {
		recent, window = f.Long, f.Pair.Long
	}
	return Say(Bold(badPercent(recent), " of ", f.EventLabel, " fail"), " for ", f.Affected, ": ",
		fmt.Sprintf("%d of %d in the last %s.", recent.Bad, recent.Total(), incident.Duration(window)))
}

// fires is happens for a direct alert.
func fires(i incident.Incident, items int) Line {
	f := i.Facts
	var all []Line
	for n, subject := range f.Alert.Firing {
		if n == items {
			all = append(all, Say(fmt.Sprintf("and %d more", len(f.Alert.Firing)-n)))
			break
		}
		c := subject.Count
		var text Line
		switch when := f.Alert.When; {
		case when.Absent && subject.LastEvent.IsZero():
			text = Say("nothing in the last day")
		case when.Absent:
			text = Say("nothing since ", Bold(Span{At: subject.LastEvent, Now: i.UpdatedAt}))
		case when.Events > 0:
			text = Say(Bold(c.Bad), " in the last ", incident.Duration(when.Within))
		default:
			text = Say(Bold(badPercent(c), " bad"), fmt.Sprintf(", %d of %d in the last %s", c.Bad, c.Total(), incident.Duration(when.Within)))
		}
		if subject.Name != "" {
			text = Say(subject.Name, ": ", text)
		}
		all = append(all, text)
	}
	if len(all) == 0 {
		all = append(all, Say("nothing fires at present"))
	}
	return Say("For ", f.Affected, ". ", Join(all, "; "), ".")
}

// waits is why an incident is open although nothing fires.
func waits(i incident.Incident) Line {
	f, e := i.Facts, *i.Facts.EndsAfter
	events := f.EventLabel
	if f.Alert != nil {
		events = "events"
	}
	if e.Seen == 0 {
		ones := "ones"
		if e.Needed == 1 {
			ones = "one"
		}
		last := e.LastEvent
		if last.IsZero() {
			last = i.StartedAt
		}
		return Say(Bold("No ", events, " since ", Span{At: last, Now: i.UpdatedAt}), ", so it is not known whether it works for ", f.Affected,
			fmt.Sprintf(". It ends after %d good %s.", e.Needed, ones))
	}
	good := Bold(e.Seen, " good ", events)
	if e.Seen == 1 { // the label of events has no singular
		good = Bold("1 of the ", events, " was good")
	}
	return Say("Calm at present: ", good, " since the last bad one at ", Span{At: f.LastBad, Now: i.UpdatedAt},
		", the latest at ", Span{At: e.LastEvent, Now: i.UpdatedAt}, fmt.Sprintf(". It ends after %d.", e.Needed))
}

// since is what an open incident has done so far.
func since(i incident.Incident, items int) Line {
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
	return Say("Since ", Bold(Span{At: i.StartedAt, Now: i.UpdatedAt}), " (", incident.Duration(i.UpdatedAt.Sub(i.StartedAt)), ")",
		count, inRegions(f, items), ".")
}

// lasted is what an incident did until its end.
func lasted(i incident.Incident, items int) Line {
	f := i.Facts
	l := Say("Lasted from ", Bold(Span{At: i.StartedAt, Now: i.UpdatedAt}), " to ", Bold(Span{At: i.ResolvedAt, Now: i.UpdatedAt}),
		" (", incident.Duration(i.ResolvedAt.Sub(i.StartedAt)), ")")
	switch {
	case f.Alert == nil:
		l = Say(l, ": ", Bold(fmt.Sprintf("%d of %d ", f.SinceStart.Bad, f.SinceStart.Total()), f.EventLabel, " failed"))
	case f.Alert.When.Events > 0:
		l = Say(l, ": ", Bold(f.SinceStart.Bad))
	case !f.Alert.When.Absent:
		l = Say(l, ": ", Bold(fmt.Sprintf("%d of %d", f.SinceStart.Bad, f.SinceStart.Total())), " were bad")
	}
	if about := Summary(i, items); f.Alert != nil && about != "for "+f.Affected {
		l = Say(l, ", ", about, ",")
	}
	l = Say(l, " for ", f.Affected, inRegions(f, items), ".")
	if i.Response.ResolvedBy != "" {
		l = Say(l, " Resolved by ", i.Response.ResolvedBy, ".")
	}
	return l
}

func withdrawn(i incident.Incident) Line {
	return Say("The rule ", i.Rule, " was withdrawn or renamed, so nobody measures it any more. ",
		Bold("Whether the fault is over is not known."))
}

func inRegions(f incident.Facts, items int) Line {
	if len(f.Regions) == 0 {
		return nil
	}
	return Say(", in ", regionList(f.Regions, items))
}

// budget is the error budget of an SLO.
func budget(i incident.Incident) Line {
	f := i.Facts
	name := "error budget for " + incident.Duration(f.Window)
	var known Line
	if !f.BudgetKnown.IsZero() {
		known = Say(" (budget known since ", Span{At: f.BudgetKnown, Now: i.UpdatedAt}, "; the time before counts as good)")
	}
	picture := bar(f.BudgetRemaining) + " "
	switch {
	case f.BudgetRemaining <= 0:
		return Say(picture, "The ", name, " is ", Bold("exhausted"), exceeded(f.BudgetRemaining), known, ".")
	case !i.Open() || f.ExhaustedAt.IsZero():
		return Say(picture, Bold(percent(f.BudgetRemaining)), " of the ", name, " remains", known, ".")
	}
	return Say(picture, Bold(percent(f.BudgetRemaining)), " of the ", name, " remains", known,
		fmt.Sprintf(". At the burn rate of the last %s, which is %s, it is exhausted in %s, at ",
			incident.Duration(f.Spending.Over), incident.Number(f.Spending.BurnRate), incident.Duration(f.ExhaustedAt.Sub(i.UpdatedAt))),
		Bold(Span{At: f.ExhaustedAt, Now: i.UpdatedAt}), ".")
}

// exceeded is by how much a budget is overspent, in brackets; "" when it is not.
func exceeded(remaining float64) string {
	if remaining >= 0 {
		return ""
	}
	return fmt.Sprintf(" (exceeded by %s)", percent(-remaining))
}

// Remains says how much of a budget remains, for a reader who knows which: "12 % of the
// budget remains", "the budget is exhausted (exceeded by 240 %)".
func Remains(remaining float64) string {
	if remaining <= 0 {
		return "the budget is exhausted" + exceeded(remaining)
	}
	return percent(remaining) + " of the budget remains"
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
