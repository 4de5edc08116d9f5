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
	p("| family | holds | days |")
	p("|---|---|---|")
	for _, i := range names.Indices {
		p("| `%s%s` | %s | %d |", i.Family, map[bool]string{false: "YYYY.MM.DD", true: "YYYY.MM"}[i.Monthly], i.Brief, i.Keep)
	}
	for _, i := range names.Indices {
		p("\nIn `%s`%s:\n", i.Family+"*", map[bool]string{true: ", beside the fields above"}[i.Shared])
		p("| document | type | |")
		p("|---|---|---|")
		for _, f := range i.Own {
			p("| `%s` | %s | %s |", f.Doc, f.Kind, f.Brief)
		}
	}
	return b.Bytes()
}
