package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/template"

	"jari.example/infra/bench"
)

// page is docs/gameday.md. Its figures are those of docs/bench/gameday.json.
var page = template.Must(template.New("page").Funcs(template.FuncMap{"seconds": shown, "escape": escape}).Parse(
	`# Game day

Written by ` + "`make gameday`" + ` on {{.Report.Date}}, commit {{.Report.Commit}}. For every alert of ` + "`alerting/slos`" + ` it injects a fault into
the whole running system under a steady load, and checks what the engineer on call learns of it. The windows of the
alerts are 60 times shorter. Times are seconds.

- *Earliest*: when the rule could fire, by a replay of what was counted; with the windows of production, when diners had as
  many failures as the rule needs at least. *Detected*: when Slack had the message. At most the
  measured lag of the pipeline, two ticks of alertingd and a second may lie between them (*allowed*).
- *Named*: the message names the injected cause. A flag's own event is hidden from the diagnosis.
- *Runbook*: steps that ran, and whether they name the cause.
- *Resolved*: after the end of the fault.

| alert | fault | earliest | detected | allowed | named | runbook | resolved | problems |
|---|---|---|---|---|---|---|---|---|
{{range .Report.Rows}}| {{.Alert}} | {{.Fault}} | {{seconds .Earliest}} | {{seconds .Detected}} | {{seconds .Allowed}} | {{if .Named}}yes{{else}}no{{end}} | {{.Steps}}{{if .Cause}}, yes{{end}} | {{seconds .Resolved}} | {{escape .Problems}} |
{{end}}
## What on-call read
{{range .Rounds}}{{if .Headline}}
### {{.Rule}}

> {{escape .Headline}}
{{range .Lines}}>
> {{escape .}}
{{end}}{{range .Causes}}
The runbook: {{escape .}}
{{end}}{{end}}{{end}}`))

// reading is what on-call read in one round.
type reading struct {
	Rule, Headline string
	Lines, Causes  []string
}

func shown(s *float64) string {
	if s == nil {
		return "–"
	}
	return fmt.Sprintf("%.1f", *s)
}

// escape keeps text from being Markdown.
func escape(text string) string {
	return strings.NewReplacer("|", `\|`, "<", `\<`, "*", `\*`).Replace(text)
}

// writePage writes gameday.md beside dir: docs/gameday.md beside docs/bench.
func (g *game) writePage(dir string, report bench.Report[row]) error {
	var rounds []reading
	for _, r := range g.played {
		rounds = append(rounds, reading{r.Rule, r.found.headline, r.lines, r.causes})
	}
	var text bytes.Buffer
	if err := page.Execute(&text, map[string]any{"Report": report, "Rounds": rounds}); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(filepath.Dir(dir), "gameday.md"), text.Bytes(), 0o644)
}
