package main

import (
	"context"
	"fmt"
	"strings"

	"jari.example/infra/local/parts"
)

// tools is the first thing `make test` does, so that a machine that lacks one
// is told at once and not after minutes.
func tools(ctx context.Context, e env, args []string) error {
	fs, _ := e.flags("tools", "")
	if err := fs.Parse(args); err != nil {
		return err
	}
	report := func(format string, args ...any) {
		if !strings.HasPrefix(format, "\r") { // apt-get's chatter is of no use here
			fmt.Fprintf(e.stdout, "  · "+format+"\n", args...)
		}
	}
	for _, t := range parts.Tools {
		if err := t.Ensure(ctx, e.getenv, report); err != nil {
			return err
		}
	}
	return nil
}
