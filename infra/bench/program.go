package bench

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
	"time"

	"jari.example/infra/local/repo"
)

// Program is the frame of a benchmark's main: flags that all of them have, a time
// limit, and what becomes of the rows.
type Program[Row any] struct {
	Name  string        // "booking": it writes docs/bench/booking.json and booking.svg
	Limit time.Duration // ends a run that hangs
	// Profiles says that there is a flag -profile.
	Profiles bool
	// Flags defines the flags that only this program has, and returns a function that
	// checks them after they have been read. A complete run is one whose results are
	// kept: its report goes to docs/bench unless -out says otherwise.
	Flags func(*flag.FlagSet) (check func() (complete bool, err error))
	// Measure returns the rows, those that were measured before an error included.
	Measure func(context.Context, Run) ([]Row, error)
	Goals   func([]Row) []Goal
	Chart   func([]Row) Chart
	// Saved, if not nil, is called after the report of a run was saved in dir.
	Saved func(dir string, report Report[Row]) error
}

// Run is what a Program gives to its Measure.
type Run struct {
	Root    string                           // the top of the clone
	Profile string                           // directory for profiles, which exists; "": none are wanted
	Logf    func(format string, args ...any) // reports progress
}

// Main parses args and measures. Rows and goals are printed to stdout, also those
// that were measured before an error. Only a run without an error is saved; the rows of
// another one, which may have taken an hour, are left in .jari/missed. A required goal
// that was missed is an error.
func (p Program[Row]) Main(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	r := Run{Logf: func(format string, args ...any) { fmt.Fprintf(stderr, format+"\n", args...) }}
	out, err := p.parse(args, stderr, &r)
	if err != nil {
		return err
	}
	if r.Root, err = repo.Root(); err != nil {
		return err
	}
	if r.Profile != "" {
		if err := os.MkdirAll(r.Profile, 0o755); err != nil {
			return err
		}
	}
	limited, cancel := context.WithTimeout(ctx, p.Limit)
	defer cancel()
	rows, failed := p.Measure(limited, r)
	if failed != nil {
		failed = errors.Join(failed, limited.Err())
	}
	if len(rows) == 0 {
		return failed
	}
	report := New(p.Name, rows)
	err = report.Table(stdout)
	fmt.Fprintln(stdout)
	list := p.Goals(rows)
	err = errors.Join(err, WriteGoals(stdout, list))
	for _, g := range list {
		if g.Required && !g.Met {
			failed = errors.Join(failed, fmt.Errorf("%s: %s, wanted %s", g.What, g.Got, g.Want))
		}
	}
	if failed != nil && out != "" {
		out = filepath.Join(r.Root, ".jari", "missed")
		err = errors.Join(err, report.Save(out, p.Chart(rows)))
		r.Logf("the rows are in %s", filepath.Join(out, p.Name+".json"))
	}
	if failed != nil || err != nil || out == "" {
		return errors.Join(failed, err)
	}
	if !filepath.IsAbs(out) {
		out = filepath.Join(r.Root, out)
	}
	if err := report.Save(out, p.Chart(rows)); err != nil || p.Saved == nil {
		return err
	}
	return p.Saved(out, report)
}

func (p Program[Row]) parse(args []string, stderr io.Writer, r *Run) (out string, err error) {
	fs := flag.NewFlagSet(p.Name, flag.ContinueOnError)
	fs.SetOutput(stderr)
	check := p.Flags(fs)
	fs.StringVar(&out, "out", "", fmt.Sprintf(
		"directory for %s.json and %[1]s.svg (default: docs/bench for a complete run, none for a part)", p.Name))
	if p.Profiles {
		fs.StringVar(&r.Profile, "profile", "", "directory for CPU profiles of the services in each run")
	}
	if err := fs.Parse(args); err != nil {
		return "", err
	}
	if fs.NArg() > 0 {
		return "", fmt.Errorf("unexpected argument %q; -h lists the flags", fs.Arg(0))
	}
	complete, err := check()
	if err == nil && complete && out == "" {
		out = filepath.Join("docs", "bench")
	}
	return out, err
}

// Choose sets chosen to the names in list, which are separated by commas. A name
// that is not among known is an error.
func Choose(chosen *[]string, list string, known []string) error {
	*chosen = strings.Split(list, ",")
	for _, name := range *chosen {
		if !slices.Contains(known, name) {
			return fmt.Errorf("%q is not one of %s", name, strings.Join(known, ", "))
		}
	}
	return nil
}
