// Command booking measures how fast seats are sold: the same closed-loop load
// over HTTP against the same service with five stores. It starts all it needs,
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
	"runtime"
	"slices"
	"strings"
	"time"

	"jari.example/infra/bench"
	"jari.example/infra/bench/rig"
	"jari.example/infra/local/ports"
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
}

func (o *options) define(fs *flag.FlagSet) (check func() (complete bool, err error)) {
	only := fs.String("only", strings.Join(scenarioNames(), ","), "scenarios")
	store := fs.String("store", strings.Join(stores, ","), "stores")
	disk := fs.String("disk", rig.RAM+","+rig.RealDisk, "disks of the database")
	seconds := fs.Float64("seconds", 2.5, "measured seconds of each run")
	warm := fs.Float64("warm", 0.5, "seconds of load before the measurement")
	fs.IntVar(&o.runs, "runs", 3, "runs of each cell; the table shows their medians")
	fs.IntVar(&o.requests, "rush", 20_000, "requests of the scenario sold-out-rush")
	return func() (bool, error) {
		o.seconds, o.warm = time.Duration(*seconds*float64(time.Second)), time.Duration(*warm*float64(time.Second))
		err := errors.Join(
			bench.Choose(&o.only, *only, scenarioNames()),
			bench.Choose(&o.stores, *store, stores),
			bench.Choose(&o.disks, *disk, []string{rig.RAM, rig.RealDisk}))
		if o.runs < 1 || o.seconds <= 0 || o.requests < 1 {
			err = errors.Join(err, errors.New("-runs, -seconds and -rush must be positive"))
		}
		return len(o.only) == len(scenarios) && len(o.stores) == len(stores) && len(o.disks) == 2 && o.runs >= 3, err
	}
}

// timeLimit ends a run that hangs. A complete one takes about 15 minutes.
const timeLimit = 30 * time.Minute

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	b := &benchmark{}
	err := bench.Program[row]{
		Name: "booking", Limit: timeLimit, Profiles: true, Flags: b.define, Goals: goals,
		Measure: func(ctx context.Context, r bench.Run) ([]row, error) { b.Run = r; return b.measure(ctx) },
		Chart:   func(rows []row) bench.Chart { return chart(rows, b.stores) },
	}.Main(ctx, args, stdout, stderr)
	if b.loadCost > 0 {
		fmt.Fprintf(stdout, "\nThe load generator uses %.1f µs of CPU per request. The results do not include it, but it shares the machine.\n",
			float64(b.loadCost)/float64(time.Microsecond))
	}
	return err
}

// benchmark runs what the flags select.
type benchmark struct {
	options
	bench.Run
	loadCost time.Duration
	program  string
	at       ports.Offset
	sink     *rig.Sink
}

func (b *benchmark) measure(ctx context.Context) (rows []row, err error) {
	offset, release, err := ports.Reserve(b.Root + "/bench")
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
	b.Logf("building reservationd with all stores")
	if b.program, err = rig.Build(ctx, b.Root, tmp, rig.BenchReservationd); err != nil {
		return nil, err
	}
	if b.loadCost, err = rig.LoadCost(ctx, min(b.seconds, 2*time.Second)); err != nil {
		return nil, err
	}
	b.Logf("the load generator uses %v of CPU per request", b.loadCost)
	if b.sink, err = rig.StartSink(); err != nil {
		return nil, err
	}
	defer b.sink.Close()
	for _, disk := range b.disks {
		measured, err := b.onDisk(ctx, disk)
		if err != nil {
			return nil, err
		}
		rows = append(rows, measured...)
	}
	return rows, nil
}

// onDisk measures every cell on one disk. The runs of one scenario alternate
// between the stores, so that other work of the machine affects all of them.
func (b *benchmark) onDisk(ctx context.Context, disk string) (rows []row, err error) {
	dir, err := rig.MakeDir(b.Root, disk)
	if err != nil {
		return nil, err
	}
	b.Logf("starting PostgreSQL on disk %s", disk)
	db, err := rig.StartDatabase(ctx, b.Root, dir, b.at, disk)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	defer func() { err = errors.Join(err, db.Remove()) }()
	if !db.CountsStatements {
		b.Logf("this PostgreSQL has no pg_stat_statements: statements_per_booking stays null")
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
