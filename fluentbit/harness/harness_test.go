package harness

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"jari.example/fluentbit/ship/shiptest"
	"jari.example/telemetry/names"
	"jari.example/telemetry/names/realpart"
)

// loader is the compiled harness and the plugin it loads.
type loader struct{ harness, plugin string }

func build(t *testing.T) loader {
	t.Helper()
	return loader{harness: buildHarness(t), plugin: buildPlugin(t)}
}

// buildHarness compiles the C program.
func buildHarness(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "harness")
	cc := realpart.Program(t, append(firstWord(os.Getenv("CC")), "gcc", "cc")...)
	run(t, cc, "-Wall", "-Wextra", "-Werror", "-O1", "-o", path, "harness.c", "-ldl")
	return path
}

// buildPlugin returns the path of the plugin, which it builds unless one is built
// already.
func buildPlugin(t *testing.T) string {
	t.Helper()
	path := os.Getenv(realpart.Plugin)
	if path == "" {
		path = filepath.Join(t.TempDir(), "out_jari.so")
		run(t, "go", "build", "-buildmode=c-shared", "-o", path, "..")
	}
	return path
}

// firstWord returns the program of a CC variable that may have arguments.
func firstWord(s string) []string {
	words := strings.Fields(s)
	return words[:min(1, len(words))]
}

func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// flush runs the harness with the plugin and returns the result of each step, by its
// name.
func (l loader) flush(t *testing.T, url, prefix string, chunks ...string) map[string]string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), l.harness, append([]string{l.plugin, url, prefix}, chunks...)...)
	var logs bytes.Buffer
	cmd.Stderr = &logs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("harness: %v\n%s%s", err, out, logs.String())
	}
	results := map[string]string{}
	for line := range strings.Lines(string(out)) {
		line = strings.TrimSpace(strings.TrimPrefix(line, "flush "))
		step, result, _ := strings.Cut(line, " ")
		results[step] = result
	}
	return results
}

const (
	flushError = "0"
	flushOK    = "1"
	flushRetry = "2"
)

func TestPluginShipsChunksThroughItsCInterface(t *testing.T) {
	url := realpart.Need(t, realpart.OpenSearch)
	l := build(t)
	chunks, err := filepath.Glob("../testdata/*.msgpack")
	if err != nil || len(chunks) != 9 {
		t.Fatalf("fixtures: %v, %v", chunks, err)
	}

	t.Run("every captured chunk reaches OpenSearch once", func(t *testing.T) {
		store := shiptest.New(t, url)
		for range 2 { // the agent sends a chunk again if it did not get the result
			results := l.flush(t, url, store.Prefix, chunks...)
			if got := results["register"]; !strings.Contains(got, "event_type=7") {
				t.Errorf("registered as %q: without event_type 7 traces and metrics never arrive", got)
			}
			for _, c := range chunks {
				if got := results[filepath.Base(c)]; got != flushOK {
					t.Errorf("%s: return code %q, want %s", filepath.Base(c), got, flushOK)
				}
			}
			store.Refresh(t)
			for family, want := range map[string]int{
				names.LogIndex:        14,
				names.SpanIndex:       6,
				names.MetricIndex:     1,
				names.ServiceMapIndex: 4,
				names.DeadLetterIndex: 0,
			} {
				if got := store.Count(t, family); got != want {
					t.Errorf("%d documents in %s*, want %d", got, family, want)
				}
			}
		}
	})

	t.Run("a truncated chunk becomes its complete records and a dead letter", func(t *testing.T) {
		store := shiptest.New(t, url)
		whole, err := os.ReadFile("../testdata/v1_logs-002.msgpack")
		if err != nil {
			t.Fatal(err)
		}
		cut := filepath.Join(t.TempDir(), "cut.msgpack")
		if err := os.WriteFile(cut, whole[:len(whole)/3], 0o600); err != nil {
			t.Fatal(err)
		}
		if got := l.flush(t, url, store.Prefix, cut)["cut.msgpack"]; got != flushOK {
			t.Errorf("return code %q, want %s", got, flushOK)
		}
		store.Refresh(t)
		if logs, dead := store.Count(t, names.LogIndex), store.Count(t, names.DeadLetterIndex); logs != 1 || dead != 1 {
			t.Errorf("%d lines and %d dead letters, want 1 and 1", logs, dead)
		}
	})

	// The negative controls: the harness sees return codes other than OK.
	t.Run("an unavailable OpenSearch returns RETRY", func(t *testing.T) {
		if got := l.flush(t, "http://127.0.0.1:1", "t-", chunks[0])[filepath.Base(chunks[0])]; got != flushRetry {
			t.Errorf("return code %q, want %s", got, flushRetry)
		}
	})
	t.Run("an invalid URL fails the initialisation", func(t *testing.T) {
		if got := l.flush(t, "opensearch", "t-", chunks[0])["init"]; got != flushError {
			t.Errorf("init returned %q, want %s", got, flushError)
		}
	})
}
