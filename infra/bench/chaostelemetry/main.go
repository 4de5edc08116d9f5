// Command chaostelemetry sends numbered lines, spans and metric points through
// a real agent into a real OpenSearch while it breaks one thing after another,
// and then looks for each number. `make chaos-telemetry` runs it at length,
// `make test` briefly.
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
	"os/signal"
	"strings"
	"syscall"
	"time"

	"jari.example/infra/bench"
	"jari.example/infra/bench/chaostelemetry/delivery"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "chaostelemetry:", err)
		os.Exit(1)
	}
}

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
	fs.Int64Var(&s.records, "records", 3000, "of each signal and row")
	fs.Float64Var(&s.rate, "rate", 1000, "records per second")
	fs.StringVar(&s.only, "only", "", "rows whose fault holds one of these, comma-separated")
	fs.StringVar(&s.save, "save", "", "directory to write the report to (docs/bench)")
	fs.BoolVar(&s.keep, "keep", false, "leave data and logs behind")
	if err := fs.Parse(args); err != nil {
		return err
	}
	if fs.NArg() > 0 || s.records < 100 || s.rate <= 0 {
		return errors.New("usage: chaostelemetry [flags]; -h lists them; at least 100 records")
	}
	plays, err := runScenarios(ctx, s, stdout)
	if err != nil {
		return err
	}
	return report(s, plays, stdout)
}

// runScenarios plays every row on a system of its own, of which nothing is left.
func runScenarios(ctx context.Context, s settings, out io.Writer) (plays []*scenario, err error) {
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
		fmt.Fprintln(out, "fluent-bit ≥ 4.2 is not on PATH, so only the Collector is put to it")
	}
	if err := warmUp(ctx, sys); err != nil {
		return nil, err
	}
	for _, r := range faultCases() {
		if !s.wants(r.fault) {
			continue
		}
		p := &scenario{sys: sys, slug: r.slug, service: "chaos-" + r.slug, records: s.records, rate: s.rate,
			observed: delivery.Observation{Fault: r.fault, Host: cmp.Or(r.host, sys.host), Control: r.control, Emitted: map[delivery.Signal]delivery.Numbers{}}}
		plays = append(plays, p)
		from := time.Now()
		if err := r.run(ctx, p); err != nil {
			return nil, fmt.Errorf("%s: %w", r.fault, err)
		}
		if err := p.drain(ctx); err != nil {
			return nil, fmt.Errorf("%s: %w", r.fault, err)
		}
		fmt.Fprintf(out, "%-34s %5.1fs, drained in %.1fs\n", r.fault, time.Since(from).Seconds(), p.observed.Drain.Seconds())
	}
	// Whatever is still repeated is repeated now.
	if err := pause(ctx, 3*time.Second); err != nil {
		return nil, err
	}
	for _, p := range plays {
		if err := p.collect(ctx); err != nil {
			return nil, err
		}
	}
	fmt.Fprintf(out, "over after %s\n", time.Since(began).Round(time.Second))
	return plays, nil
}

// warmUp waits until the pipe runs at all: the agent may have met an OpenSearch
// that was still starting.
func warmUp(ctx context.Context, sys *system) error {
	p := &scenario{sys: sys, service: "chaos-warm", observed: delivery.Observation{Emitted: map[delivery.Signal]delivery.Numbers{}}}
	if err := p.emitAll(ctx, delivery.Numbers{Count: 1}, 1, true); err != nil {
		return err
	}
	return p.drain(ctx)
}

func (s settings) wants(fault string) bool {
	for part := range strings.SplitSeq(s.only, ",") {
		if strings.Contains(fault, part) {
			return true
		}
	}
	return false
}

func report(s settings, plays []*scenario, out io.Writer) error {
	var table []delivery.Row
	var findings, shorts []string
	name := "chaos-telemetry"
	for _, p := range plays {
		r, f := delivery.Check(p.observed)
		table, findings, shorts = append(table, r), append(findings, f...), append(shorts, p.slug)
		if p.sys.host != collector {
			name = "chaos-telemetry-" + p.sys.host
		}
	}
	r := bench.New(name, table)
	if err := r.Table(out); err != nil {
		return err
	}
	if s.save != "" {
		if err := r.Save(s.save, chart(table, shorts)); err != nil {
			return err
		}
	}
	for _, f := range findings {
		fmt.Fprintln(out, "BROKEN", f)
	}
	if len(findings) > 0 {
		return fmt.Errorf("%d promises were broken", len(findings))
	}
	fmt.Fprintln(out, "every promise was kept")
	return nil
}

func chart(rows []delivery.Row, shorts []string) bench.Chart {
	// All panels have the same series, of which each shows its own.
	panel := func(title string, log bool, values map[string]func(delivery.Row) float64) bench.Panel {
		p := bench.Panel{Title: title, Log: log, Categories: shorts}
		for _, name := range []string{"lost", "twice", "among the dead letters", "seconds"} {
			s := bench.Series{Name: name}
			for _, r := range rows {
				v := math.NaN()
				if of := values[name]; of != nil {
					v = of(r)
				}
				s.Values = append(s.Values, v)
			}
			p.Series = append(p.Series, s)
		}
		return p
	}
	return bench.Chart{Title: "Telemetry under faults", Panels: []bench.Panel{
		panel("records (eviction may lose; nameless and swallow are controls that must double and lose)", true, map[string]func(delivery.Row) float64{
			"lost":                   func(r delivery.Row) float64 { return float64(r.Lost) },
			"twice":                  func(r delivery.Row) float64 { return float64(r.Duplicated) },
			"among the dead letters": func(r delivery.Row) float64 { return float64(r.DeadLettered) },
		}),
		panel("from the fault's end until everything was searchable, seconds", false, map[string]func(delivery.Row) float64{
			"seconds": func(r delivery.Row) float64 { return r.Drain },
		}),
	}}
}
