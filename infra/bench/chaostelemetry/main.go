// Command chaostelemetry is a fault injection test of shipping. It sends numbered
// lines, spans and metric points through a real agent into a real OpenSearch,
// injects one fault after another, and then searches for each number.
// `make chaos-telemetry` runs it in full, `make test` with fewer records.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"strings"
	"time"

	"jari.example/infra/bench"
	"jari.example/infra/bench/chaostelemetry/delivery"
	"jari.example/internal/command"
	"jari.example/internal/wait"
)

func main() { command.Main("chaostelemetry", run) }

// settings are the flags.
type settings struct {
	records int64
	rate    float64
	only    string
	save    string // directory of the report; "": none is written
	keep    bool
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	var s settings
	fs := flag.NewFlagSet("chaostelemetry", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.Int64Var(&s.records, "records", 3000, "records of each signal in each row")
	fs.Float64Var(&s.rate, "rate", 1000, "records per second")
	fs.StringVar(&s.only, "only", "", "only rows whose fault contains one of these texts, comma-separated")
	fs.StringVar(&s.save, "save", "", "directory to write the report to (docs/bench)")
	fs.BoolVar(&s.keep, "keep", false, "keep data and logs at the end")
	if err := fs.Parse(args); err != nil {
		return err
	}
	if fs.NArg() > 0 || s.records < 100 || s.rate <= 0 {
		return errors.New("usage: chaostelemetry [flags]; -h lists them; at least 100 records")
	}
	scenarios, err := runScenarios(ctx, s, stdout)
	if err != nil {
		return err
	}
	return report(s, scenarios, stdout)
}

// runScenarios runs every selected fault case on an isolated system.
func runScenarios(ctx context.Context, s settings, out io.Writer) (scenarios []*scenario, err error) {
	began := time.Now()
	sys, err := start(ctx)
	defer func() {
		if stopped := sys.Stop(s.keep || err != nil && ctx.Err() == nil); stopped != nil {
			err = errors.Join(err, stopped)
		}
	}()
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(out, "OpenSearch and the agent (%s) are up after %s\n", sys.host, time.Since(began).Round(100*time.Millisecond))
	if sys.host == collector && os.Getenv("JARI_AGENT") == "" {
		fmt.Fprintln(out, "fluent-bit ≥ 4.2 is not on PATH, so only the Collector is tested")
	}
	if err := warmUp(ctx, sys); err != nil {
		return nil, err
	}
	for _, c := range faultCases() {
		if !s.selects(c.fault) {
			continue
		}
		one := &scenario{
			sys: sys, slug: c.slug, service: "chaos-" + c.slug, records: s.records, rate: s.rate,
			observed: delivery.Observation{
				Fault: c.fault, Host: cmp.Or(c.host, sys.host), Control: c.control, Emitted: map[delivery.Signal]delivery.Numbers{},
			},
		}
		scenarios = append(scenarios, one)
		from := time.Now()
		if err := c.run(ctx, one); err != nil {
			return nil, fmt.Errorf("%s: %w", c.fault, err)
		}
		if err := one.drain(ctx); err != nil {
			return nil, fmt.Errorf("%s: %w", c.fault, err)
		}
		fmt.Fprintf(out, "%-34s %5.1fs, drained in %.1fs\n", c.fault, time.Since(from).Seconds(), one.observed.Drain.Seconds())
	}
	// Late retries, which would be duplicates, arrive now.
	if err := wait.For(ctx, 3*time.Second); err != nil {
		return nil, err
	}
	for _, one := range scenarios {
		if err := one.collect(ctx); err != nil {
			return nil, err
		}
	}
	fmt.Fprintf(out, "finished after %s\n", time.Since(began).Round(time.Second))
	return scenarios, nil
}

// warmUp waits until records arrive at all: OpenSearch may still have been
// starting when the agent connected.
func warmUp(ctx context.Context, sys *system) error {
	one := &scenario{sys: sys, service: "chaos-warm", observed: delivery.Observation{Emitted: map[delivery.Signal]delivery.Numbers{}}}
	if err := one.emitAll(ctx, delivery.Numbers{Count: 1}, 1, true); err != nil {
		return err
	}
	return one.drain(ctx)
}

// selects reports whether -only selects a fault.
func (s settings) selects(fault string) bool {
	for part := range strings.SplitSeq(s.only, ",") {
		if strings.Contains(fault, part) {
			return true
		}
	}
	return false
}

func report(s settings, scenarios []*scenario, out io.Writer) error {
	var table []delivery.Row
	var violations, slugs []string
	name := "chaos-telemetry"
	for _, one := range scenarios {
		r, v := delivery.Check(one.observed)
		table, violations, slugs = append(table, r), append(violations, v...), append(slugs, one.slug)
		if one.sys.host != collector {
			name = "chaos-telemetry-" + one.sys.host
		}
	}
	r := bench.New(name, table)
	if err := r.Table(out); err != nil {
		return err
	}
	if s.save != "" {
		if err := r.Save(s.save, chart(table, slugs)); err != nil {
			return err
		}
	}
	for _, v := range violations {
		fmt.Fprintln(out, "VIOLATION", v)
	}
	if len(violations) > 0 {
		return fmt.Errorf("%d violations", len(violations))
	}
	fmt.Fprintln(out, "every record was delivered as it must be")
	return nil
}

func chart(rows []delivery.Row, slugs []string) bench.Chart {
	// All panels have the same series, and each shows its own of them.
	panel := func(title string, log bool, values map[string]func(delivery.Row) float64) bench.Panel {
		p := bench.Panel{Title: title, Log: log, Categories: slugs}
		for _, name := range []string{"lost", "duplicated", "dead letters", "seconds"} {
			s := bench.Series{Name: name}
			for _, r := range rows {
				v := math.NaN()
				if value := values[name]; value != nil {
					v = value(r)
				}
				s.Values = append(s.Values, v)
			}
			p.Series = append(p.Series, s)
		}
		return p
	}
	type values = map[string]func(delivery.Row) float64
	return bench.Chart{Title: "Telemetry under faults", Panels: []bench.Panel{
		panel("records (eviction may lose; nameless and swallow are controls that must duplicate and lose)", true, values{
			"lost":         func(r delivery.Row) float64 { return float64(r.Lost) },
			"duplicated":   func(r delivery.Row) float64 { return float64(r.Duplicated) },
			"dead letters": func(r delivery.Row) float64 { return float64(r.DeadLettered) },
		}),
		panel("from the end of the fault until everything was searchable, seconds", false, values{
			"seconds": func(r delivery.Row) float64 { return r.Drain },
		}),
	}}
}
