package main

import (
	"context"
	"flag"
	"fmt"
	"slices"

	"jari.example/infra/local/door"
	"jari.example/infra/local/edge"
	"jari.example/infra/local/mailbox"
	"jari.example/infra/local/minired"
	"jari.example/infra/local/parts"
	"jari.example/infra/local/seed"
	"jari.example/infra/local/slack"
	"jari.example/internal/serve"
)

// programs are the tools of infra/local that are compiled into this binary.
var programs = map[string]serve.Program{
	"door":    door.Run,
	"edge":    edge.Run,
	"mailbox": mailbox.Run,
	"prepare": parts.Prepare,
	"redis":   minired.Run,
	"seed":    seed.Run,
	"slack":   slack.Run,
}

func runProgram(ctx context.Context, e env, args []string) error {
	var known []string
	for name := range programs {
		known = append(known, name)
	}
	slices.Sort(known)
	if len(args) == 0 || args[0] == "-h" || args[0] == "--help" {
		fmt.Fprintf(e.stderr, "usage: jari run PROGRAM [flags]; `jari run PROGRAM -h` prints its flags; the programs are: %v\n", known)
		if len(args) > 0 {
			return flag.ErrHelp
		}
		return exitCode(2)
	}
	program, ok := programs[args[0]]
	if !ok {
		return fmt.Errorf("there is no program %q; the programs are: %v", args[0], known)
	}
	return program(ctx, args[1:], e.getenv, e.stdout, e.stderr)
}
