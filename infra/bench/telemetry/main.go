// Command telemetry measures what telemetry costs and how fast it arrives:
//
//	price    the reservation service without telemetry, with logs, with everything
//	ship     decoding and shipping of records, to OpenSearch and to a server that discards them
//	latency  from emission until searchable, idle and under load
//	drain    how long it takes to catch up after an outage of OpenSearch
//
// It starts all it needs and stops by itself:
//
//	go run ./infra/bench/telemetry               # everything: docs/bench/telemetry.json
//	go run ./infra/bench/telemetry -only price -pairs 1 -seconds 2
//
// docs/bench/README.md explains the results.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"jari.example/infra/bench"
	"jari.example/infra/local/ports"
	"jari.example/infra/local/repo"
	"jari.example/internal/command"
)

func main() {
	runtime.GOMAXPROCS(1) // the load generator shares the machine with what it measures
	command.Main("telemetry", run)
}

// The parts of the benchmark, in the order in which they run.
const (
	price   = "price"
	ship    = "ship"
	latency = "latency"
	drain   = "drain"
)

var all = []string{price, ship, latency, drain}

// options are the flags.
type options struct {
	only    []string
	loads   []string
	pairs   int
	rate    int
	seconds time.Duration
	warm    time.Duration
	records int
	watch   time.Duration
	outage  time.Duration
	out     string
	profile string
}

func parse(args []string, stderr io.Writer) (o options, err error) {
	fs := flag.NewFlagSet("telemetry", flag.ContinueOnError)
	fs.SetOutput(stderr)
	only := fs.String("only", strings.Join(all, ","), "parts")
	load := fs.String("load", strings.Join(loads, ","), "price: loads")
	seconds := fs.Float64("seconds", 11, "price: measured seconds of each run; below 10 they may contain no export of metrics")
	warm := fs.Float64("warm", 1, "price: seconds of load before the measurement")
	fs.IntVar(&o.pairs, "pairs", 5, "price: rounds, with a run of every variant in each; the table shows medians")
	fs.IntVar(&o.rate, "rate", 1000, "price: requests per second of the fixed load")
	fs.IntVar(&o.records, "records", 400_000, "ship: number of records")
	fs.DurationVar(&o.watch, "watch", 60*time.Second, "latency: measured time of each load")
	fs.DurationVar(&o.outage, "outage", 60*time.Second, "drain: how long OpenSearch is unreachable")
	fs.StringVar(&o.out, "out", "", "directory for telemetry.json and telemetry.svg (default: docs/bench for a complete run, none for a part)")
	fs.StringVar(&o.profile, "profile", "", "price: directory for a CPU profile of the service in each run")
	if err := fs.Parse(args); err != nil {
		return o, err
	}
	o.seconds, o.warm = time.Duration(*seconds*float64(time.Second)), time.Duration(*warm*float64(time.Second))
	o.only = strings.Split(*only, ",")
	o.loads = strings.Split(*load, ",")
	for _, c := range []struct{ given, known []string }{{o.only, all}, {o.loads, loads}} {
		for _, g := range c.given {
			if !slices.Contains(c.known, g) {
				return o, fmt.Errorf("%q is not one of %s", g, strings.Join(c.known, ", "))
			}
		}
	}
	if o.pairs < 1 || o.rate < 1 || o.seconds <= 0 || o.records < 1 || o.watch <= 0 || o.outage <= 0 || fs.NArg() > 0 {
		return o, errors.New("-pairs, -rate, -seconds, -records, -watch and -outage must be positive, and there are no arguments")
	}
	if o.out == "" && len(o.only) == len(all) && len(o.loads) == len(loads) && o.pairs >= 5 && o.seconds > period {
		o.out = filepath.Join("docs", "bench")
	}
	return o, nil
}

