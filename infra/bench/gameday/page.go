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
var page = template.Must(template.New("page").Funcs(template.FuncMap{
	"seconds": shown, "escape": escape, "named": row.howNamed, "traced": row.howTraced,
}).Parse(
	`# Game day

Written by ` + "`make gameday`" + ` on {{.Report.Date}}, commit {{.Report.Commit}}. For every alert of ` + "`alerting/slos`" + ` it injects a fault into
the whole running system under a steady load, and checks what the engineer on call learns of it. The windows of the
alerts are 60 times shorter. Times are seconds.

- *Earliest*: when the rule could fire, by a replay of what was counted, whenever in its tick alertingd looks; with the
  windows of production, when diners had as many failures as the rule needs at least; where a fault holds telemetry back,
  at its end. *Detected*: when Slack had the
  message. *Overhead*: the time between them; *allowed* are the measured lag of the pipeline, two ticks of alertingd and
  a second, and 15 seconds with the windows of production.
- *Named*: the message names the injected cause. *Title*: it does so by its title, because the rule itself is about the
  cause. A flag's own event is hidden from the diagnosis.
- *Traced*: an example trace contains the fault; – where requests are not counted.
- *Runbook*: how many steps ran, and whether they name the cause.
- *Resolved*: after the end of the fault. It must come as soon after its own earliest time, with the longest lag until then.
- Rows *unknown* have two faults that were drawn at random (` + "`-seed {{.Seed}}`" + `); of their alerts one may mute the other; *calm* has none, and must page nobody. The row *with mistakes*
  has no problem if the game found both mistakes.

| alert | fault | earliest | detected | overhead | allowed | named | traced | runbook | resolved | problems |
|---|---|---|---|---|---|---|---|---|---|---|
{{range .Report.Rows}}| {{.Alert}} | {{.Fault}} | {{seconds .Earliest}} | {{seconds .Detected}} | {{seconds .Overhead}} | {{seconds .Allowed}} | {{named .}} | {{traced .}} | {{if .Steps}}{{.Steps}}{{if .Cause}}, yes{{else}}, no{{end}}{{else}}–{{end}} | {{seconds .Resolved}} | {{escape .Problems}} |
{{end}}
## What on-call read
{{range .Rounds}}{{if .Headline}}
### {{.Name}}

> {{escape .Headline}}
{{range .Lines}}>
> {{escape .}}
{{end}}{{range .Causes}}
The runbook: {{escape .}}
{{end}}{{end}}{{end}}`))

// reading is what on-call read in one round.
type reading struct {
	Name, Headline string
	Lines, Causes  []string
}

func (r row) howNamed() string {
	switch {
	case r.Fault == noFault:
		return "–"
	case r.OnlyTitle:
		return "title"
	case r.Named && r.Fired != "":
		return "yes, " + r.Fired
	case r.Named:
		return "yes"
	}
	return "no"
}

func (r row) howTraced() string {
	switch {
	case r.Traced == nil:
		return "–"
	case *r.Traced:
		return "yes"
	}
	return "no"
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
		rounds = append(rounds, reading{r.name(), r.found.headline, r.lines, r.causes})
	}
	var text bytes.Buffer
	if err := page.Execute(&text, map[string]any{"Report": report, "Rounds": rounds, "Seed": g.seed}); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(filepath.Dir(dir), "gameday.md"), text.Bytes(), 0o644)
}
