package archtest

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
)

// ForbiddenDeps runs `go list -deps` in dir and reports which of trees the
// package depends on, directly or not, each with one shortest chain of imports
// that leads there:
//
//	jari.example/services/reservation → jari.example/telemetry → go.opentelemetry.io/otel/sdk/trace
//
// pkg is an import path or a path like "./reservation"; a tree is an import
// path and stands for everything below it too. Tests of the package do not
// count.
func ForbiddenDeps(ctx context.Context, dir, pkg string, trees ...string) (findings []string, err error) {
	cmd := exec.CommandContext(ctx, "go", "list", "-deps", "-f", `{{.ImportPath}} {{join .Imports " "}}`, pkg)
	cmd.Dir = dir
	out, err := cmd.Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			err = fmt.Errorf("%w: %s", err, exit.Stderr)
		}
		return nil, fmt.Errorf("go list -deps %s: %w", pkg, err)
	}
	return chains(string(out), trees), nil
}

// chains finds trees in the output of go list -deps, whose last line is the
// package itself: each line is a package followed by what it imports.
func chains(list string, trees []string) (findings []string) {
	imports := map[string][]string{}
	start := ""
	for line := range strings.Lines(list) {
		fields := strings.Fields(line)
		if len(fields) > 0 {
			start = fields[0]
			imports[start] = fields[1:]
		}
	}
	by := map[string]string{start: ""} // the package that first led to each
	reached := map[string]bool{}       // trees
	for queue := []string{start}; len(queue) > 0; queue = queue[1:] {
		for _, p := range imports[queue[0]] {
			if _, seen := by[p]; seen {
				continue
			}
			by[p] = queue[0]
			queue = append(queue, p)
			for _, tree := range trees {
				if Within(p, tree) && !reached[tree] {
					reached[tree] = true
					findings = append(findings, chain(by, p))
				}
			}
		}
	}
	return findings
}

func chain(by map[string]string, p string) string {
	text := p
	for p = by[p]; p != ""; p = by[p] {
		text = p + " → " + text
	}
	return text
}
