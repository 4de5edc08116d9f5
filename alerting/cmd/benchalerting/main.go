// Benchalerting is the program that infra/bench/alerting measures: it fills a
// database with counts, or ticks like alertingd on a clock of its own and prints
// how long each tick took.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"jari.example/alerting/count"
	"jari.example/alerting/evaluate"
	"jari.example/alerting/incident"
	"jari.example/alerting/indicator"
	"jari.example/alerting/lease"
	"jari.example/alerting/postgres"
	"jari.example/alerting/slo"
	"jari.example/alerting/spec"
	"jari.example/internal/command"
)

func main() { command.Main("benchalerting", run) }

const requestTimeout = time.Minute // of one search; the first one after a start takes long

// options are the flags of both commands.
type options struct {
	rules, database, opensearch string
	from, to                    time.Time
	ticks                       int
}

func run(ctx context.Context, args []string, stdout, _ io.Writer) error {
	if len(args) == 0 {
		return errors.New("usage: benchalerting fill|tick [flags]")
	}
	var o options
	flags := flag.NewFlagSet("benchalerting", flag.ContinueOnError)
	flags.StringVar(&o.rules, "slo-dir", "", "directory with the objectives")
	flags.StringVar(&o.database, "database-url", "", "PostgreSQL")
	flags.StringVar(&o.opensearch, "opensearch-url", "", "OpenSearch")
	flags.TextVar(&o.from, "from", time.Time{}, "begin of the counts, or of the ticks")
	flags.TextVar(&o.to, "to", time.Time{}, "end of the counts")
	flags.IntVar(&o.ticks, "ticks", 60, "ticks, 10 s of log time apart; one more comes before and is not measured")
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	set, err := spec.Load(os.DirFS(o.rules))
	if err != nil {
		return err
	}
	store, err := postgres.Open(ctx, o.database, nil)
	if err != nil {
		return err
	}
	defer store.Close()
	term, held, err := store.Acquire(ctx, "benchalerting", time.Hour)
	if err != nil {
		return fmt.Errorf("acquire the lease: %w", err)
	}
	if !held {
		return errors.New("another holder has the lease")
	}
	timing, err := count.NewTiming(1)
	if err != nil {
		return err
	}
	switch args[0] {
	case "fill":
		if err := fill(ctx, store, term, set, timing, count.Span{From: o.from, To: o.to}); err != nil {
			return err
		}
		return catchUp(ctx, o, store, term, set, timing)
	case "tick":
		return tick(ctx, o, store, term, set, timing, stdout)
	}
	return fmt.Errorf("there is no command %q", args[0])
}

var regions = []string{"ap-northeast-2", "us-east-1"}

// fill stores a count for each minute, region and indicator, a day at a time.
func fill(ctx context.Context, store count.Store, term lease.Term, set slo.Set, timing count.Timing, period count.Span) error {
	for day := period.From; day.Before(period.To); {
		next := day.Add(24 * time.Hour)
		if next.After(period.To) {
			next = period.To
		}
		batch := count.Batch{Span: count.Span{From: day, To: next}, Buckets: map[slo.Key][]count.Bucket{}}
		for key := range set.Indicators(timing.Bucket) {
			for at := day; at.Before(next); at = at.Add(timing.Bucket) {
				for _, region := range regions {
					batch.Buckets[key] = append(batch.Buckets[key], count.Bucket{At: at, Region: region, Count: slo.Count{Good: 20}})
				}
			}
		}
		if err := store.Save(ctx, term, batch); err != nil {
			return fmt.Errorf("save the counts of %s: %w", day.Format(time.DateOnly), err)
		}
		day = next
	}
	return nil
}

// catchUpCalls are enough for the counter to count backwards what fill has not
// stored: the numbers of documents, a day per call.
const catchUpCalls = 20

// catchUp counts the rest of the history, so that no tick has to.
func catchUp(ctx context.Context, o options, store count.Store, term lease.Term, set slo.Set, timing count.Timing) error {
	source, err := indicator.NewOpenSearch(o.opensearch, requestTimeout)
	if err != nil {
		return err
	}
	counter := count.Counter{Source: source, Store: store, Timing: timing}
	for range catchUpCalls {
		if err := counter.Count(ctx, term, set, o.to); err != nil {
			return fmt.Errorf("count the history: %w", err)
		}
	}
	return nil
}

// measureFromNow lets the proxy count from zero.
func measureFromNow(ctx context.Context, proxy string) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, proxy+"/?measure", nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	return response.Body.Close()
}

// tick prints the durations of the ticks, in nanoseconds, as a JSON list.
func tick(ctx context.Context, o options, store *postgres.Store, term lease.Term, set slo.Set, timing count.Timing,
	stdout io.Writer) error {
	source, err := indicator.NewOpenSearch(o.opensearch, requestTimeout)
	if err != nil {
		return err
	}
	counter := &count.Counter{Source: source, Store: store, Timing: timing}
	loop := evaluate.Loop{
		Set: func() slo.Set { return set }, Timing: timing, Count: counter.Count, Store: store,
		Incidents: incident.Manager{
			Store: store, Scale: timing.Scale, UpdateInterval: time.Minute,
			Evidence: &incident.Finder{Evidence: source, Limit: requestTimeout, Pause: time.Second},
		},
	}
	durations := []time.Duration{}
	for n := range o.ticks + 1 {
		now := o.from.Add(time.Duration(n) * timing.Tick)
		began := time.Now()
		changed, err := loop.Tick(ctx, term, now)
		if err != nil {
			return fmt.Errorf("tick %d: %w", n, err)
		}
		if changed {
			return fmt.Errorf("tick %d changed an incident: nothing should fail", n)
		}
		if n > 0 {
			durations = append(durations, time.Since(began))
			continue
		}
		// The first one connects and catches up.
		if err := measureFromNow(ctx, o.opensearch); err != nil {
			return err
		}
	}
	return json.NewEncoder(stdout).Encode(durations)
}
