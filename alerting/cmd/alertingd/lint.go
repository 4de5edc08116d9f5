package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"jari.example/alerting/oncall"
	"jari.example/alerting/slo"
	"jari.example/alerting/spec"
	"jari.example/internal/command"
)

const lintAbout = `Checks the *.yaml files of a directory of objectives and prints each problem:
file, line, field, what is wrong and what to write instead. With -on-call it checks
that directory, too, and prints who is on call in the next four weeks, and the gaps of
the next eight: times for which the person on call is away.`

const lintWeeks = 4 // for which it prints who is on call

// lintCommand checks a directory of objectives.
func lintCommand(_ context.Context, args []string, stdout, _ io.Writer) error {
	flags := newFlags("lint", "DIR", lintAbout)
	runbooks := flags.String("runbooks", "", "`directory` with a page NAME.md for each runbook; empty: not checked")
	dashboards := flags.String("dashboards", "", "`directory` with a file NAME.* for each dashboard; empty: not checked")
	onCallDir := flags.String("on-call", "", "`directory` that says who is on call, and planned maintenance; empty: not checked")
	rest, err := command.ParseFlags(flags, args, stdout)
	if err != nil {
		return err
	}
	if len(rest) != 1 {
		return command.Usagef("needs one directory, got %d", len(rest))
	}
	var options []spec.Option
	for _, check := range []struct {
		dir    string
		option func([]string) spec.Option
	}{{*runbooks, spec.Runbooks}, {*dashboards, spec.Dashboards}} {
		if check.dir == "" {
			continue
		}
		names, err := fileNames(check.dir)
		if err != nil {
			return command.UsageError{Err: err}
		}
		options = append(options, check.option(names))
	}
	set, err := checked(stdout, rest[0], func(files fs.FS) (slo.Set, error) { return spec.Load(files, options...) })
	if err == nil {
		fmt.Fprintf(stdout, "no problems: %d SLOs, %d alerts\n", len(set.SLOs), len(set.Alerts))
	}
	if *onCallDir == "" || err != nil && !errors.Is(err, errFound) {
		return err
	}
	// With problems the set is empty. Then the names in windows are not checked.
	if err := lintOnCall(stdout, *onCallDir, set, time.Now()); err != nil {
		return err
	}
	return err
}

// lintOnCall checks a directory that says who is on call, and prints who is.
func lintOnCall(stdout io.Writer, dir string, set slo.Set, now time.Time) error {
	plan, err := checked(stdout, dir, func(files fs.FS) (oncall.Plan, error) { return spec.LoadOnCall(files, set) })
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "no problems: %s, %d maintenance windows\n", rotas(plan), len(plan.Maintenance))
	writeShifts(stdout, plan, now, lintWeeks)
	writeGaps(stdout, plan, now, gapWeeks)
	return nil
}

func rotas(plan oncall.Plan) string {
	if plan.Rota == nil {
		return "no rota"
	}
	return fmt.Sprintf("a rota of %d people", len(plan.Rota.People))
}

// fileNames returns the names of the files in a directory, without extension.
func fileNames(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	names := []string{}
	for _, e := range entries {
		if !e.IsDir() {
			names = append(names, strings.TrimSuffix(e.Name(), filepath.Ext(e.Name())))
		}
	}
	return names, nil
}
