// Command mutations shows that tests notice mistakes in what alerting counts, decides
// and stores. It makes one small mistake at a time, runs the tests that should notice
// it, and prints which one did:
//
//	go run ./infra/mutations           # every mutation
//	go run ./infra/mutations -short    # one of each kind
//
// It fails when the tests pass in spite of a mutation, and when the text that a
// mutation replaces is not in the file any more. No file of the clone changes: the
// compiler reads the mutated text from a temporary file (go test -overlay). Some of
// the tests need OpenSearch and PostgreSQL: start a system (make up), and run
//
//	eval "$(.jari/bin/jari env)"; make mutations
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"golang.org/x/sync/errgroup"

	"jari.example/infra/local/repo"
	"jari.example/internal/command"
)

func main() { command.Main("mutations", run) }

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("mutations", flag.ContinueOnError)
	flags.SetOutput(stderr)
	short := flags.Bool("short", false, "only one mutation of each kind")
	only := flags.String("only", "", "only mutations whose description contains this")
	parallel := flags.Int("parallel", 2, "mutations that are tested at the same time")
	if err := flags.Parse(args); err != nil {
		return err
	}
	root, err := repo.Root()
	if err != nil {
		return err
	}
	chosen := slices.DeleteFunc(slices.Clone(table), func(m mutation) bool {
		return *short && !m.short || !strings.Contains(m.what, *only)
	})
	results, err := testAll(ctx, filepath.Join(root, "alerting"), chosen, *parallel, func(done string) { fmt.Fprintln(stderr, done) })
	if err != nil {
		return err
	}
	return write(stdout, results)
}

// testTimeout ends tests that a mutation made endless, which counts as noticed.
const testTimeout = 5 * time.Minute

// testAll tests the mutations of the module in dir. The tests must pass without any.
func testAll(ctx context.Context, dir string, chosen []mutation, parallel int, progress func(string)) ([]result, error) {
	if len(chosen) == 0 {
		return nil, errors.New("no mutation is chosen")
	}
	tmp, err := os.MkdirTemp("", "jari-mutations-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(tmp)
	var packages []string
	for _, m := range chosen {
		packages = append(packages, m.tests...)
	}
	slices.Sort(packages)
	for _, p := range slices.Compact(packages) {
		control, err := goTest(ctx, dir, "", p)
		if err != nil {
			return nil, err
		}
		if !control.passed {
			return nil, fmt.Errorf("the tests of %s do not pass without a mutation: %s\n%s", p, control.failed, control.output)
		}
	}
	results := make([]result, len(chosen))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(parallel)
	for i, m := range chosen {
		group.Go(func() (err error) {
			results[i], err = m.test(ctx, dir, filepath.Join(tmp, fmt.Sprint(i)))
			progress(string(results[i].outcome) + ": " + results[i].String())
			return err
		})
	}
	return results, group.Wait()
}

// write prints the list and returns an error unless every mutation was noticed.
func write(w io.Writer, results []result) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	missed := 0
	for _, r := range results {
		fmt.Fprintf(t, "%s\t%s\t%s\n", r.outcome, r.file, r)
		if r.outcome != noticed {
			missed++
		}
	}
	fmt.Fprintf(t, "\n%d of %d mutations were noticed\n", len(results)-missed, len(results))
	if err := t.Flush(); err != nil {
		return err
	}
	if missed > 0 {
		return fmt.Errorf("%d mutations were not noticed: write a test that fails with them, or correct their texts", missed)
	}
	return nil
}
