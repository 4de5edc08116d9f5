// Command rush measures what one press of the button costs the whole system: it
// starts everything that `make up` starts, with data and ports of its own, and
// sends load through the front door:
//
//	rush     20,000 diners book one slot, each once: a closed loop
//	evening  diners look, search, book and cancel: an open loop
//	fault    a rush in whose middle the database fails
//	mails    bookings while 20,000 mails are sent, and while none is
//	idle     no load at all
//
// It stops by itself:
//
//	go run ./infra/bench/rush               # everything: docs/bench/rush.json
//	go run ./infra/bench/rush -only rush -path gateway -runs 1 -diners 2000
//
// docs/bench/README.md explains the results.
package main

import (
	"context"
	"errors"
	"flag"
	"io"
	"runtime"
	"strings"
	"time"

	"jari.example/infra/bench"
	"jari.example/internal/command"
)

func main() {
	// The load generator shares the machine with what it measures. One Go thread
	// costs half of what several threads cost that wake one another.
	runtime.GOMAXPROCS(1)
	command.Main("rush", run)
}

// The scenarios.
const (
	rush    = "rush"
	evening = "evening"
	fault   = "fault"
	mails   = "mails"
	idling  = "idle"
)

// The paths: which part a request reaches first.
const (
	direct  = "direct" // the reservation service
	gateway = "gateway"
	edge    = "edge"
)

var (
	scenarios = []string{rush, evening, fault, mails, idling}
	paths     = []string{direct, gateway, edge}
)

// options are the flags.
type options struct {
	only, paths         []string
	runs                int
	diners, connections int
	seconds             time.Duration
	highest             bool
	against             string
}

func (o *options) define(fs *flag.FlagSet) (check func() (complete bool, err error)) {
	only := fs.String("only", strings.Join(scenarios, ","), "scenarios")
	path := fs.String("path", strings.Join(paths, ","), "paths; the scenario evening has no direct one")
	seconds := fs.Float64("seconds", 20, "evening, mails: measured seconds of each run")
	fs.IntVar(&o.runs, "runs", 3, "runs of each row; the table shows their medians")
	fs.IntVar(&o.diners, "diners", 20_000, "rush: number of diners; each sends one request")
	fs.IntVar(&o.connections, "connections", 256, "connections of the load generator")
	fs.BoolVar(&o.highest, "highest", true, "evening: look for the highest rate whose p99 is good enough, too")
	fs.StringVar(&o.against, "against", "", "a commit that is measured, too, in alternation")
	return func() (bool, error) {
		o.seconds = time.Duration(*seconds * float64(time.Second))
		err := errors.Join(bench.Choose(&o.only, *only, scenarios), bench.Choose(&o.paths, *path, paths))
		if o.runs < 1 || o.diners < 1 || o.connections < 1 || o.seconds <= 0 {
			err = errors.Join(err, errors.New("-runs, -diners, -connections and -seconds must be positive"))
		}
		return len(o.only) == len(scenarios) && len(o.paths) == len(paths) && o.runs >= 3 && o.diners >= 20_000 &&
			o.connections == 256 && o.highest, err
	}
}

// timeLimit ends a run that hangs.
const timeLimit = time.Hour

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	b := &benchmark{}
	return bench.Program[row]{
		Name: "rush", Limit: timeLimit, Flags: b.define, Goals: goals, Chart: chart, Profiles: true,
		Measure: func(ctx context.Context, r bench.Run) ([]row, error) { b.Run = r; return b.measure(ctx) },
	}.Main(ctx, args, stdout, stderr)
}

// benchmark runs what the flags select.
type benchmark struct {
	options
	bench.Run
	*system // the one that runs
	build   build
}

// measure runs every load once in each round, so that other work of the machine
// affects all of them. A later round begins with another load, and with another
// build.
func (b *benchmark) measure(ctx context.Context) (rows []row, err error) {
	builds, remove, err := b.builds(ctx)
	defer func() { err = errors.Join(err, remove()) }()
	if err != nil {
		return nil, err
	}
	loads := b.loads()
	runs := map[cell][]measurement{}
	var more []row
	rounds := b.runs
	if len(loads) == 0 && !b.includes(fault) {
		rounds = 0
	}
	for n := range rounds {
		for i := range builds {
			b.build = builds[(i+n)%len(builds)]
			last := n == rounds-1 && b.build.name == this
			err = b.onSystem(ctx, unboundedMails, func() error {
				err := b.round(ctx, n, runs)
				if err == nil && last {
					more, err = b.once(ctx)
				}
				return err
			})
			if err != nil {
				break
			}
		}
		if err != nil {
			break
		}
	}
	if err == nil && (b.includes(mails) || b.includes(idling)) {
		b.build = builds[len(builds)-1]
		err = b.onSystem(ctx, "", func() error {
			r, err := b.asStarted(ctx, runs)
			more = append(more, r...)
			return err
		})
	}
	for _, one := range builds {
		for _, l := range append(loads, mailLoads...) {
			if measured := runs[cell{one.name, l}]; len(measured) > 0 {
				rows = append(rows, summarise(l, one.name, measured))
			}
		}
	}
	return append(rows, more...), err
}

// cell is what a row is made of: all runs of a load with one build.
type cell struct {
	build string
	load
}

// round runs every load once.
func (b *benchmark) round(ctx context.Context, n int, runs map[cell][]measurement) error {
	loads := b.loads()
	for i := range loads {
		l := loads[(i+n)%len(loads)]
		m, err := b.runOnce(ctx, l, n)
		if err != nil {
			return err
		}
		runs[cell{b.build.name, l}] = append(runs[cell{b.build.name, l}], m)
	}
	return nil
}

// once measures the rows of a single run.
func (b *benchmark) once(ctx context.Context) (rows []row, err error) {
	for _, m := range []struct {
		wanted  bool
		measure func(context.Context) (row, error)
	}{{b.highest && b.includes(evening), b.findHighest}, {b.includes(fault), b.measureFault}} {
		if !m.wanted {
			continue
		}
		r, err := m.measure(ctx)
		if err != nil {
			return rows, err
		}
		rows = append(rows, r)
	}
	return rows, nil
}

// asStarted measures what needs a system as users start it.
func (b *benchmark) asStarted(ctx context.Context, runs map[cell][]measurement) (rows []row, err error) {
	if b.includes(idling) {
		r, err := b.measureIdle(ctx)
		if err != nil {
			return nil, err
		}
		rows = append(rows, r)
	}
	if b.includes(mails) {
		err = b.mailRounds(ctx, runs)
	}
	return rows, err
}

// unboundedMails is a quota that does not bound the mails of a load, so that all their
// cost belongs to it.
const unboundedMails = "JARI_MAIL_RATE=1000"

// onSystem calls f while a system of the present build runs. setting is a variable of
// its environment; "": none.
func (b *benchmark) onSystem(ctx context.Context, setting string, f func() error) (err error) {
	b.Logf("building and starting the whole system (%s)", b.build.name)
	var environment []string
	if setting != "" {
		environment = append(environment, setting)
	}
	b.system, err = startSystem(ctx, b.build.clone, environment...)
	defer func() { err = errors.Join(err, b.stop()) }()
	if err != nil {
		return err
	}
	return f()
}
