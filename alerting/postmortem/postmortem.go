// Package postmortem writes what is known about an incident as the beginning of a
// postmortem, in Markdown. People add what a machine does not know.
package postmortem

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/template"
	"time"

	"jari.example/alerting/incident"
	"jari.example/alerting/wording"
)

// Report is what a postmortem begins with.
type Report struct {
	incident.Incident
	Timeline  []incident.Entry
	Runbook   string   // URL
	Dashboard string   // URL, of the time of the incident
	Traces    []string // URLs
}

// The sections are those of the SRE book's example postmortem.
// https://sre.google/sre-book/example-postmortem/
var page = template.Must(template.New("").Funcs(template.FuncMap{
	"time": func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") },
	"took": incident.Duration, "line": oneLine, "code": code, "regions": regions,
	"diagnosis": wording.WithCounts,
	"percent":   func(share float64) string { return fmt.Sprintf("%.4g %%", 100*share) },
}).Parse(`# {{line .Facts.Title}} ({{.StartedAt.UTC.Format "2006-01-02"}})

Status: draft. Authors: …

| | |
|---|---|
| Incident | {{.ID}} |
| Rule | {{line .Rule}} |
| Severity | {{.Severity}} |
| Began | {{time .StartedAt}} |
| Detected | {{time .OpenedAt}}, {{took (.OpenedAt.Sub .StartedAt)}} later |
{{- if not .Response.AcknowledgedAt.IsZero}}
| Acknowledged | {{time .Response.AcknowledgedAt}} by {{line .Response.Assignee}}, {{took (.Response.AcknowledgedAt.Sub .OpenedAt)}} after it was detected |
{{- end}}
{{- if .Open}}
| Resolved | not yet |
{{- else}}
| Resolved | {{time .ResolvedAt}}{{with .Response.ResolvedBy}} by {{line .}}{{end}}, {{took (.ResolvedAt.Sub .StartedAt)}} after it began |
{{- end}}

## Summary

…

## Impact

- Affected: {{line .Facts.Affected}}
{{- if .Facts.SinceStart.Total}}
- Bad: {{.Facts.SinceStart.Bad}} of {{.Facts.SinceStart.Total}}{{with .Facts.EventLabel}} {{line .}}{{end}}{{regions .Facts.Regions}}
{{- end}}
{{- if not .Facts.Alert}}
- Objective: {{percent .Facts.Target}} over {{took .Facts.Window}}; {{percent .Facts.BudgetRemaining}} of the error budget remained at the end
{{- end}}
{{- with .Facts.AlsoAffected}}
- Also affected, without an incident of their own:{{range .}} {{line .}}{{end}}
{{- end}}

## Root causes

…
{{- with .Facts.ErrorType}}

Most frequent error: {{line .}}
{{- end}}
{{- with .Facts.Dependency}}

Failing dependency: {{line .}}
{{- end}}
{{- with .Facts.LogLine}}

An example from the log: {{code .}}
{{- end}}
{{- range diagnosis .Incident}}

{{line .}}
{{- end}}

## Detection and response

- Runbook: {{.Runbook}}. Did it help? …
- Dashboard: {{.Dashboard}}
{{- range .Traces}}
- Trace: {{.}}
{{- end}}

## Timeline

| UTC | what happened |
|---|---|
{{- range .Timeline}}
| {{.At.UTC.Format "2006-01-02 15:04:05"}} | {{if .Text}}{{line .Text}}{{else}}{{.Kind}}{{with .Actor}}: {{line .}}{{end}}{{end}} |
{{- end}}

## What went well, what went wrong, where we got lucky

…

## Action items

| what | type | owner | issue |
|---|---|---|---|
| … | prevent, mitigate, detect | … | … |
`))

// Write writes the report.
func Write(w io.Writer, r Report) error { return page.Execute(w, r) }

// oneLine keeps a text from breaking the table or the list that it stands in.
func oneLine(s any) string {
	return strings.NewReplacer("\r", " ", "\n", " ", "|", `\|`, "<", "&lt;", "`", "'").Replace(fmt.Sprint(s))
}

// code is a text as inline code, in which nothing is markup but its end.
func code(s string) string {
	return "`" + strings.NewReplacer("\r", " ", "\n", " ", "`", "'").Replace(s) + "`"
}

func regions(bad map[string]int64) string {
	var all []string
	for _, region := range slices.Sorted(maps.Keys(bad)) {
		all = append(all, fmt.Sprintf("%s (%d)", oneLine(region), bad[region]))
	}
	if len(all) == 0 {
		return ""
	}
	return ", in " + strings.Join(all, ", ")
}
