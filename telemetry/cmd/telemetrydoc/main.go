// Command telemetrydoc writes TELEMETRY.md from telemetry/names. Run it with
// go generate in the module.
package main

import (
	"bytes"
	"fmt"
	"os"

	"jari.example/telemetry/names"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: telemetrydoc FILE")
		os.Exit(2)
	}
	if err := os.WriteFile(os.Args[1], document(), 0o644); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func document() []byte {
	var b bytes.Buffer
	p := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	p("<!-- Generated from telemetry/names by go generate; change that, not this. -->")
	p("\n# Telemetry\n")
	p("What every process of Jari emits, and under which name it is found. In a log line and on a span")
	p("a field has its first name; in an OpenSearch document its second.")
	p("\n## Fields\n")
	p("| line, span attribute | document | type | |")
	p("|---|---|---|---|")
	for _, f := range names.Fields {
		p("| `%s` | `%s` | %s | %s |", f.Name, f.Doc, f.Kind, f.Brief)
	}
	p("\nEverything else stands under `%s` (flat_object).", names.Attributes)
	p("\n## Events\n")
	p("The values of `%s` on a log line.\n", names.EventName)
	p("| event | |")
	p("|---|---|")
	for _, e := range names.Events {
		p("| `%s` | %s |", e.Name, e.Brief)
	}
	p("\n## Metrics\n")
	p("Those without `jari.` have their names from OpenTelemetry's semantic conventions 1.43.0.\n")
	p("| metric | unit | |")
	p("|---|---|---|")
	for _, m := range names.Metrics {
		p("| `%s` | %s | %s |", m.Name, m.Unit, m.Brief)
	}
	p("\n## Indices\n")
	p("| family | holds |")
	p("|---|---|")
	for _, i := range [][2]string{
		{names.LogIndex + "YYYY.MM.DD", "log lines"},
		{names.SpanIndex + "YYYY.MM.DD", "spans"},
		{names.ServiceMapIndex + "YYYY.MM", "who calls whom"},
		{names.MetricIndex + "YYYY.MM.DD", "metric points"},
		{names.DeadLetterIndex + "YYYY.MM.DD", "what no index would take, with the reason"},
	} {
		p("| `%s` | %s |", i[0], i[1])
	}
	return b.Bytes()
}
