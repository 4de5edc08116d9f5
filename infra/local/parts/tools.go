package parts

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"

	"jari.example/infra/local/artifact"
	"jari.example/infra/local/launch"
)

// Tool is a program that tests need and that is not a part of the system.
type Tool struct {
	Name     string
	Packages []string // Debian packages
	Commands []string // alternatives; the first that works is used
	Variable string   // environment variable with the path of the program to use
	Optional string   // what is not checked without it; "": tests need it

	Works func(ctx context.Context, path string) error // nil: any executable will do
}

// CCompiler builds the plugin, which is a C library, and the test harness that
// loads it as Fluent Bit does.
var CCompiler = Tool{
	Name: "a C compiler", Packages: []string{"gcc", "libc6-dev"}, Commands: []string{"gcc", "cc"}, Variable: "CC", Works: compiles,
}

// Chromium runs the tests of the page.
var Chromium = Tool{
	Name: "Chromium", Packages: []string{"chromium"}, Variable: "CHROMIUM",
	Commands: []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"},
}

// Tools are what `make test` needs besides the running system.
var Tools = []Tool{
	CCompiler, Chromium,
	{Name: "njs", Packages: []string{"njs"}, Commands: []string{"njs"}, Optional: "the edge function's syntax is checked with goja only"},
}

// compiles detects a compiler without the C headers, as Debian may install it.
func compiles(ctx context.Context, path string) error {
	cmd := exec.CommandContext(ctx, path, "-E", "-x", "c", "-o", "/dev/null", "-")
	cmd.Stdin = strings.NewReader("#include <stdlib.h>\n#include <dlfcn.h>\n")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s does not find the C headers: %w\n%s", path, err, strings.TrimSpace(string(out)))
	}
	return nil
}

// Find returns the program's path: the one in Variable if that is set, else of the
// first command on PATH that works.
func (t Tool) Find(ctx context.Context, env func(string) string) (string, error) {
	works := t.Works
	if works == nil {
		works = func(context.Context, string) error { return nil }
	}
	if t.Variable != "" && env(t.Variable) != "" {
		path, err := exec.LookPath(strings.Fields(env(t.Variable))[0]) // CC may contain arguments
		if err == nil {
			err = works(ctx, path)
		}
		if err != nil {
			return "", fmt.Errorf("%s is %q: %w", t.Variable, env(t.Variable), err)
		}
		return path, nil
	}
	var broken error
	for _, name := range t.Commands {
		path, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		if err := works(ctx, path); err != nil {
			broken = errors.Join(broken, err)
			continue
		}
		return path, nil
	}
	if broken != nil {
		return "", broken
	}
	return "", fmt.Errorf("%s is not installed", t.Name)
}

// Ensure finds the tool, or installs its Debian packages where that is possible.
func (t Tool) Ensure(ctx context.Context, env func(string) string, report launch.Progress) error {
	_, missing := t.Find(ctx, env)
	if missing == nil || t.Variable != "" && env(t.Variable) != "" {
		return missing
	}
	packages := strings.Join(t.Packages, " ")
	report("installing the Debian packages %s", packages)
	err := artifact.Debian(ctx, artifact.Progress(report), t.Packages...)
	switch {
	case err == nil:
		_, err = t.Find(ctx, env)
		return err
	case t.Optional != "":
		report("%v: %s (%v)", missing, t.Optional, err)
		return nil
	case !errors.Is(err, artifact.ErrNotDebian):
		return fmt.Errorf("install %s: %w", packages, err)
	}
	advice := "install it (Debian: sudo apt-get install " + packages + ")"
	if t.Variable != "" {
		advice += " or set " + t.Variable + " to its path"
	}
	return fmt.Errorf("%w; %s", missing, advice)
}
