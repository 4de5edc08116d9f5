// Command alerting measures what a tick of alertingd costs with many objectives,
// with little and with much history. It starts OpenSearch and PostgreSQL, fills
// them, and stops by itself:
//
//	go run ./infra/bench/alerting                # everything: docs/bench/alerting.json
//	go run ./infra/bench/alerting -history 1 -rounds 1 -ticks 10
//
// docs/bench/README.md explains the results.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"jari.example/infra/bench"
	"jari.example/infra/bench/opensearch"
	"jari.example/infra/bench/sandbox"
	"jari.example/infra/local/launch"
	"jari.example/infra/local/parts"
	"jari.example/internal/command"
)

func main() { command.Main("alerting", run) }

// options are the flags.
type options struct {
	history       []int // days, ascending
	rounds, ticks int
}

var defaultHistory = []int{1, 30}

func (o *options) define(fs *flag.FlagSet) (check func() (complete bool, err error)) {
	o.history = defaultHistory
	fs.Func("history", "days of history, separated by commas (default 1,30)", func(list string) error {
		o.history = nil
		for text := range strings.SplitSeq(list, ",") {
			days, err := strconv.Atoi(text)
			if err != nil || days < 1 || days > 30 {
				return fmt.Errorf("%q is not a number of days between 1 and 30", text)
			}
			o.history = append(o.history, days)
		}
		slices.Sort(o.history)
		return nil
	})
	fs.IntVar(&o.rounds, "rounds", 3, "rounds; the table shows their medians")
	fs.IntVar(&o.ticks, "ticks", 60, "ticks of each round, 10 s of log time apart")
	return func() (bool, error) {
		if o.rounds < 1 || o.ticks < 1 {
			return false, errors.New("-rounds and -ticks must be positive")
		}
		return slices.Equal(o.history, defaultHistory) && o.rounds >= 3 && o.ticks >= 60, nil
	}
}

// timeLimit ends a run that hangs.
const timeLimit = 20 * time.Minute

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	b := &benchmark{}
	return bench.Program[row]{
		Name: "alerting", Limit: timeLimit, Flags: b.define, Goals: goals, Chart: chart,
		Measure: func(ctx context.Context, r bench.Run) ([]row, error) { b.Run = r; return b.measure(ctx) },
	}.Main(ctx, args, stdout, stderr)
}

// benchmark is OpenSearch, PostgreSQL and the program that ticks.
type benchmark struct {
	options
	*sandbox.Sandbox
	bench.Run
	system  *parts.System
	proxy   *proxy
	program string
}

// history is the data of one length of history.
type history struct {
	days     int
	rules    string // directory
	database string // URL
	log      log
}

func (b *benchmark) measure(ctx context.Context) (rows []row, err error) {
	b.Sandbox, err = sandbox.New("bench-alerting")
	defer func() { err = errors.Join(err, b.Stop(false)) }()
	if err != nil {
		return nil, err
	}
	if err := b.start(ctx); err != nil {
		return nil, err
	}
	// The clock of the ticks is not that of the machine: the log is complete
	// before they begin.
	begin := time.Now().UTC().Truncate(time.Minute)
	var all []history
	for _, days := range b.history {
		b.Logf("writing %d days of history", days)
		h, err := b.fill(ctx, days, begin)
		if err != nil {
			return nil, fmt.Errorf("%d days of history: %w", days, err)
		}
		all = append(all, h)
	}
	rounds := map[int][]round{}
	for n := range b.rounds {
		for _, h := range all { // alternating, so that other work of the machine affects all
			b.Logf("round %d with %d days of history", n+1, h.days)
			r, err := b.round(ctx, h, begin.Add(time.Duration(n*b.ticks)*tickInterval))
			if err != nil {
				return nil, fmt.Errorf("%d days of history: %w", h.days, err)
			}
			rounds[h.days] = append(rounds[h.days], r)
		}
	}
	for _, h := range all {
		rows = append(rows, summarise(h.days, rounds[h.days]))
	}
	return rows, nil
}

