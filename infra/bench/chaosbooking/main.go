// Command chaosbooking sells restaurants out, again and again, while it kills
// the sellers and their database, loses requests and answers, and then looks
// whether a single promise to diners was broken. `make chaos-booking` runs it
// at length, `make test` for half a minute.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"syscall"
	"time"

	"jari.example/infra/bench"
	"jari.example/infra/bench/chaosbooking/invariants"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "chaosbooking:", err)
		os.Exit(1)
	}
}

// earlyShare is the share of kills that must land before the sell-out: afterwards a
// seller has little left to get wrong. Of a few kills a share says little, so
// the short campaign asks for less.
func (s settings) earlyShare() float64 {
	if s.sellouts < 20 {
		return 0.5
	}
	return 0.8
}

type settings struct {
	sellouts int
	seed     uint64
	save     string // directory of the report; "": none is written
	store    string // one of the benchmark's strategies instead of the service's own way of booking
	keep     bool
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	var s settings
	fs := flag.NewFlagSet("chaosbooking", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.IntVar(&s.sellouts, "sellouts", 100, "how many; each has one kill")
	fs.Uint64Var(&s.seed, "seed", rand.Uint64(), "of what diners, proxies and the killer choose; threads choose for themselves")
	fs.StringVar(&s.save, "save", "", "directory to write the report to (docs/bench)")
	fs.StringVar(&s.store, "store", "", "book in another way (read_then_write), to see it convicted")
	fs.BoolVar(&s.keep, "keep", false, "leave data and logs behind")
	if err := fs.Parse(args); err != nil {
		return err
	}
	if fs.NArg() > 0 || s.sellouts < 1 {
		return errors.New("usage: chaosbooking [flags]; -h lists them")
	}
	v, err := runExperiment(ctx, s, stdout)
	if err != nil {
		return err
	}
	return report(s, v, stdout)
}

// runExperiment runs the campaign on a system of its own, of which nothing is left.
func runExperiment(ctx context.Context, s settings, out io.Writer) (v invariants.Result, err error) {
	began := time.Now()
	fmt.Fprintf(out, "seed %d; starting Postgres, SES and two sellers\n", s.seed)
	sys, err := start(ctx, s)
	if err != nil {
		return v, err
	}
	// The end is not cut short by the Ctrl-C that ended the campaign.
	defer func() { err = errors.Join(err, sys.stop(err != nil && ctx.Err() == nil)) }()
	fmt.Fprintf(out, "up after %s\n", time.Since(began).Round(100*time.Millisecond))

	c := newExperiment(sys, s.seed)
	for n := range s.sellouts {
		line, err := c.sellout(ctx, n)
		if err != nil {
			return v, fmt.Errorf("sell-out %d: %w", n+1, err)
		}
		fmt.Fprintf(out, "%3d  %s\n", n+1, line)
	}
	fmt.Fprintf(out, "sold out after %s; waiting for the last mails\n", time.Since(began).Round(time.Second))
	if err := sys.drain(ctx); err != nil {
		return v, err
	}
	world, err := sys.collect(ctx, c.recorder)
	if err != nil {
		return v, err
	}
	v = invariants.Check(world, invariants.Minimum{Kills: s.sellouts, EarlyShare: s.earlyShare()})
	v.Sellouts = s.sellouts
	if len(v.Violations) > 0 {
		sys.keep = true
	}
	fmt.Fprintf(out, "over after %s\n", time.Since(began).Round(time.Second))
	return v, nil
}

// maxShown bounds how many findings are printed: the first tell the story.
const maxShown = 40

func report(s settings, v invariants.Result, out io.Writer) error {
	r := bench.New("chaos-booking", []invariants.Counts{v.Counts})
	if err := r.Table(out); err != nil {
		return err
	}
	if s.save != "" {
		if err := r.Save(s.save, chart(v.Counts)); err != nil {
			return err
		}
	}
	for _, f := range v.Violations[:min(len(v.Violations), maxShown)] {
		fmt.Fprintln(out, "BROKEN", f)
	}
	if len(v.Violations) > 0 {
		return fmt.Errorf("%d promises were broken (seed %d)", len(v.Violations), s.seed)
	}
	fmt.Fprintln(out, "every promise was kept")
	return nil
}

func chart(c invariants.Counts) bench.Chart {
	bars := func(title string, log bool, names []string, values ...int) bench.Panel {
		series := bench.Series{Name: "counted"}
		for _, n := range values {
			series.Values = append(series.Values, float64(n))
		}
		return bench.Panel{Title: title, Log: log, Categories: names, Series: []bench.Series{series}}
	}
	return bench.Chart{Title: "Sell-outs under kill -9", Panels: []bench.Panel{
		bars("what was done", true, []string{"sell-outs", "kills", "before the sell-out", "requests", "in flight at kills", "answers lost", "booked", "mails", "answers of SES lost"},
			c.Sellouts, c.Kills, c.KillsEarly, c.Requests, c.InFlight, c.AnswersLost, c.Booked, c.Mails, c.SESLost),
		bars("promises broken", false, []string{"overbooked", "lost", "doubled", "events missing", "events doubled", "mails missing", "mails doubled"},
			c.Overbooked, c.Lost, c.Doubled, c.EventsMissing, c.EventsDoubled, c.MailsMissing, c.MailsDoubled),
	}}
}
