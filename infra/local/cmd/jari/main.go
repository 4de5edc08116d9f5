// Command jari runs all of Jari on one machine: real parts, started in the
// order of their needs, looked after, and stopped again.
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
	switch code, asked := errors.AsType[exitCode](err); {
	case asked:
		os.Exit(int(code))
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, "jari:", err)
		os.Exit(1)
	}
}

// exitCode ends the program without another word.
type exitCode int

func (c exitCode) Error() string { return fmt.Sprintf("exit status %d", int(c)) }

// command is one of jari's verbs.
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
		{"up", "start everything, wait until it is healthy, fill it, print where it is", up},
		{"down", "stop everything", down},
		{"clean", "stop everything and remove its data, logs and programs", clean},
		{"status", "every part: state, process, ports, restarts", status},
		{"logs", "print (-f: follow) the logs of a part or service", logs},
		{"fault", "switch the reservation database of a region off or on again; status: how both stand", faultCommand},
		{"env", "the addresses of the running system as shell exports, for tests", printEnv},
		{"seed", "fill the two regions with restaurants (up does it too)", seedCommand},
		{"demo", "play one evening against the running system", demoCommand},
		{"tools", "find or install what tests need besides the system", tools},
		{"with", "start a system, run a command with its addresses, stop it", with},
		{"run", "run one of the local programs in the foreground", runProgram},
		{"supervise", "what up leaves running; not for people", supervise},
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
	return fmt.Errorf("there is no command %q", args[0])
}

func help(w io.Writer) {
	fmt.Fprintln(w, "usage: jari COMMAND [flags]; `jari COMMAND -h` tells more")
	for _, c := range commands() {
		fmt.Fprintf(w, "  %-10s %s\n", c.name, c.brief)
	}
}

// flags is a command's flag set. All know --dir.
func (e env) flags(name, usage string) (*flag.FlagSet, *string) {
	fs := flag.NewFlagSet("jari "+name, flag.ContinueOnError)
	fs.SetOutput(e.stderr)
	dir := fs.String("dir", e.getenv("JARI_DIR"), "the system's directory (env JARI_DIR; default: .jari at the top of the clone)")
	fs.Usage = func() {
		fmt.Fprintf(e.stderr, "usage: jari %s %s\n", name, usage)
		fs.PrintDefaults()
	}
	return fs, dir
}

// locate finds the clone around the working directory and the system's
// directory, as absolute paths.
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
