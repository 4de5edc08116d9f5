// Command gameday proves the alerts: it starts everything that `make up` starts, with
// data and ports of its own and with proxies that make servers slow, sends a steady load
// through the edge, injects one fault after the other, and checks what on-call learns:
//
//  1. The alert fires, and no unrelated page, within the earliest possible time, the lag
//     of the pipeline and two ticks.
//  2. The message names the injected cause, and its example traces contain the fault.
//  3. The steps of its runbook run and name the cause.
//  4. It resolves after the fault. No event is lost, and no booking invariant is broken.
//
// Then come pairs of faults that are drawn at random, and twenty minutes of a healthy
// system, which must page nobody.
//
// It stops by itself:
//
//	go run ./infra/bench/gameday                         # every alert: docs/bench/gameday.json
//	go run ./infra/bench/gameday -only booking-latency   # one alert
//
// docs/gameday.md explains the results.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"jari.example/infra/bench"
	"jari.example/infra/bench/whole"
	"jari.example/internal/command"
)

func main() { command.Main("gameday", run) }

// options are the flags.
type options struct {
	chosen  []entry
	sample  int
	unknown bool
	seed    uint64
	calmFor time.Duration
	in      string
}

func (o *options) define(fs *flag.FlagSet) (check func() (complete bool, err error)) {
	rules := rulesOf(entries)
	only := fs.String("only", strings.Join(rules, ","), "alerts")
	fs.IntVar(&o.sample, "sample", 0, "only so many alerts, chosen by the commit, whose rounds are short")
	fs.BoolVar(&o.unknown, "unknown", true, "then pairs of faults that are drawn at random")
	fs.Uint64Var(&o.seed, "seed", rand.Uint64(), "of these pairs")
	fs.DurationVar(&o.calmFor, "calm", calmFor, "then how long a healthy system must page nobody; 0: leave it out")
	fs.StringVar(&o.in, "in", "", "the `directory` of a system that runs, with --fault-proxies, in place of a new one")
	return func() (bool, error) {
		var chosen []string
		if err := bench.Choose(&chosen, *only, rules); err != nil {
			return false, err
		}
		o.chosen = slices.DeleteFunc(slices.Clone(entries), func(e entry) bool { return !slices.Contains(chosen, e.Rule) })
		if o.sample > 0 {
			var err error
			if o.chosen, err = sample(o.sample, bench.Commit()); err != nil {
				return false, err
			}
		}
		return len(o.chosen) == len(entries) && o.unknown && o.calmFor >= calmFor && o.in == "", nil
	}
}

// rulesOf are the rules of entries, each once.
func rulesOf(entries []entry) (rules []string) {
	for _, e := range entries {
		rules = append(rules, e.Rule)
	}
	return slices.Compact(rules)
}

// sample are n entries with short rounds. Each commit begins at another one, so that some
// commits together prove all of them.
func sample(n int, commit string) (chosen []entry, err error) {
	short := slices.DeleteFunc(slices.Clone(entries), func(e entry) bool { return e.Long })
	if n > len(short) {
		return nil, fmt.Errorf("-sample is %d; there are %d alerts with short rounds", n, len(short))
	}
	hash := fnv.New32()
	_, _ = hash.Write([]byte(commit)) // cannot fail
	for i := range n {
		chosen = append(chosen, short[(int(hash.Sum32()%uint32(len(short)))+i)%len(short)])
	}
	return chosen, nil
}

// timeLimit ends a run that hangs.
const timeLimit = 4 * time.Hour

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	g := &game{}
	return bench.Program[row]{
		Name: "gameday", Limit: timeLimit, Flags: g.define, Goals: goals,
		Chart:   func([]row) bench.Chart { return bench.Chart{} },
		Saved:   g.writePage,
		Measure: func(ctx context.Context, r bench.Run) ([]row, error) { g.Run = r; return g.measure(ctx) },
	}.Main(ctx, args, stdout, stderr)
}

// game is one run.
type game struct {
	options
	bench.Run
	*whole.System
	rules  string // directory of the rules by which the earliest times are computed
	played []*round
	crowds []*crowd // the first one is in the region in which most faults are
}

// The rates of the crowds, as shares of those of the flows.
var shares = map[string]float64{"kr": 1, "us": 0.5}

func (g *game) measure(ctx context.Context) (rows []row, err error) {
	g.rules = filepath.Join(g.Root, "alerting", "slos")
	dir, err := os.MkdirTemp("", "jari-gameday-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := withoutFlags(g.rules, dir); err != nil {
		return nil, err
	}
	if g.in != "" {
		g.System, err = whole.Attach(ctx, g.Root, g.in)
	} else {
		g.Logf("building and starting the whole system")
		g.System, err = whole.Start(ctx, g.Root, []string{"JARI_SLO_DIR=" + dir}, "--fault-proxies")
	}
	defer func() { err = errors.Join(err, g.Stop()) }()
	if err != nil {
		return nil, err
	}
	for _, region := range []string{"kr", "us"} {
		c, err := newCrowd(ctx, g.URL("edge"), region)
		if err != nil {
			return nil, err
		}
		c.start(shares[region])
		defer c.stop()
		g.crowds = append(g.crowds, c)
	}
	g.played, err = g.rounds(ctx)
	if len(g.played) == 0 {
		return nil, err
	}
	all, replayErr := g.replay(context.WithoutCancel(ctx))
	for _, r := range g.played {
		rows = append(rows, r.row(all))
	}
	return rows, errors.Join(err, replayErr)
}

func (g *game) rounds(ctx context.Context) (all []*round, err error) {
	for i, e := range g.chosen {
		g.Logf("%d of %d: %s by %s %s", i+1, len(g.chosen), e.Rule, e.Fault, strings.Join(e.Args, " "))
		r, err := g.play(ctx, e)
		if err != nil {
			return all, err
		}
		for _, p := range r.problems {
			g.Logf("  PROBLEM %s", p)
		}
		all = append(all, r)
	}
	if g.unknown {
		more, err := g.playUnknown(ctx)
		all = append(all, more...)
		if err != nil {
			return all, err
		}
	}
	if g.calmFor > 0 {
		r, err := g.calm(ctx)
		return append(all, r), err
	}
	return all, nil
}
