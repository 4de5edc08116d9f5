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

// page collects the lines of TELEMETRY.md.
type page struct{ bytes.Buffer }

func (p *page) line(format string, args ...any) { fmt.Fprintf(p, format+"\n", args...) }

func document() []byte {
	var p page
	p.line("<!-- Generated from telemetry/names by go generate; change that, not this. -->")
	p.line("\n# Telemetry\n")
	p.line("All telemetry that the processes of Jari emit. Names that begin with `jari.` are ours, all others follow")
	p.line("OpenTelemetry's [semantic conventions](https://opentelemetry.io/docs/specs/semconv/) %s.", names.Conventions)
	p.fields()
	p.events()
	p.spans()
	p.metrics()
	p.headers()
	p.indices()
	return p.Bytes()
}

func (p *page) fields() {
	p.line("\n## Fields\n")
	p.line("Those with a ✓ hold no personal data: messages about incidents may show them.\n")
	p.line("| log line, span attribute | document | type | shown | description |")
	p.line("|---|---|---|---|---|")
	for _, f := range names.Fields {
		mark := ""
		if names.Shown(f.Name) {
			mark = "✓"
		}
		p.line("| `%s` | `%s` | %s | %s | %s |", f.Name, f.Doc, f.Kind, mark, f.Brief)
	}
	p.line("\nAll other fields are stored under `%s` (flat_object) or have no mapping:\n", names.Attributes)
	p.line("| name | description |")
	p.line("|---|---|")
	for _, f := range names.Unmapped {
		p.line("| `%s` | %s |", f.Name, f.Brief)
	}
}

func (p *page) events() {
	p.line("\n## Events\n")
	p.line("The values of `%s` in a log line.\n", names.EventName)
	p.line("| event | description |")
	p.line("|---|---|")
	for _, e := range names.Events {
		p.line("| `%s` | %s |", e.Name, e.Brief)
	}
}

func (p *page) spans() {
	p.line("\n## Spans\n")
	p.line("The span of a request is named after its route (`POST /v1/reservations`), the span of a call after its peer")
	p.line("(`POST user`), the span of a database statement after the statement. The others:\n")
	p.line("| span | description |")
	p.line("|---|---|")
	for _, s := range names.Spans {
		p.line("| `%s` | %s |", s.Name, s.Brief)
	}
}

func (p *page) metrics() {
	p.line("\n## Metrics\n")
	p.line("| metric | unit | description |")
	p.line("|---|---|---|")
	for _, m := range names.Metrics {
		p.line("| `%s` | %s | %s |", m.Name, m.Unit, m.Brief)
	}
}

func (p *page) headers() {
	p.line("\n## Headers\n")
	p.line("| header | description |")
	p.line("|---|---|")
	p.line("| `traceparent`, `tracestate` | W3C trace context, on every internal hop. " +
		"The gateway links an external one and begins a new trace. |")
	for _, h := range names.Headers {
		p.line("| `%s` | %s |", h.Name, h.Brief)
	}
}

func (p *page) indices() {
	p.line("\n## Indices\n")
	p.line("| family | content | retention in days |")
	p.line("|---|---|---|")
	for _, i := range names.Indices {
		date := "YYYY.MM.DD"
		if i.Monthly {
			date = "YYYY.MM"
		}
		p.line("| `%s%s` | %s | %d |", i.Family, date, i.Brief, i.Keep)
	}
	for _, i := range names.Indices {
		others := ""
		if i.Shared {
			others = ", in addition to those above"
		}
		p.line("\nFields of `%s*`%s:\n", i.Family, others)
		p.line("| document | type | description |")
		p.line("|---|---|---|")
		for _, f := range i.Own {
			p.line("| `%s` | %s | %s |", f.Doc, f.Kind, f.Brief)
		}
	}
}
