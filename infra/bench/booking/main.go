// Command booking measures how fast seats are sold: the same closed-loop load
// over HTTP against the same service with four stores. It starts all it needs,
// including a PostgreSQL on each disk, and stops by itself:
//
//	go run ./infra/bench/booking                       # everything: docs/bench/booking.json
//	go run ./infra/bench/booking -only hot-slot -disk ram -runs 1 -seconds 2
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
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"jari.example/infra/bench"
	"jari.example/infra/bench/rig"
	"jari.example/infra/local/ports"
	"jari.example/infra/local/repo"
	"jari.example/internal/command"
)

func main() {
	// The load generator shares the machine with what it measures. One Go thread
	// costs half of what several threads cost that wake one another.
	runtime.GOMAXPROCS(1)
	if len(os.Args) == 2 && os.Args[1] == rig.NullArgument {
		fmt.Fprintln(os.Stderr, rig.ServeNull())
		os.Exit(1)
	}
	command.Main("booking", run)
}

// options are the flags.
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
	disk := fs.String("disk", rig.RAM+","+rig.RealDisk, "disks of the database")
	seconds := fs.Float64("seconds", 2.5, "measured seconds of each run")
	warm := fs.Float64("warm", 0.5, "seconds of load before the measurement")
	fs.IntVar(&o.runs, "runs", 3, "runs of each cell; the table shows their medians")
	fs.IntVar(&o.requests, "rush", 20_000, "requests of the scenario sold-out-rush")
	fs.StringVar(&o.out, "out", "", "directory for booking.json and booking.svg (default: docs/bench for a complete run, none for a part)")
	fs.StringVar(&o.profile, "profile", "", "directory for a CPU profile of the service and the slowest statements of each run")
	if err := fs.Parse(args); err != nil {
		return o, err
	}
	o.seconds, o.warm = time.Duration(*seconds*float64(time.Second)), time.Duration(*warm*float64(time.Second))
	o.only, o.stores, o.disks = strings.Split(*only, ","), strings.Split(*store, ","), strings.Split(*disk, ",")
	for _, c := range []struct{ given, known []string }{
		{o.only, scenarioNames()}, {o.stores, stores}, {o.disks, []string{rig.RAM, rig.RealDisk}},
	} {
		for _, g := range c.given {
			if !slices.Contains(c.known, g) {
				return o, fmt.Errorf("%q is not one of %s", g, strings.Join(c.known, ", "))
			}
		}
	}
	if o.runs < 1 || o.seconds <= 0 || o.requests < 1 || fs.NArg() > 0 {
		return o, errors.New("-runs, -seconds and -rush must be positive, and there are no arguments")
	}
	complete := len(o.only) == len(scenarios) && len(o.stores) == len(stores) && len(o.disks) == 2 && o.runs >= 3
	if o.out == "" && complete {
		o.out = filepath.Join("docs", "bench")
	}
	return o, nil
}

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
	fmt.Fprintf(stdout, "\nThe load generator uses %.1f µs of CPU per request. The results do not include it, but it shares the machine.\n",
		float64(b.loadCost)/float64(time.Microsecond))
	if o.out == "" {
		return nil
	}
	if !filepath.IsAbs(o.out) {
		o.out = filepath.Join(root, o.out)
	}
	return report.Save(o.out, chart(rows, o.stores))
}

// benchmark runs what the flags select.
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
	b.logf("building reservationd with all stores")
	if b.program, err = rig.Build(ctx, b.root, tmp, rig.BenchReservationd); err != nil {
		return nil, err
	}
	if b.loadCost, err = rig.LoadCost(ctx, min(b.seconds, 2*time.Second)); err != nil {
		return nil, err
	}
	b.logf("the load generator uses %v of CPU per request", b.loadCost)
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

// onDisk measures every cell on one disk. The runs of one scenario alternate
// between the stores, so that other work of the machine affects all of them.
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
		b.logf("this PostgreSQL has no pg_stat_statements: statements_per_booking stays null")
	}
	// The service creates the schema.
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