// timeLimit ends a run that hangs. A complete one takes about 13 minutes.
const timeLimit = 20 * time.Minute

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o, err := parse(args, stderr)
	if err != nil {
		return err
	}
	root, err := repo.Root()
	if err != nil {
		return err
	}
	b := &benchmark{options: o, root: root}
	b.logf = func(format string, args ...any) { fmt.Fprintf(stderr, format+"\n", args...) }
	ctx, cancel := context.WithTimeout(ctx, timeLimit)
	defer cancel()
	rows, failed := b.measure(ctx)
	report := bench.New("telemetry", rows)
	if err := report.Table(stdout); err != nil {
		return err
	}
	fmt.Fprintln(stdout)
	if err := bench.WriteGoals(stdout, goals(rows, o.outage)); err != nil {
		return err
	}
	if failed != nil || o.out == "" { // what was measured before a failure is printed and not saved
		return failed
	}
	if !filepath.IsAbs(o.out) {
		o.out = filepath.Join(root, o.out)
	}
	return report.Save(o.out, chart(rows))
}

// benchmark runs the parts that the flags select.
type benchmark struct {
	options
	root, tmp string
	logf      func(format string, args ...any)
	at        ports.Offset

	emitter, benchship string // paths of programs
}

func (b *benchmark) measure(ctx context.Context) (rows []row, err error) {
	offset, release, err := ports.Reserve(b.root + "/bench-telemetry")
	if err != nil {
		return nil, err
	}
	defer release()
	b.at = offset
	if b.tmp, err = os.MkdirTemp("", "jari-bench-telemetry-"); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(b.tmp)) }()
	if b.profile != "" {
		if err := os.MkdirAll(b.profile, 0o755); err != nil {
			return nil, err
		}
	}
	if slices.Contains(b.only, price) {
		if rows, err = b.measurePrice(ctx); err != nil {
			return nil, errors.Join(fmt.Errorf("price: %w", err), ctx.Err())
		}
	}
	if len(b.only) == 1 && b.only[0] == price {
		return rows, nil
	}
	more, err := b.measurePipeline(ctx)
	return append(rows, more...), err
}

// measurePipeline measures the parts that need an agent and OpenSearch.
func (b *benchmark) measurePipeline(ctx context.Context) (rows []row, err error) {
	b.logf("building telemetryemit and benchship, starting OpenSearch and the agent")
	if b.emitter, err = b.build(ctx, "./telemetry/cmd/telemetryemit"); err != nil {
		return nil, err
	}
	if b.benchship, err = b.build(ctx, "./fluentbit/cmd/benchship"); err != nil {
		return nil, err
	}
	p, stop, err := startPipeline(ctx)
	defer func() { err = errors.Join(err, stop()) }()
	if err != nil {
		return nil, errors.Join(err, ctx.Err())
	}
	for _, part := range []struct {
		name    string
		measure func(context.Context, *pipeline) ([]row, error)
	}{{ship, b.measureShipping}, {latency, b.measureLatency}, {drain, b.measureDrain}} {
		if !slices.Contains(b.only, part.name) {
			continue
		}
		measured, err := part.measure(ctx, p)
		rows = append(rows, measured...)
		if err != nil {
			return rows, errors.Join(fmt.Errorf("%s: %w", part.name, err), ctx.Err())
		}
	}
	if os.Getenv("JARI_OPENSEARCH_URL") != "" {
		err = p.store.deleteDocuments(ctx, warmService, probeService(idle), probeService(loaded), loadService, outageService)
	}
	return rows, errors.Join(err, checkLosses(rows))
}

// checkLosses returns an error if any row has lost records.
func checkLosses(rows []row) (err error) {
	for _, r := range rows {
		if r.Lost != nil && *r.Lost > 0 {
			err = errors.Join(err, fmt.Errorf("%s, %s, %s: %d lost", r.Part, r.Load, r.Variant, *r.Lost))
		}
	}
	return err
}

func (b *benchmark) build(ctx context.Context, pkg string) (program string, err error) {
	program = filepath.Join(b.tmp, filepath.Base(pkg))
	cmd := exec.CommandContext(ctx, "go", "build", "-buildvcs=false", "-o", program, pkg)
	cmd.Dir, cmd.Stderr = b.root, os.Stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("build %s: %w", pkg, err)
	}
	return program, nil
}
