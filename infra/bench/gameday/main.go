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
// system, which must page nobody; and two other systems: one whose alerts have the windows
// of production, and one with mistakes that the checks must find.
//
// It stops by itself:
//
//	go run ./infra/bench/gameday                         # every alert: docs/bench/gameday.json
//	go run ./infra/bench/gameday -only booking-latency   # one alert
//
// docs/bench/README.md explains the figures; a complete run writes docs/gameday.md, too.
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
	"strconv"
	"strings"
	"time"

	"jari.example/infra/bench"
	"jari.example/infra/bench/crowd"
	"jari.example/infra/bench/whole"
	"jari.example/infra/local/fault"
	"jari.example/internal/command"
	"jari.example/internal/wait"
)

func main() { command.Main("gameday", run) }

// options are the flags.
type options struct {
	chosen  []entry
	sample  int
	unknown bool
	seed    uint64
	calmFor time.Duration
	others  bool
	in      string
}

func (o *options) define(fs *flag.FlagSet) (check func() (complete bool, err error)) {
	rules := rulesOf(entries)
	only := fs.String("only", strings.Join(rules, ","), "alerts")
	fs.IntVar(&o.sample, "sample", 0, "only so many alerts, chosen by the commit, whose rounds are short")
	fs.BoolVar(&o.unknown, "unknown", true, "then pairs of faults that are drawn at random")
	fs.Uint64Var(&o.seed, "seed", rand.Uint64(), "of these pairs")
	fs.DurationVar(&o.calmFor, "calm", calmFor, "then how long a healthy system must page nobody; 0: leave it out")
	fs.BoolVar(&o.others, "others", true, "then a system with the windows of production, and one with mistakes, which must be found")
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
		slices.SortStableFunc(o.chosen, func(a, b entry) int { return a.order() - b.order() })
		return len(o.chosen) == len(entries) && o.unknown && o.calmFor >= calmFor && o.others && o.in == "", nil
	}
}

// rulesOf are the rules of entries, each once.
func rulesOf(entries []entry) (rules []string) {
	for _, e := range entries {
		rules = append(rules, e.Rule)
	}
	return slices.Compact(rules)
}

// sample are entries of n alerts whose rounds are short. Each commit begins at another one, so that
// some commits together prove all of these alerts. Of an alert with two entries it has the first.
func sample(n int, commit string) (chosen []entry, err error) {
	var short []entry // of each alert
	for _, e := range entries {
		if !e.Long && !slices.Contains(rulesOf(short), e.Rule) {
			short = append(short, e)
		}
	}
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
		Name: "gameday", Limit: timeLimit, Flags: g.define, Goals: goals, Chart: chart,
		Saved:   g.writePage,
		Measure: func(ctx context.Context, r bench.Run) ([]row, error) { g.Run = r; return g.measure(ctx) },
	}.Main(ctx, args, stdout, stderr)
}

// game is one run.
type game struct {
	options
	bench.Run
	rules  string                // directory of the rules by which the earliest times are computed
	about  map[string]fault.Rule // by name
	played []*round

	// Of the system that runs now.
	*whole.System
	scale    int
	crowds   []*crowd.Crowd // the first one is in the region in which most faults are
	runbooks string         // directory; "": those that are built in
	begun    []*round       // rounds so far
	checked  time.Time      // when it was asked for unrelated pages; zero: never
}

// mailRate lets SES take far more mails than the crowds cause, so that what waited in one round
// is sent before the next ones.
const mailRate = "JARI_MAIL_RATE=100"

// The rates of the crowds, as shares of those of the flows. Two cores run everything: with more load
// a slow machine falls behind with its telemetry, and every message is late.
var shares = map[string]float64{"kr": 0.6, "us": 0.3}

