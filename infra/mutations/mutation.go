package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"jari.example/telemetry/names/realpart"
)

// mutation is one mistake.
type mutation struct {
	what              string   // what the program does then
	file              string   // relative to the module
	original, mutated string   // original occurs once
	tests             []string // packages, whose tests are run in turn until one fails
	short             bool
}

// outcome is what became of a mutation.
type outcome string

const (
	noticed     outcome = "noticed"
	survived    outcome = "SURVIVED"
	notFound    outcome = "NOT FOUND"    // original does not occur once
	notCompiled outcome = "NOT COMPILED" // so no test could notice it
)

type result struct {
	mutation
	outcome outcome
	by      string // the test that failed
}

func (r result) String() string {
	switch r.outcome {
	case noticed:
		return r.what + ": " + r.by
	case notFound:
		return fmt.Sprintf("%s: the file does not have exactly one %q", r.what, r.original)
	}
	return r.what
}

// test makes the mutation and runs its tests. dir is the module, tmp a directory
// to create.
func (m mutation) test(ctx context.Context, dir, tmp string) (result, error) {
	r := result{mutation: m}
	file := filepath.Join(dir, m.file)
	text, err := os.ReadFile(file)
	if err != nil {
		return r, err
	}
	if strings.Count(string(text), m.original) != 1 {
		r.outcome = notFound
		return r, nil
	}
	overlay, err := writeOverlay(tmp, file, strings.Replace(string(text), m.original, m.mutated, 1))
	if err != nil {
		return r, err
	}
	for _, pkg := range m.tests {
		run, err := goTest(ctx, dir, overlay, pkg)
		switch {
		case err != nil:
			return r, err
		case run.passed:
			r.outcome = survived
			continue
		case run.notCompiled:
			r.outcome = notCompiled
		default:
			r.outcome, r.by = noticed, run.failed
		}
		break
	}
	return r, nil
}

// writeOverlay returns the path of a file for -overlay that replaces file by text.
func writeOverlay(tmp, file, text string) (string, error) {
	file, err := filepath.Abs(file)
	if err != nil {
		return "", err
	}
	mutated, overlay := filepath.Join(tmp, filepath.Base(file)), filepath.Join(tmp, "overlay.json")
	replace, err := json.Marshal(map[string]map[string]string{"Replace": {file: mutated}})
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(tmp, 0o755); err != nil {
		return "", err
	}
	return overlay, errors.Join(os.WriteFile(mutated, []byte(text), 0o644), os.WriteFile(overlay, replace, 0o644))
}

// testRun is what happened to the tests of a package.
type testRun struct {
	passed, notCompiled bool
	failed              string // the first test that failed
	output              string // of that test
}

// goTest runs the tests of a package until one fails. A test that lacks its real part
// fails, since one that is skipped would notice nothing.
func goTest(ctx context.Context, dir, overlay, pkg string) (run testRun, err error) {
	args := []string{"test", "-json", "-count=1", "-failfast", "-short", "-vet=off", "-timeout", testTimeout.String()}
	if overlay != "" {
		args = append(args, "-overlay", overlay)
	}
	cmd := exec.CommandContext(ctx, "go", append(args, pkg)...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), realpart.Required+"=1")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if _, failed := errors.AsType[*exec.ExitError](err); err != nil && !failed || ctx.Err() != nil {
		return run, errors.Join(err, ctx.Err())
	}
	run.passed = err == nil
	outputs := map[string]string{}
	for line := range bytes.Lines(out) {
		var event struct{ Action, Package, Test, Output string }
		if json.Unmarshal(line, &event) != nil {
			continue
		}
		switch {
		case event.Action == "output":
			outputs[event.Test] += event.Output
		case event.Action == "build-fail":
			run.notCompiled = true
		case event.Action == "fail" && event.Test != "" && run.failed == "": // a subtest fails before the test that it is part of
			run.failed = strings.TrimPrefix(event.Package, "jari.example/alerting/") + "." + event.Test
			run.output = outputs[event.Test]
		}
	}
	if !run.passed && run.failed == "" {
		run.failed = "the tests end with a fatal error"
	}
	return run, nil
}
