package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"jari.example/alerting/spec"
)

const lintAbout = `Checks the *.yaml files of a directory of objectives and prints each problem:
file, line, field, what is wrong and what to write instead.`

// lintCommand checks a directory of objectives.
func lintCommand(_ context.Context, args []string, stdout, _ io.Writer) error {
	flags := newFlags("lint", "DIR", lintAbout)
	runbooks := flags.String("runbooks", "", "`directory` with a page NAME.md for each runbook; empty: not checked")
	dashboards := flags.String("dashboards", "", "`directory` with a file NAME.* for each dashboard; empty: not checked")
	rest, err := parseFlags(flags, args, stdout)
	if err != nil {
		return err
	}
	if len(rest) != 1 {
		return usagef("needs one directory, got %d", len(rest))
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
			return usageError{err}
		}
		options = append(options, check.option(names))
	}
	dir := rest[0]
	if info, err := os.Stat(dir); err != nil {
		return usageError{err}
	} else if !info.IsDir() {
		return usagef("%s is not a directory", dir)
	}
	set, err := spec.Load(os.DirFS(dir), options...)
	problems := spec.Problems(err)
	for _, p := range problems {
		p.File = filepath.Join(dir, p.File)
		fmt.Fprintln(stdout, p)
	}
	switch {
	case len(problems) > 0:
		fmt.Fprintf(stdout, "problems: %d\n", len(problems))
		return errFound
	case err != nil:
		return err
	}
	fmt.Fprintf(stdout, "no problems: %d SLOs, %d alerts\n", len(set.SLOs), len(set.Alerts))
	return nil
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
