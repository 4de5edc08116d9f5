// Command jari runs the whole system on one machine. It starts the real parts in
// the order of their dependencies, supervises them, and stops them.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"jari.example/infra/local/repo"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr)
	stop()
	switch code, ok := errors.AsType[exitCode](err); {
	case ok:
		os.Exit(int(code))
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, "jari:", err)
		os.Exit(1)
	}
}

// exitCode ends the program with this code and no message.
type exitCode int

func (c exitCode) Error() string { return fmt.Sprintf("exit status %d", int(c)) }

// command is one of jari's subcommands.
type command struct {
	name, brief string
	run         func(ctx context.Context, env env, args []string) error
}

// env is what every command gets besides its arguments.
type env struct {
	getenv         func(string) string
	stdout, stderr io.Writer
}

func commands() []command {
	return []command{
		{"up", "start everything, wait until it is healthy, add sample data, print the addresses", up},
		{"down", "stop everything", down},
		{"clean", "stop everything and remove its data, logs and programs", clean},
		{"status", "print every part's state, process, ports and restarts", status},
		{"logs", "print (-f: follow) the logs of a part or service", logs},
		{"fault", "inject a fault: list, on, off or status", faultCommand},
		{"env", "print the addresses of the running system as shell exports, for tests", printEnv},
		{"seed", "add sample restaurants to both regions (up does it too)", seedCommand},
		{"demo", "run a scenario against the running system and check every step", demoCommand},
		{"tools", "find or install the tools that tests need besides the system", tools},
		{"with", "start a system, run a command with its addresses in the environment, stop it", with},
		{"run", "run one of the local tools in the foreground", runProgram},
		{"supervise", "run the launcher in the foreground; up starts it, do not call it yourself", supervise},
	}
}

func run(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) error {
	e := env{getenv, stdout, stderr}
	if len(args) == 0 {
		help(stderr)
		return exitCode(2)
	}
	for _, c := range commands() {
		if c.name == args[0] {
			return c.run(ctx, e, args[1:])
		}
	}
	if args[0] == "help" || args[0] == "-h" || args[0] == "--help" || args[0] == "-help" {
		help(stdout)
		return nil
	}
	help(stderr)
	return fmt.Errorf("there is no command %q; see the list above", args[0])
}

func help(w io.Writer) {
	fmt.Fprintln(w, "usage: jari COMMAND [flags]; `jari COMMAND -h` prints the flags of a command")
	for _, c := range commands() {
		fmt.Fprintf(w, "  %-10s %s\n", c.name, c.brief)
	}
}

// flags returns a command's flag set. Every command has --dir.
func (e env) flags(name, usage string) (*flag.FlagSet, *string) {
	fs := flag.NewFlagSet("jari "+name, flag.ContinueOnError)
	fs.SetOutput(e.stderr)
	dir := fs.String("dir", e.getenv("JARI_DIR"), "the system's directory (env JARI_DIR; default: .jari in the root of the clone)")
	fs.Usage = func() {
		fmt.Fprintf(e.stderr, "usage: jari %s %s\n", name, usage)
		fs.PrintDefaults()
	}
	return fs, dir
}

// locate returns the root of the clone and the system's directory, as absolute
// paths.
func locate(dir string) (root, abs string, err error) {
	if root, err = repo.Root(); err != nil {
		return "", "", err
	}
	if dir == "" {
		return root, filepath.Join(root, ".jari"), nil
	}
	abs, err = filepath.Abs(dir)
	return root, abs, err
}
