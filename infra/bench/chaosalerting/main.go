// Command chaosalerting is a fault injection test of alerting's delivery: it kills and
// stops alertingd, lets Slack refuse, fail and break off, and sends forged, stale and
// copied requests. Then it compares what Slack has with what the database says. `make
// chaos-alerting` runs it in full, `make test` for less than a minute.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"jari.example/infra/bench"
	"jari.example/internal/command"
)

func main() { command.Main("chaosalerting", run) }

// settings are the flags.
type settings struct {
	short bool
	only  string
	seed  uint64
	save  string // directory of the report; "": none is written
	keep  bool
}

// timeLimit ends a run that hangs.
const timeLimit = 30 * time.Minute

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	var s settings
	fs := flag.NewFlagSet("chaosalerting", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.BoolVar(&s.short, "short", false, "fewer incidents, stops and requests; every step once")
	fs.StringVar(&s.only, "only", "", "only campaigns whose name contains one of these texts, comma-separated")
	fs.Uint64Var(&s.seed, "seed", rand.Uint64N(1e9), "seed of the random choices; scheduling stays random")
	fs.StringVar(&s.save, "save", "", "directory to write the report to (docs/bench)")
	fs.BoolVar(&s.keep, "keep", false, "keep data and logs at the end")
	if err := fs.Parse(args); err != nil {
		return err
	}
	if fs.NArg() > 0 {
		return errors.New("usage: chaosalerting [flags]; -h lists them")
	}
	ctx, cancel := context.WithTimeout(ctx, timeLimit)
	defer cancel()
	rows, violations, err := campaigns(ctx, s, stdout)
	if err != nil {
		return errors.Join(err, ctx.Err())
	}
	return report(s, rows, violations, stdout)
}

// selects reports whether -only selects a campaign.
func (s settings) selects(name string) bool {
	for part := range strings.SplitSeq(s.only, ",") {
		if strings.Contains(name, part) {
			return true
		}
	}
	return false
}

// campaigns runs those that are selected, one after the other.
func campaigns(ctx context.Context, s settings, out io.Writer) (rows []row, violations []string, err error) {
	began := time.Now()
	var mu sync.Mutex
	progress := func(format string, args ...any) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Fprintf(out, "%6.1fs  "+format+"\n", append([]any{time.Since(began).Seconds()}, args...)...)
	}
	progress("seed %d; starting Postgres, building alertingd", s.seed)
	sys, err := start(ctx)
	defer func() {
		err = errors.Join(err, sys.Stop(s.keep || (err != nil || len(violations) > 0) && ctx.Err() == nil))
	}()
	if err != nil {
		return nil, nil, err
	}
	var selected []campaign
	for _, c := range plan(sys, s, progress) {
		if s.selects(c.name) {
			selected = append(selected, c)
		}
	}
	results, errs := make([]result, len(selected)), make([]error, len(selected))
	var all sync.WaitGroup
	for n, c := range selected {
		one := func() {
			progress("%s %s", c.name, c.control)
			if results[n], errs[n] = c.result(ctx); errs[n] != nil {
				errs[n] = fmt.Errorf("%s %s: %w", c.name, c.control, errs[n])
			}
		}
		if s.short {
			all.Go(one) // their time is mostly waiting
			continue
		}
		if one(); errs[n] != nil {
			break
		}
	}
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		return nil, nil, err
	}
	for _, r := range results {
		rows, violations = append(rows, r.row), append(violations, r.violations...)
	}
	progress("finished")
	return rows, violations, nil
}

// maxShown bounds how many violations are printed. Later ones often follow from the
// first.
const maxShown = 40

func report(s settings, rows []row, violations []string, out io.Writer) error {
	r := bench.New("chaos-alerting", rows)
	if err := r.Table(out); err != nil {
		return err
	}
	if s.save != "" {
		if err := r.Save(s.save, chart(rows)); err != nil {
			return err
		}
	}
	for _, v := range violations[:min(len(violations), maxShown)] {
		fmt.Fprintln(out, "VIOLATION", v)
	}
	if len(violations) > 0 {
		return fmt.Errorf("%d violations (seed %d)", len(violations), s.seed)
	}
	fmt.Fprintln(out, "everything arrived once, and every control has shown what it must")
	return nil
}
