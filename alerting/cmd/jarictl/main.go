// Jarictl is the tool of operators: it asks a running system questions and runs the
// diagnosis of a runbook. It reads only, so it may be used in an incident without a
// second thought. The runbooks and their queries are built in.
//
// Exit codes: 0 done, 1 failed or problems were found, 2 wrong usage.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"jari.example/alerting/nearest"
	"jari.example/internal/command"
	"jari.example/runbooks"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], env{os.Getenv, os.Stdout, os.Stderr})
	stop()
	os.Exit(code)
}

// env is what a command takes from its process.
type env struct {
	getenv         func(string) string
	stdout, stderr io.Writer
}

// subcommand is one of jarictl's commands. Its run function returns nil, flag.ErrHelp
// after it has written its help, a command.UsageError, command.ErrReported, or another error.
type subcommand struct {
	name, arguments, brief string
	run                    func(ctx context.Context, e env, args []string) error
}

func subcommands() []subcommand {
	return []subcommand{
		{"ask", "[NAME]", "ask one named query and print the answer as a table; without a name, list the queries", askCommand},
		{"runbook list", "", "list the runbooks", listCommand},
		{"runbook show", "NAME", "print a runbook", showCommand},
		{"runbook run", "NAME", "run the steps of a runbook: question, answer, meaning, and at the end the cause", runCommand},
		{"drops plan", "", "plan how many tasks must run when drops open", dropsCommand},
		{"runbook lint", "[DIR]", "check the runbooks and queries of a directory", lintCommand},
	}
}

// run runs the command that args begin with and returns the exit code.
func run(ctx context.Context, args []string, e env) int {
	if len(args) == 0 {
		help(e.stderr)
		return command.ExitUsage
	}
	if slices.Contains([]string{"help", "-h", "-help", "--help"}, args[0]) {
		help(e.stdout)
		return command.ExitOK
	}
	var names []string
	for _, c := range subcommands() {
		names = append(names, c.name)
		words := strings.Fields(c.name)
		if len(args) >= len(words) && slices.Equal(args[:len(words)], words) {
			return command.ExitCode("jarictl "+c.name, c.run(ctx, e, args[len(words):]), e.stderr)
		}
	}
	given := args[0]
	if given == "runbook" {
		if len(args) == 1 || slices.Contains([]string{"-h", "-help", "--help"}, args[1]) {
			help(e.stdout)
			return command.ExitOK
		}
		given += " " + args[1]
	}
	fmt.Fprintf(e.stderr, "jarictl: there is no command %q; %s\n", given, nearest.OneOf(given, names))
	return command.ExitUsage
}

func help(w io.Writer) {
	fmt.Fprint(w, "Jarictl asks a running system questions and runs the diagnosis of a runbook. It changes nothing.\n\n"+
		"Usage: jarictl COMMAND [flags]; see `jarictl COMMAND -help`\n\n")
	for _, c := range subcommands() {
		fmt.Fprintf(w, "  %-19s %s\n", strings.TrimSpace(c.name+" "+c.arguments), c.brief)
	}
	fmt.Fprint(w, "\nAddresses are flags or variables such as JARICTL_OPENSEARCH_URL; of a local system: eval \"$(jari env)\".\n"+
		"Exit codes: 0 done, 1 failed or problems were found, 2 wrong usage.\n")
}

func newFlags(name, about string) *flag.FlagSet {
	i := slices.IndexFunc(subcommands(), func(c subcommand) bool { return c.name == name })
	return command.Flags("jarictl "+name, subcommands()[i].arguments, about)
}

// folderFlag defines the flag for another folder of runbooks than the built-in one.
func folderFlag(f *flag.FlagSet) func() fs.FS {
	dir := f.String("runbooks", "", "`directory` of the runbooks and their queries; empty: those that are built in")
	return func() fs.FS {
		if *dir == "" {
			return runbooks.Files
		}
		return os.DirFS(*dir)
	}
}

// oneName is the only argument; what it is for is used in the error.
func oneName(rest []string, what string) (string, error) {
	if len(rest) != 1 {
		return "", command.Usagef("needs the name of one %s, got %d", what, len(rest))
	}
	return strings.TrimSuffix(rest[0], ".md"), nil
}
