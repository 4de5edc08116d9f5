package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"jari.example/alerting/starter"
	"jari.example/internal/command"
)

const initAbout = `Writes objectives to begin with into a directory: for a site whose access log is
in OpenSearch, with comments that say what to change, and a test of them.`

// initCommand writes an example.
func initCommand(_ context.Context, args []string, stdout, _ io.Writer) error {
	flags := newFlags("init", "DIR", initAbout)
	logs := flags.String("logs", starter.Logs[0], "`kind` of the access log: "+strings.Join(starter.Logs, " or "))
	rest, err := command.ParseFlags(flags, args, stdout)
	if err != nil {
		return err
	}
	if len(rest) != 1 {
		return command.Usagef("needs one directory, got %d", len(rest))
	}
	written, err := starter.Write(rest[0], *logs)
	if err != nil {
		return err
	}
	for _, file := range written {
		fmt.Fprintln(stdout, file)
	}
	return nil
}
