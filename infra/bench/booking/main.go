// Command booking measures how fast seats are sold: the same closed-loop load
// over HTTP against the same service with four stores. It starts all it needs,
// a PostgreSQL of its own on each disk, and stops by itself:
//
//	go run ./infra/bench/booking                       # everything: docs/bench/booking.json
//	go run ./infra/bench/booking -only hot-slot -disk ram -runs 1 -seconds 2
//
// docs/bench/README.md says how the figures come about.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"jari.example/infra/bench"
	"jari.example/infra/bench/rig"
	"jari.example/infra/local/ports"
)

func main() {
	// The load shares the machine with what it measures: one thread of Go's
	// costs half of what several that wake one another do.
	runtime.GOMAXPROCS(1)
	if len(os.Args) == 2 && os.Args[1] == rig.NullArgument {
		fmt.Fprintln(os.Stderr, rig.ServeNull())
		os.Exit(1)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "booking:", err)
		os.Exit(1)
	}
}

// options are what one can ask for.
type options struct {
	only, stores, disks []string
	seconds, warm       time.Duration
	runs, requests      int
	out, profile        string
}

func parse(args []string, stderr io.Writer) (o options, err error) {
	fs := flag.NewFlagSet("booking", flag.ContinueOnError)
	fs.SetOutput(stderr)
	only := fs.String("only", strings.Join(scenarioNames(), ","), "scenarios")
	store := fs.String("store", strings.Join(stores, ","), "stores")
	disk := fs.String("disk", rig.RAM+","+rig.RealDisk, "where the database lies")
	seconds := fs.Float64("seconds", 2.5, "how long each run is measured")
	warm := fs.Float64("warm", 0.5, "seconds of load before that")
	fs.IntVar(&o.runs, "runs", 3, "runs of each; the table shows their medians")
	fs.IntVar(&o.requests, "rush", 20_000, "requests of the sold-out rush")
	fs.StringVar(&o.out, "out", "", "directory for booking.json and booking.svg (docs/bench for a whole run, none for a part)")
	fs.StringVar(&o.profile, "profile", "", "directory for a CPU profile of the service and the dearest statements of each run")
	if err := fs.Parse(args); err != nil {
		return o, err
	}
	o.seconds, o.warm = time.Duration(*seconds*float64(time.Second)), time.Duration(*warm*float64(time.Second))
	o.only, o.stores, o.disks = strings.Split(*only, ","), strings.Split(*store, ","), strings.Split(*disk, ",")
	for _, c := range []struct{ given, known []string }{{o.only, scenarioNames()}, {o.stores, stores}, {o.disks, []string{rig.RAM, rig.RealDisk}}} {
		for _, g := range c.given {
			if !slices.Contains(c.known, g) {
				return o, fmt.Errorf("%q is none of %s", g, strings.Join(c.known, ", "))
			}
		}
	}
	if o.runs < 1 || o.seconds <= 0 || o.requests < 1 || fs.NArg() > 0 {
		return o, errors.New("runs, seconds and rush must be positive, and there are no arguments")
	}
	if whole := o; o.out == "" && len(whole.only) == len(scenarios) && len(whole.stores) == len(stores) && len(whole.disks) == 2 && o.runs >= 3 {
		o.out = filepath.Join("docs", "bench")
	}
	return o, nil
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o, err := parse(args, stderr)
	if err != nil {
		return err
	}
	root, err := rig.Clone()
	if err != nil {
		return err
	}
	b := &benchmark{options: o, root: root, logf: func(format string, args ...any) { fmt.Fprintf(stderr, format+"\n", args...) }}
	rows, err := b.measure(ctx)
	if err != nil {
		return err
	}
	report := bench.New("booking", rows)
	if err := report.Table(stdout); err != nil {
		return err
	}
	fmt.Fprintln(stdout)
	if err := bench.WriteGoals(stdout, goals(rows)); err != nil {
		return err
	}
	fmt.Fprintf(stdout, "\nThe load itself costs %.1f µs of CPU per request; it is not in the figures, but shares the machine.\n",
		float64(b.loadCost)/float64(time.Microsecond))
	if o.out == "" {
		return nil
	}
	if !filepath.IsAbs(o.out) {
		o.out = filepath.Join(root, o.out)
	}
	return report.Save(o.out, chart(rows, o.stores))
}

// benchmark is a run of everything that was asked for.
type benchmark struct {
	options
	root     string
	logf     func(format string, args ...any)
	loadCost time.Duration
	program  string
	at       ports.Offset
	sink     *rig.Sink
}

func (b *benchmark) measure(ctx context.Context) (rows []row, err error) {
	offset, release, err := ports.Reserve(b.root + "/bench")
	if err != nil {
		return nil, err
	}
	defer release()
	b.at = offset
	tmp, err := os.MkdirTemp("", "jari-bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(tmp)
	b.logf("building reservationd with the strategies in it")
	if b.program, err = rig.Build(ctx, b.root, tmp, "strategies"); err != nil {
		return nil, err
	}
	if b.loadCost, err = rig.LoadCost(ctx, min(b.seconds, 2*time.Second)); err != nil {
		return nil, err
	}
	b.logf("the load costs %v of CPU per request", b.loadCost)
	if b.profile != "" {
		if err := os.MkdirAll(b.profile, 0o755); err != nil {
			return nil, err
		}
	}
	if b.sink, err = rig.StartSink(); err != nil {
		return nil, err
	}
	defer b.sink.Close()
	for _, disk := range b.disks {
		measured, err := b.onDisk(ctx, disk)
		if err != nil {
			return nil, errors.Join(err, ctx.Err())
		}
		rows = append(rows, measured...)
	}
	return rows, nil
}

// onDisk measures every cell on one disk. Runs of the stores of one scenario
// alternate, so that whatever else the machine does meets all of them.
func (b *benchmark) onDisk(ctx context.Context, disk string) (rows []row, err error) {
	dir, err := rig.MakeDir(b.root, disk)
	if err != nil {
		return nil, err
	}
	b.logf("starting PostgreSQL on disk %s", disk)
	db, err := rig.StartDatabase(ctx, b.root, dir, b.at, disk)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	defer func() { err = errors.Join(err, db.Remove()) }()
	if !db.CountsStatements {
		b.logf("this PostgreSQL has no pg_stat_statements: statements_per_booking stays empty")
	}
	// The service makes the schema.
	s, err := b.startService(ctx, "grouped", db, dir)
	if err != nil {
		return nil, err
	}
	if err := s.Stop(); err != nil {
		return nil, err
	}
	cells := plan([]string{disk}, b.only, b.stores)
	for group := range slices.Chunk(cells, len(b.stores)) {
		runs := make([][]measurement, len(group))
		for i := range b.runs {
			for j := range group {
				j = (i + j) % len(group)
				o, err := b.runOnce(ctx, db, dir, group[j], i)
				if err != nil {
					return nil, fmt.Errorf("%s, %s, disk %s: %w", group[j].store, group[j].name, disk, err)
				}
				runs[j] = append(runs[j], o)
			}
		}
		for j, c := range group {
			rows = append(rows, summarise(c, runs[j]))
		}
	}
	return rows, nil
}
