package command

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"testing"
)

func TestACommandThatFailsSaysWhyAndEndsWithOne(t *testing.T) {
	for name, tc := range map[string]struct {
		err    error
		code   int
		stderr string
	}{
		"without an error": {nil, 0, ""},
		"after -help":      {fmt.Errorf("parse the flags: %w", flag.ErrHelp), 0, ""},
		"with an error":    {errors.New("no database"), 1, "bench: no database\n"},
	} {
		t.Run(name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			code := exitCode(t.Context(), "bench", func(_ context.Context, args []string, stdout, _ io.Writer) error {
				if !slices.Equal(args, []string{"-a"}) {
					t.Errorf("the arguments are %q", args)
				}
				fmt.Fprint(stdout, "result")
				return tc.err
			}, []string{"-a"}, &stdout, &stderr)
			if code != tc.code || stderr.String() != tc.stderr || stdout.String() != "result" {
				t.Errorf("exit code %d, stdout %q, stderr %q", code, &stdout, &stderr)
			}
		})
	}
}
