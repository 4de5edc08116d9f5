// Package command runs commands: programs that end by themselves, unlike daemons,
// which package serve runs.
package command

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// Program is a command's run function: what main does, independent of the process.
// It ends soon after ctx does, and returns flag.ErrHelp after -help.
type Program func(ctx context.Context, args []string, stdout, stderr io.Writer) error

// Main runs a program with the arguments of the process until it ends. SIGINT and
// SIGTERM end its context. An error is written to stderr behind the command's name,
// and the process ends with exit code 1; flag.ErrHelp is no error.
func Main(name string, run Program) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := exitCode(ctx, name, run, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

func exitCode(ctx context.Context, name string, run Program, args []string, stdout, stderr io.Writer) int {
	if err := run(ctx, args, stdout, stderr); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintf(stderr, "%s: %v\n", name, err)
		return 1
	}
	return 0
}
