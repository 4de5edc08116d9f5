package command

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
)

// UsageError is a mistake in the arguments of a command.
type UsageError struct{ Err error }

func (e UsageError) Error() string { return e.Err.Error() }
func (e UsageError) Unwrap() error { return e.Err }

// Usagef returns a UsageError.
func Usagef(format string, args ...any) error { return UsageError{fmt.Errorf(format, args...)} }

// ErrReported ends a command that has already written what is wrong.
var ErrReported = errors.New("problems were reported")

// The exit codes of programs that have several commands.
const (
	ExitOK     = 0
	ExitFailed = 1 // it failed, or has reported problems
	ExitUsage  = 2 // it was called in a wrong way
)

// ExitCode is the exit code of a command, such as "alertingd lint", that ended with err,
// which it writes to stderr unless the command has done so. flag.ErrHelp is no error.
func ExitCode(command string, err error, stderr io.Writer) int {
	_, usage := errors.AsType[UsageError](err)
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return ExitOK
	case errors.Is(err, ErrReported):
		return ExitFailed
	case usage:
		fmt.Fprintf(stderr, "%s: %v (see %s -help)\n", command, err, command)
		return ExitUsage
	}
	fmt.Fprintf(stderr, "%s: %v\n", command, err)
	return ExitFailed
}

// Flags returns the flags of a command of a program, such as "alertingd lint". arguments
// are what follows the flags in its help, such as "DIR"; about is the text before it.
func Flags(command, arguments, about string) *flag.FlagSet {
	f := flag.NewFlagSet(command, flag.ContinueOnError)
	f.SetOutput(io.Discard) // ParseFlags writes the help, the caller the error
	f.Usage = func() {
		fmt.Fprintf(f.Output(), "%s\n\nUsage: %s\n", about, strings.TrimSpace(command+" [flags] "+arguments))
		first := true
		f.VisitAll(func(v *flag.Flag) {
			if first {
				fmt.Fprintln(f.Output())
			}
			first = false
			kind, usage := flag.UnquoteUsage(v)
			fmt.Fprintf(f.Output(), "  %s\n      %s", strings.TrimSpace("-"+v.Name+" "+kind), usage)
			if v.DefValue != "" && v.DefValue != "false" {
				fmt.Fprintf(f.Output(), " (default %s)", v.DefValue)
			}
			fmt.Fprintln(f.Output())
		})
	}
	return f
}

// ParseFlags parses args, in which flags may also follow other arguments, and returns
// those. The error is flag.ErrHelp after the help was written to stdout, or a UsageError.
func ParseFlags(f *flag.FlagSet, args []string, stdout io.Writer) (rest []string, err error) {
	for {
		switch err := f.Parse(args); {
		case errors.Is(err, flag.ErrHelp):
			f.SetOutput(stdout)
			f.Usage()
			return nil, err
		case err != nil:
			return nil, UsageError{err}
		case f.NArg() == 0:
			return rest, nil
		}
		rest, args = append(rest, f.Arg(0)), f.Args()[1:]
	}
}
