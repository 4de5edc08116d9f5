package main

import (
	"context"
	"fmt"
	"io"

	"jari.example/alerting/slotest"
	"jari.example/alerting/spec"
	"jari.example/internal/command"
)

const testAbout = `Runs test files: each says how many events happen in each minute and which
incidents are expected when. Counter and evaluator are those of the daemon. A file
without the field rules tests the rules of -slo-dir.`

// testCommand runs test files.
func testCommand(ctx context.Context, args []string, stdout, _ io.Writer) error {
	flags := newFlags("test", "FILE...", testAbout)
	sloDir := flags.String("slo-dir", "", "`directory` with the objectives; empty: the built-in ones")
	complete := flags.Bool("complete", false, "fail for each rule of -slo-dir without a test file")
	paths, err := command.ParseFlags(flags, args, stdout)
	if err != nil {
		return err
	}
	if len(paths) == 0 {
		return command.Usagef("needs at least one file, such as alerting/slos/tests/*.yaml")
	}
	var files []slotest.File
	failed := false
	fail := func(err error) {
		failed = true
		fmt.Fprintln(stdout, err)
	}
	for _, path := range paths {
		f, err := slotest.Load(path)
		if err != nil {
			fail(err)
			continue
		}
		files = append(files, f)
		dir := f.Rules()
		if dir == "" {
			dir = *sloDir
		}
		set, err := spec.Load(objectiveFiles(dir))
		if err == nil {
			err = f.Run(ctx, set)
		}
		if err != nil {
			fail(err)
			continue
		}
		fmt.Fprintf(stdout, "%s: %d tests passed\n", path, len(f.Spec.Tests))
	}
	if *complete {
		set, err := spec.Load(objectiveFiles(*sloDir))
		if err == nil {
			err = slotest.Untested(set, files...)
		}
		if err != nil {
			fail(err)
		}
	}
	if failed {
		return errFound
	}
	return nil
}
