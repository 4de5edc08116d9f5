package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"jari.example/internal/command"
)

// subcommand is one of alertingd's commands besides the daemon. Its run function
// returns nil, flag.ErrHelp after it has written its help, a command.UsageError, errFound,
// or another error.
type subcommand struct {
	name, brief string
	run         func(ctx context.Context, args []string, stdout, stderr io.Writer) error
}

func commands() []subcommand {
	return []subcommand{
		{"lint", "check a directory of objectives", lintCommand},
		{"ack", "acknowledge an incident", ackCommand().run},
		{"silence", "keep an incident or its rule from notifying anybody for a while", silenceCommand().run},
		{"resolve", "end an incident that stays open", resolveCommand().run},
		{"export", "write what is known about an incident as the beginning of a postmortem", exportCommand},
		{"digest", "print the daily digest of the error budgets", digestCommand},
		{"on-call", "print who is on call, and when", onCallCommand},
		{"slack-check", "try against a Slack workspace what the daemon does", slackCheckCommand},
		{"replay", "evaluate recorded events: what would have opened an incident, when, and for how long", replayCommand},
		{"test", "run the series of a test file: incidents that must and must not open", testCommand},
		{"init", "write example objectives to begin with", initCommand},
	}
}

// The exit codes of the commands.
const (
	exitOK    = command.ExitOK
	exitFound = command.ExitFailed // problems were found, or the command failed
	exitUsage = command.ExitUsage
)

// errFound ends a command that has already written which problems it found.
var errFound = command.ErrReported

// ran runs the command that args name and ends the process with its exit code. It
// returns when they name none, because then they are the daemon's flags.
func ran(args []string) bool {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code, ok := dispatch(ctx, args, os.Stdout, os.Stderr)
	stop()
	if ok {
		os.Exit(code)
	}
	return false
}

// dispatch runs the command that args begin with. ok is false if they are empty, begin with
// a flag, or with probe, which every daemon has.
func dispatch(ctx context.Context, args []string, stdout, stderr io.Writer) (code int, ok bool) {
	if len(args) == 0 || strings.HasPrefix(args[0], "-") || args[0] == "probe" {
		return 0, false
	}
	for _, c := range commands() {
		if c.name == args[0] {
			return command.ExitCode("alertingd "+c.name, c.run(ctx, args[1:], stdout, stderr), stderr), true
		}
	}
	fmt.Fprintf(stderr, "alertingd: there is no command %q; use one of these, or only flags for the daemon:\n%s", args[0], commandList())
	return exitUsage, true
}

// commandList describes the commands, a line for each.
func commandList() string {
	var b strings.Builder
	for _, c := range commands() {
		fmt.Fprintf(&b, "  %-11s %s\n", c.name, c.brief)
	}
	return b.String()
}

// newFlags returns the flags of a command. arguments are what follows the flags in
// its help, such as "DIR".
func newFlags(name, arguments, about string) *flag.FlagSet {
	return command.Flags("alertingd "+name, arguments, about)
}
