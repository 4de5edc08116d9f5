// Command chaosbooking is a fault injection test of booking. It sells restaurants
// out, again and again, while it kills replicas of the reservation service and
// their database and loses requests and responses. Then it checks that no
// invariant was violated. `make chaos-booking` runs it in full, `make test` for
// half a minute.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"time"

	"jari.example/infra/bench"
	"jari.example/infra/bench/chaosbooking/invariants"
	"jari.example/internal/command"
)

func main() { command.Main("chaosbooking", run) }

// earlyShare is the share of kills that must happen before the sell-out, since
// afterwards little can go wrong. A share of a few kills means little, so a short
// run requires less.
func (s settings) earlyShare() float64 {
	if s.sellouts < 20 {
		return 0.5
	}
	return 0.8
}

// settings are the flags.
type settings struct {
	sellouts int
	seed     uint64
	save     string // directory of the report; "": none is written
	store    string // one of the benchmark's stores instead of the service's own
	keep     bool
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	var s settings
	fs := flag.NewFlagSet("chaosbooking", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.IntVar(&s.sellouts, "sellouts", 100, "number of sell-outs; each has one kill")
	fs.Uint64Var(&s.seed, "seed", rand.Uint64(), "seed of the random choices of actors, proxies and kills; scheduling stays random")
	fs.StringVar(&s.save, "save", "", "directory to write the report to (docs/bench)")
	fs.StringVar(&s.store, "store", "", "store to use instead of the service's own (read_then_write must fail)")
	fs.BoolVar(&s.keep, "keep", false, "keep data and logs at the end")
	if err := fs.Parse(args); err != nil {
		return err
	}
	if fs.NArg() > 0 || s.sellouts < 1 {
		return errors.New("usage: chaosbooking [flags]; -h lists them")
	}
	result, err := runExperiment(ctx, s, stdout)
	if err != nil {
		return err
	}
	return report(s, result, stdout)
}

// runExperiment runs the sell-outs on an isolated system and checks the
// invariants.
func runExperiment(ctx context.Context, s settings, out io.Writer) (result invariants.Result, err error) {
	began := time.Now()
	fmt.Fprintf(out, "seed %d; starting Postgres, SES and two replicas of reservationd\n", s.seed)
	sys, err := start(ctx, s)
	if err != nil {
		return result, err
	}
	// A Ctrl-C ends the sell-outs; the system is then stopped in order.
	defer func() { err = errors.Join(err, sys.stop(err != nil && ctx.Err() == nil)) }()
	fmt.Fprintf(out, "up after %s\n", time.Since(began).Round(100*time.Millisecond))

	e := newExperiment(sys, s.seed)
	for n := range s.sellouts {
		line, err := e.sellout(ctx, n)
		if err != nil {
			return result, fmt.Errorf("sell-out %d: %w", n+1, err)
		}
		fmt.Fprintf(out, "%3d  %s\n", n+1, line)
	}
	fmt.Fprintf(out, "sold out after %s; waiting for the last mails\n", time.Since(began).Round(time.Second))
	if err := sys.drain(ctx); err != nil {
		return result, err
	}
	history, err := sys.collect(ctx, e.recorder)
	if err != nil {
		return result, err
	}
	result = invariants.Check(history, invariants.Minimum{Kills: s.sellouts, EarlyShare: s.earlyShare()})
	result.Sellouts = s.sellouts
	if len(result.Violations) > 0 {
		sys.keep = true
	}
	fmt.Fprintf(out, "finished after %s\n", time.Since(began).Round(time.Second))
	return result, nil
}

// maxShown bounds how many violations are printed. Later ones often follow from
// the first.
const maxShown = 40

func report(s settings, result invariants.Result, out io.Writer) error {
	r := bench.New("chaos-booking", []invariants.Counts{result.Counts})
	if err := r.Table(out); err != nil {
		return err
	}
	if s.save != "" {
		if err := r.Save(s.save, chart(result.Counts)); err != nil {
			return err
		}
	}
	for _, v := range result.Violations[:min(len(result.Violations), maxShown)] {
		fmt.Fprintln(out, "VIOLATION", v)
	}
	if len(result.Violations) > 0 {
		return fmt.Errorf("%d violations of invariants (seed %d)", len(result.Violations), s.seed)
	}
	fmt.Fprintln(out, "every invariant held")
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
		bars("load and faults", true, []string{
			"sell-outs", "kills", "before the sell-out", "requests", "in flight at kills", "responses lost", "booked", "mails",
			"responses of SES lost",
		}, c.Sellouts, c.Kills, c.KillsEarly, c.Requests, c.InFlight, c.ResponsesLost, c.Booked, c.Mails, c.SESResponsesLost),
		bars("violations", false, []string{
			"overbooked", "lost", "doubled", "events missing", "events doubled", "mails missing", "mails doubled",
		}, c.Overbooked, c.Lost, c.Doubled, c.EventsMissing, c.EventsDoubled, c.MailsMissing, c.MailsDoubled),
	}}
}
