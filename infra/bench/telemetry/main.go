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
}

func (o *options) define(fs *flag.FlagSet) (check func() (complete bool, err error)) {
	only := fs.String("only", strings.Join(all, ","), "parts")
	load := fs.String("load", strings.Join(loads, ","), "price: loads")
	seconds := fs.Float64("seconds", 11, "price: measured seconds of each run; below 10 they may contain no export of metrics")
	warm := fs.Float64("warm", 1, "price: seconds of load before the measurement")
	fs.IntVar(&o.pairs, "pairs", 5, "price: rounds, with a run of every variant in each; the table shows medians")
	fs.IntVar(&o.rate, "rate", 1000, "price: requests per second of the fixed load")
	fs.IntVar(&o.records, "records", 400_000, "ship: number of records")
	fs.DurationVar(&o.watch, "watch", 60*time.Second, "latency: measured time of each load")
	fs.DurationVar(&o.outage, "outage", 60*time.Second, "drain: how long OpenSearch is unreachable")
	return func() (bool, error) {
		o.seconds, o.warm = time.Duration(*seconds*float64(time.Second)), time.Duration(*warm*float64(time.Second))
		err := errors.Join(bench.Choose(&o.only, *only, all), bench.Choose(&o.loads, *load, loads))
		if o.pairs < 1 || o.rate < 1 || o.seconds <= 0 || o.records < 1 || o.watch <= 0 || o.outage <= 0 {
			err = errors.Join(err, errors.New("-pairs, -rate, -seconds, -records, -watch and -outage must be positive"))
		}
		return len(o.only) == len(all) && len(o.loads) == len(loads) && o.pairs >= 5 && o.seconds > period, err
	}
}

// timeLimit ends a run that hangs. A complete one takes about 13 minutes.
const timeLimit = 20 * time.Minute

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	b := &benchmark{}
	return bench.Program[row]{
		Name: "telemetry", Limit: timeLimit, Profiles: true, Flags: b.define, Chart: chart,
		Measure: func(ctx context.Context, r bench.Run) ([]row, error) { b.Run = r; return b.measure(ctx) },
		Goals:   func(rows []row) []bench.Goal { return goals(rows, b.outage) },
	}.Main(ctx, args, stdout, stderr)
}

// benchmark runs the parts that the flags select.
type benchmark struct {
	options
	bench.Run
	tmp string
	at  ports.Offset

	emitter, benchship string // paths of programs
}

func (b *benchmark) measure(ctx context.Context) (rows []row, err error) {
	offset, release, err := ports.Reserve(b.Root + "/bench-telemetry")
	if err != nil {
		return nil, err
	}
	defer release()
	b.at = offset
	if b.tmp, err = os.MkdirTemp("", "jari-bench-telemetry-"); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(b.tmp)) }()
	if slices.Contains(b.only, price) {
		if rows, err = b.measurePrice(ctx); err != nil {
			return nil, fmt.Errorf("price: %w", err)
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
	b.Logf("building telemetryemit and benchship, starting OpenSearch and the agent")
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
			return rows, fmt.Errorf("%s: %w", part.name, err)
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
	cmd.Dir, cmd.Stderr = b.Root, os.Stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("build %s: %w", pkg, err)
	}
	return program, nil
}