// start starts the servers and builds the program.
func (b *benchmark) start(ctx context.Context) (err error) {
	own := func(key string) string { // a server of the benchmark alone
		if key == "JARI_OPENSEARCH_URL" {
			return ""
		}
		return os.Getenv(key)
	}
	if b.system, err = b.System(own); err != nil {
		return err
	}
	list, err := launch.Select(b.system.Parts(), []string{"opensearch", "postgres"})
	if err != nil {
		return err
	}
	for i := range list {
		if list[i].Name == "opensearch" {
			list[i].StopSignal = syscall.SIGKILL // saves half a minute; its data is deleted anyway
		}
	}
	b.Logf("starting OpenSearch and PostgreSQL, building benchalerting")
	if err := b.Up(ctx, list); err != nil {
		return err
	}
	if b.proxy, err = newProxy(b.system.OpenSearchURL()); err != nil {
		return err
	}
	b.OnStop(func() error { b.proxy.Close(); return nil })
	b.program = filepath.Join(b.Dir, "benchalerting")
	cmd := exec.CommandContext(ctx, "go", "build", "-buildvcs=false", "-o", b.program, "./alerting/cmd/benchalerting")
	cmd.Dir, cmd.Stderr = b.Sandbox.Root, os.Stderr
	return cmd.Run()
}

// fill writes one length of history: the log, and what was counted of it.
func (b *benchmark) fill(ctx context.Context, days int, begin time.Time) (h history, err error) {
	name := fmt.Sprintf("bench_%d", days)
	h = history{
		days: days, rules: filepath.Join(b.Dir, name), database: b.system.DatabaseURL(name),
		log: log{opensearch.Client{URL: b.system.OpenSearchURL()}, fmt.Sprintf("bench%d", days)},
	}
	if err := writeRules(h.rules, h.log.index); err != nil {
		return h, err
	}
	conn, err := pgx.Connect(ctx, b.system.DatabaseURL("jari_alerting"))
	if err != nil {
		return h, err
	}
	_, err = conn.Exec(ctx, "CREATE DATABASE "+name)
	if err := errors.Join(err, conn.Close(ctx)); err != nil {
		return h, err
	}
	from := begin.Add(-time.Duration(days) * 24 * time.Hour)
	end := begin.Add(time.Duration(b.rounds*b.ticks+1) * tickInterval)
	if err := h.log.fill(ctx, from, begin.Add(-logged), end); err != nil {
		return h, err
	}
	b.Logf("writing what was counted of it")
	if _, err = b.call(ctx, h, "fill", "-from", from.Format(time.RFC3339), "-to", begin.Format(time.RFC3339)); err != nil {
		return h, err
	}
	return h, vacuum(ctx, h.database)
}

// vacuum does what autovacuum would begin during the ticks, since so many rows are
// new, and waits for the disk. A database that grew over a month has that behind it.
func vacuum(ctx context.Context, database string) error {
	conn, err := pgx.Connect(ctx, database)
	if err != nil {
		return err
	}
	for _, command := range []string{"VACUUM (ANALYZE)", "CHECKPOINT"} {
		if _, err = conn.Exec(ctx, command); err != nil {
			break
		}
	}
	return errors.Join(err, conn.Close(ctx))
}

// round lets one process tick.
func (b *benchmark) round(ctx context.Context, h history, at time.Time) (r round, err error) {
	out, err := b.call(ctx, h, "tick", "-from", at.Format(time.RFC3339), "-ticks", strconv.Itoa(b.ticks))
	if err != nil {
		return r, err
	}
	if err := json.Unmarshal(out, &r.ticks); err != nil {
		return r, fmt.Errorf("read the durations of the ticks: %w", err)
	}
	if len(r.ticks) != b.ticks {
		return r, fmt.Errorf("%d ticks of %d were reported", len(r.ticks), b.ticks)
	}
	slices.Sort(r.ticks)
	var indices string
	var query json.RawMessage
	r.searches, indices, query = b.proxy.take()
	r.searches.scanned, err = h.log.Count(ctx, strings.TrimPrefix(strings.TrimSuffix(indices, "/_search"), "/"), query)
	return r, err
}

// call runs the program, which reads OpenSearch through the proxy.
func (b *benchmark) call(ctx context.Context, h history, command string, args ...string) ([]byte, error) {
	args = append([]string{command, "-slo-dir", h.rules, "-database-url", h.database, "-opensearch-url", b.proxy.URL}, args...)
	cmd := exec.CommandContext(ctx, b.program, args...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("benchalerting %s: %w\n%s", command, err, &stderr)
	}
	return out, nil
}
