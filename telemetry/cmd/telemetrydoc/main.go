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
	p("a field has its first name; in an OpenSearch document its second. What begins with `jari.` is ours, the")
	p("rest is named by OpenTelemetry's [semantic conventions](https://opentelemetry.io/docs/specs/semconv/) %s.", names.Conventions)
	p("\n## Fields\n")
	p("| line, span attribute | document | type | |")
	p("|---|---|---|---|")
	for _, f := range names.Fields {
		p("| `%s` | `%s` | %s | %s |", f.Name, f.Doc, f.Kind, f.Brief)
	}
	p("\nEverything else stands under `%s` (flat_object), or has no mapping at all:\n", names.Attributes)
	p("| name | |")
	p("|---|---|")
	for _, f := range names.Unmapped {
		p("| `%s` | %s |", f.Name, f.Brief)
	}
	p("\n## Events\n")
	p("The values of `%s` on a log line.\n", names.EventName)
	p("| event | |")
	p("|---|---|")
	for _, e := range names.Events {
		p("| `%s` | %s |", e.Name, e.Brief)
	}
	p("\n## Spans\n")
	p("A request's span is named after its route (`POST /v1/reservations`), a call's after its peer (`POST user`),")
	p("a database's after its statement. Beside those:\n")
	p("| span | |")
	p("|---|---|")
	for _, s := range names.Spans {
		p("| `%s` | %s |", s.Name, s.Brief)
	}
	p("\n## Metrics\n")
	p("| metric | unit | |")
	p("|---|---|---|")
	for _, m := range names.Metrics {
		p("| `%s` | %s | %s |", m.Name, m.Unit, m.Brief)
	}
	p("\n## Headers\n")
	p("| header | |")
	p("|---|---|")
	p("| `traceparent`, `tracestate` | W3C trace context, on every hop inside; the gateway links a stranger's and begins a trace of its own. |")
	for _, h := range names.Headers {
		p("| `%s` | %s |", h.Name, h.Brief)
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
