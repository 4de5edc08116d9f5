package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"jari.example/alerting/slos"
	"jari.example/internal/serve/servetest"
)

func TestEachCommandHasHelp(t *testing.T) {
	for _, c := range commands() {
		t.Run(c.name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			code, ok := dispatch(t.Context(), []string{c.name, "-help"}, &stdout, &stderr)
			if !ok || code != exitOK || stderr.Len() > 0 {
				t.Fatalf("exit code %d, command %v, stderr %q", code, ok, stderr.String())
			}
			servetest.Golden(t, "help-"+c.name+".txt", stdout.Bytes(), *update)
		})
	}
}

func TestArgumentsWithoutACommandAreTheDaemons(t *testing.T) {
	for _, args := range [][]string{nil, {"-help"}, {"--time-scale", "60"}} {
		if code, ok := dispatch(t.Context(), args, &bytes.Buffer{}, &bytes.Buffer{}); ok {
			t.Errorf("%q ran a command, which ended with %d", args, code)
		}
	}
}

func TestTheBuiltInObjectivesHaveNoProblem(t *testing.T) {
	var stdout bytes.Buffer
	code, _ := dispatch(t.Context(), []string{
		"lint", "../../slos", "--runbooks", "../../../runbooks", "--dashboards", "../../../kibana/dashboards",
	}, &stdout, &stdout)
	if code != exitOK {
		t.Errorf("exit code %d:\n%s", code, stdout.String())
	}
}

// Our conditions are held against telemetry and the API: that is what the
// vocabulary is for, which others may leave out.
func TestEveryBuiltInDataSourceHasAVocabulary(t *testing.T) {
	text, err := slos.Files.ReadFile("sources.yaml")
	if err != nil {
		t.Fatal(err)
	}
	sources, vocabularies := bytes.Count(text, []byte("kind: DataSource\n")), bytes.Count(text, []byte(" vocabulary: "))
	if sources == 0 || sources != vocabularies {
		t.Errorf("%d data sources, %d vocabularies", sources, vocabularies)
	}
}

func TestLintsADirectory(t *testing.T) {
	const good = "../../spec/testdata/good"
	empty, file := t.TempDir(), filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	pages := t.TempDir()
	for _, name := range []string{"booking.md", "catalogue.md", "pool-saturated.md", "dead-letters.md", "service-silent.md", "template.md"} {
		if err := os.WriteFile(filepath.Join(pages, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, tc := range map[string]struct {
		args           []string
		code           int
		stdout, stderr []string
	}{
		"without a problem":               {[]string{good}, exitOK, []string{"no problems: 2 SLOs, 3 alerts\n"}, nil},
		"with all runbooks":               {[]string{good, "--runbooks", pages}, exitOK, []string{"no problems"}, nil},
		"with flags before the directory": {[]string{"--runbooks", pages, good}, exitOK, []string{"no problems"}, nil},
		"without any dashboard": {
			[]string{good, "--dashboards", empty}, exitFound,
			[]string{good + `/booking.yaml:9: metadata.annotations.jari.example/dashboard: there is no dashboard "bookings"`, "problems: 5\n"}, nil,
		},
		"that has no rule":      {[]string{empty}, exitFound, nil, []string{"no SLO and no DirectAlert found"}},
		"that does not exist":   {[]string{"does/not/exist"}, exitUsage, nil, []string{"does/not/exist"}},
		"that is a file":        {[]string{file}, exitUsage, nil, []string{"is not a directory"}},
		"that is not named":     {nil, exitUsage, nil, []string{"needs one directory, got 0 (see alertingd lint -help)"}},
		"of two":                {[]string{good, empty}, exitUsage, nil, []string{"got 2"}},
		"with an unknown flag":  {[]string{"--fix", good}, exitUsage, nil, []string{"-fix"}},
		"without its dashboard": {[]string{good, "--dashboards", "does/not/exist"}, exitUsage, nil, []string{"does/not/exist"}},
	} {
		t.Run(name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			code, _ := dispatch(t.Context(), append([]string{"lint"}, tc.args...), &stdout, &stderr)
			if code != tc.code {
				t.Errorf("exit code %d, want %d", code, tc.code)
			}
			for want, out := range map[*[]string]string{&tc.stdout: stdout.String(), &tc.stderr: stderr.String()} {
				if len(*want) == 0 && out != "" {
					t.Errorf("unexpected output %q", out)
				}
				for _, w := range *want {
					if !strings.Contains(out, w) {
						t.Errorf("got %q, want %q", out, w)
					}
				}
			}
		})
	}
}

func TestAnUnknownCommandIsAUsageError(t *testing.T) {
	var stderr bytes.Buffer
	code, ok := dispatch(t.Context(), []string{"lnit"}, &bytes.Buffer{}, &stderr)
	if !ok || code != exitUsage || !strings.Contains(stderr.String(), "lint ") {
		t.Errorf("exit code %d, command %v, stderr %q", code, ok, stderr.String())
	}
}
