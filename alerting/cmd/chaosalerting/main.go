// Chaosalerting is the part of infra/bench/chaosalerting that needs the packages of
// alerting: it lets incidents happen in the database of a running alertingd, and says
// what the messages about them must be.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"jari.example/alerting/postgres"
	"jari.example/alerting/spec"
	"jari.example/internal/command"
)

func main() { command.Main("chaosalerting", run) }

// options are the flags of both commands.
type options struct {
	database, rules string
	incidents       int
	addresses       int
	period, pause   time.Duration
	seed            uint64
	open            bool
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	if len(args) == 0 {
		return errors.New("usage: chaosalerting feed|expect [flags]")
	}
	var o options
	flags := flag.NewFlagSet("chaosalerting", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&o.database, "database-url", "", "PostgreSQL of alertingd")
	flags.StringVar(&o.rules, "slo-dir", "", "directory with the objectives of alertingd")
	flags.IntVar(&o.incidents, "incidents", 50, "incidents; each opens, changes and ends")
	flags.IntVar(&o.addresses, "addresses", 0, "addresses in Slack, c00 and so on; 0: those of alertingd")
	flags.DurationVar(&o.period, "period", 10*time.Second, "time in which all of them open")
	flags.DurationVar(&o.pause, "pause", 5*time.Second, "mean time between two transitions of an incident")
	flags.Uint64Var(&o.seed, "seed", 1, "seed of the pauses")
	flags.BoolVar(&o.open, "open", false, "let the incidents open and do no more")
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	store, err := postgres.OpenClient(ctx, o.database)
	if err != nil {
		return err
	}
	defer store.Close()
	terms, err := pgxpool.New(ctx, o.database)
	if err != nil {
		return err
	}
	defer terms.Close()
	switch args[0] {
	case "feed":
		set, err := spec.Load(os.DirFS(o.rules))
		if err != nil {
			return err
		}
		f := newFeed(o, set.SLOs, store, terms)
		ids, err := f.run(ctx)
		if err != nil {
			return err
		}
		return json.NewEncoder(stdout).Encode(ids)
	case "expect":
		all, err := expected(ctx, store, terms)
		if err != nil {
			return err
		}
		return json.NewEncoder(stdout).Encode(all)
	}
	return fmt.Errorf("there is no command %q", args[0])
}
