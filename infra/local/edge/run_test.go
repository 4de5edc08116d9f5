package edge_test

import (
	"bytes"
	"errors"
	"flag"
	"io"
	"strings"
	"testing"

	"jari.example/infra/local/edge"
)

func noEnv(string) string { return "" }

func TestRunRejectsInvalidFlags(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"no origin":              {nil, "at least one origin"},
		"an origin without URL":  {[]string{"--origin", "us-east-1"}, "REGION=URL"},
		"an origin without name": {[]string{"--origin", "=http://127.0.0.1:1"}, "REGION=URL"},
		"an impossible address":  {[]string{"--origin", "us-east-1=http://127.0.0.1:1", "--addr", "127.0.0.1:99999"}, "99999"},
	} {
		t.Run(name, func(t *testing.T) {
			if err := edge.Run(t.Context(), c.args, noEnv, io.Discard, io.Discard); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
	var help bytes.Buffer
	err := edge.Run(t.Context(), []string{"-h"}, noEnv, &help, io.Discard)
	if !errors.Is(err, flag.ErrHelp) || !strings.Contains(help.String(), "-default-country") {
		t.Errorf("help: %v %s", err, &help)
	}
}
