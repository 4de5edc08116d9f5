package wording

import (
	"cmp"
	"fmt"
	"slices"

	"jari.example/alerting/incident"
	"jari.example/alerting/notify"
	"jari.example/alerting/slo"
)

// maxTraces is the most that a message shows, when there is room for it.
const maxTraces = 3

// Headline is what happens, in a few words.
func Headline(i incident.Incident) string {
	switch {
	case i.Facts.Withdrawn && !i.Open():
		return "⚪ Closed: " + i.Facts.Title
	case !i.Open():
		return "✅ Resolved: " + i.Facts.Title
	case i.Severity == slo.Ticket:
		return "🟡 Ticket: " + i.Facts.Title
	}
	return "🔴 " + i.Facts.Title
}

// Body is what a message says, one sentence or two to a line. items bounds its lists.
func Body(i incident.Incident, items int) []Line {
	f := i.Facts
	var lines []Line
	switch {
	case f.Withdrawn && !i.Open():
		lines = []Line{withdrawn(i), lasted(i, items)}
	case !i.Open():
		lines = []Line{lasted(i, items)}
	case f.EndsAfter != nil:
		lines = []Line{waits(i), since(i, items)}
	default:
		lines = []Line{happens(i, items), since(i, items)}
	}
	if f.Reopened > 0 {
		lines = append(lines, Say("Reopened ", times(f.Reopened), ": the fault comes and goes."))
	}
	if f.Alert == nil {
		lines = append(lines, budget(i))
	}
	if len(f.AlsoAffected) > 0 {
		lines = append(lines, Say("Also affected, without an incident of their own: "+list(f.AlsoAffected, items)+"."))
	}
	if i.Open() && f.Frozen != "" {
		lines = append(lines, Say(Bold("Frozen"), ": ", f.Frozen, ". Figures may be incomplete, and this stays open until telemetry is back."))
	}
	return slices.Concat(lines, evidence(f), bullets(Diagnosis(i)), people(i, items))
}

// evidence is what the bad events have in common.
func evidence(f incident.Facts) []Line {
	var lines []Line
	var most []Line
	if f.ErrorType != "" {
		most = append(most, Say("Most frequent error: ", Bold(f.ErrorType)))
	}
	if f.Dependency != "" {
		most = append(most, Say("Failing dependency: ", Bold(f.Dependency)))
	}
	if len(most) > 0 {
		lines = append(lines, Say(Join(most, ". "), "."))
	}
	return lines
}

func bullets(lines []Line) []Line {
	for n := range lines {
		lines[n] = Say("• ", lines[n])
	}
	return lines
}

// Links are where to look, each with the URL that it leads to.
func Links(i incident.Incident, links notify.Links) []Span {
	all := []Span{
		{Text: "Runbook", URL: links.RunbookURL(cmp.Or(i.Facts.Runbook, i.Rule))},
		{Text: "Dashboard", URL: links.DashboardURL(i)},
		{Text: "Status page", URL: links.StatusURL(i)},
	}
	for n, id := range i.Facts.Traces[:min(len(i.Facts.Traces), maxTraces)] {
		all = append(all, Span{Text: fmt.Sprintf("Example trace %d", n+1), URL: links.TraceURL(id)})
	}
	return slices.DeleteFunc(all, func(l Span) bool { return l.URL == "" })
}

// Rule is the small print: which rule and when it fires; as of when; which incident.
func Rule(i incident.Incident) []Line {
	id := "incident " + i.ID
	if i.Facts.Scale > 1 {
		id += fmt.Sprintf(" · windows ÷%d", i.Facts.Scale)
	}
	return []Line{
		Say(i.Rule, ": ", condition(i.Facts)),
		Say("as of ", Span{At: i.UpdatedAt, Now: i.UpdatedAt}),
		Say(id),
	}
}
