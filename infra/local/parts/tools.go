package parts

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"

	"jari.example/infra/local/artifact"
	"jari.example/infra/local/launch"
)

// Tool is a program that tests use and that no system of ours contains.
type Tool struct {
	Name     string   // of the Debian package
	Commands []string // any of them will do
	Optional string   // what goes unchecked without it; "": tests need it
}

// Tools are what `make test` needs besides the running system.
var Tools = []Tool{
	{Name: "chromium", Commands: []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"}},
	{Name: "njs", Commands: []string{"njs"}, Optional: "the edge function's grammar is judged by goja alone"},
}

// Ensure finds the tool or installs it from Debian, where it may. env is the
// environment's say in it: a variable of the tool's name in capitals is a path.
func (t Tool) Ensure(ctx context.Context, env func(string) string, say launch.Say) error {
	if path := env(strings.ToUpper(t.Name)); path != "" {
		_, err := exec.LookPath(path)
		return err
	}
	if slices.ContainsFunc(t.Commands, func(c string) bool { _, err := exec.LookPath(c); return err == nil }) {
		return nil
	}
	say("installing Debian's %s", t.Name)
	err := artifact.Debian(ctx, artifact.Say(say), t.Name)
	switch {
	case err == nil:
		return nil
	case t.Optional != "":
		say("%s is not there: %s (%v)", t.Name, t.Optional, err)
		return nil
	case errors.Is(err, artifact.ErrNotDebian):
		return fmt.Errorf("%s is not installed; install it (Debian: sudo apt-get install %s) or set %s to its path", t.Name, t.Name, strings.ToUpper(t.Name))
	}
	return fmt.Errorf("install %s: %w", t.Name, err)
}
