package slack_test

import (
	"bytes"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"jari.example/infra/local/slack"
)

func noEnv(string) string { return "" }

func TestRunReportsEveryInvalidFlag(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{"--token-file", empty, "--interactivity-url", "nonsense", "--signing-secret-file", "/does/not/exist"}
	err := slack.Run(t.Context(), args, noEnv, io.Discard, io.Discard)
	for _, want := range []string{empty, "-interactivity-url", "/does/not/exist"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not name %s", err, want)
		}
	}
	var help bytes.Buffer
	err = slack.Run(t.Context(), []string{"-h"}, noEnv, &help, io.Discard)
	if !errors.Is(err, flag.ErrHelp) || !strings.Contains(help.String(), "-interactivity-url") {
		t.Errorf("help: %v %s", err, &help)
	}
	broken := filepath.Join(t.TempDir(), "state")
	if err := os.WriteFile(broken, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	err = slack.Run(t.Context(), []string{"--state", broken}, noEnv, io.Discard, io.Discard)
	if err == nil || !strings.Contains(err.Error(), "delete it") {
		t.Errorf("a broken state file: %v", err)
	}
}
