package main

import (
	"context"
	"flag"
	"fmt"
	"strings"

	"jari.example/infra/local/parts"
)

// tools runs first in `make test`, so that a missing tool is reported at once and
// not after minutes.
func tools(ctx context.Context, e env, args []string) error {
	fs, _ := e.flags("tools", "")
	up := flag.NewFlagSet("", flag.ContinueOnError)
	new(startFlags).add(up, e)
	refuse(fs, up)
	if err := fs.Parse(args); err != nil {
		return err
	}
	report := func(format string, args ...any) {
		if !strings.HasPrefix(format, "\r") { // apt-get's output is of no use here
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