func (g *game) measure(ctx context.Context) (rows []row, err error) {
	g.rules = filepath.Join(g.Root, "alerting", "slos")
	all, err := fault.Rules(g.rules)
	if err != nil {
		return nil, err
	}
	g.about = map[string]fault.Rule{}
	for _, r := range all {
		g.about[r.Name] = r
	}
	dir, err := os.MkdirTemp("", "jari-gameday-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := withoutFlags(g.rules, dir); err != nil {
		return nil, err
	}
	hidden := "JARI_SLO_DIR=" + dir
	rows, err = g.inSystem(ctx, setup{"", alertTimeScale, []string{hidden}}, g.rounds)
	if err != nil || !g.others {
		return rows, err
	}
	otherAgent := func(ctx context.Context) ([]row, error) { return g.otherAgent(ctx, hidden) }
	for _, other := range []func(context.Context) ([]row, error){otherAgent, g.unscaled, g.control} {
		more, err := other(ctx)
		rows = append(rows, more...)
		if err != nil {
			return rows, err
		}
	}
	return rows, nil
}

// setup is how a system is started.
type setup struct {
	name        string // of a system besides the first one: what it differs in
	scale       int    // how many times faster its alerts are
	environment []string
}

// inSystem starts a system with its crowds, plays there, and stops it.
func (g *game) inSystem(ctx context.Context, s setup, play func(context.Context) ([]*round, error)) (rows []row, err error) {
	g.scale, g.crowds, g.begun, g.checked = s.scale, nil, nil, time.Time{}
	if g.in != "" {
		g.System, err = whole.Attach(ctx, g.Root, g.in)
	} else {
		g.Logf("building and starting the whole system")
		environment := append([]string{mailRate}, s.environment...)
		g.System, err = whole.Start(ctx, g.Root, environment, "--fault-proxies", "--alert-time-scale", strconv.Itoa(s.scale))
	}
	defer func() { err = errors.Join(err, g.Stop()) }()
	if err != nil {
		return nil, err
	}
	for _, region := range []string{"kr", "us"} {
		c, err := crowd.New(ctx, g.URL("edge"), region)
		if err != nil {
			return nil, err
		}
		c.Start(shares[region])
		defer c.Stop()
		g.crowds = append(g.crowds, c)
	}
	rounds, err := play(ctx)
	if len(rounds) == 0 {
		return nil, err
	}
	_ = wait.For(ctx, g.tick()) // the replay ends with the last complete second, and alertingd has seen a part of the next one
	all, replayErr := g.replay(context.WithoutCancel(ctx))
	for _, r := range rounds {
		r.system = s.name
		rows = append(rows, r.row(all))
	}
	g.played = append(g.played, rounds...)
	return rows, errors.Join(err, replayErr)
}

// rounds plays the chosen entries, then what the options ask for.
func (g *game) rounds(ctx context.Context) (all []*round, err error) {
	if all, err = g.playAll(ctx, g.chosen); err != nil {
		return all, err
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

// playAll plays the entries one after the other. The next one does not wait until the
// incident of the one before is resolved, unless its own alert is the same or muted by it.
func (g *game) playAll(ctx context.Context, entries []entry) (all []*round, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer func() {
		if err != nil {
			cancel() // nobody waits for the ends
		}
		for _, r := range all {
			r.awaitEnd(ctx, g)
		}
		if err == nil {
			err = g.unrelated(ctx)
		}
		cancel()
	}()
	for i, e := range entries {
		g.Logf("%d of %d: %s by %s", i+1, len(entries), e.Rule, e.how())
		r, err := g.play(ctx, e)
		if err != nil {
			return all, err
		}
		for _, p := range r.problems {
			g.Logf("  PROBLEM %s", p)
		}
		all = append(all, r)
		if e.First { // what it leaves behind must not fall into other rounds
			left := append([]string{e.Rule}, e.Also...)
			for _, rule := range left {
				if err := g.awaitCalm(ctx, rule, left); err != nil {
					return all, err
				}
			}
		}
	}
	return all, nil
}
