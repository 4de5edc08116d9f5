package main

import (
	"context"
	"errors"
	"io"
)

// Until replay.go, test.go and init.go are merged.
func replayCommand(context.Context, []string, io.Writer, io.Writer) error {
	return errors.ErrUnsupported
}
func testCommand(context.Context, []string, io.Writer, io.Writer) error { return errors.ErrUnsupported }
func initCommand(context.Context, []string, io.Writer, io.Writer) error { return errors.ErrUnsupported }
