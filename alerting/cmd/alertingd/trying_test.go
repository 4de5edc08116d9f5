package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"jari.example/alerting/count"
	"jari.example/alerting/count/counttest"
	"jari.example/alerting/postgres"
	"jari.example/alerting/replay"
	"jari.example/alerting/spec"
	"jari.example/internal/command"
	"jari.example/internal/postgres/postgrestest"
)

const shopRules = "../../slotest/testdata/rules"

func TestTestsRules(t *testing.T) {
	failing := filepath.Join(t.TempDir(), "failing.test.yaml")
	text := "apiVersion: jari.example/v1\nkind: SeriesTest\nmetadata: {name: payment-availability}\nspec:\n  tests:\n" +
		"    - name: nothing happens\n      series: [{good: 5x10}]\n      expect: [{at: 5m, state: page}]\n"
	if err := os.WriteFile(failing, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	const example = "../../slotest/testdata/example.test.yaml"
	for name, c := range map[string]struct {
		args []string
		code int
		want []string
	}{
		"that are met": {[]string{example}, exitOK, []string{example + ": 6 tests passed\n"}},
		"that are not met": {
			[]string{failing, "-slo-dir", shopRules}, exitFound, []string{failing + ":6: nothing happens", "found none"},
		},
		"of rules without them": {[]string{"-complete", "-slo-dir", shopRules, example}, exitFound, []string{"worker-silent: no test"}},
		"of rules that are faulty": {
			[]string{failing, "-slo-dir", filepath.Dir(failing)}, exitFound, []string{"failing.test.yaml:2: kind"},
		},
		"of built-in rules": {[]string{failing}, exitFound, []string{`there is no rule "payment-availability"`}},
		"that do not exist": {[]string{"missing.yaml"}, exitFound, []string{"missing.yaml: no such file"}},
		"without a file":    {nil, exitUsage, []string{"needs at least one file"}},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			code, ok := dispatch(t.Context(), append([]string{"test"}, c.args...), &out, &out)
			if !ok || code != c.code {
				t.Errorf("exit code %d, want %d", code, c.code)
			}
			for _, want := range c.want {
				if !strings.Contains(out.String(), want) {
					t.Errorf("%s\nlacks %q", &out, want)
				}
			}
		})
	}
}

func TestTheExampleObjectivesPassLintAndTest(t *testing.T) {
	for _, logs := range []string{"nginx", "alb"} {
		t.Run(logs, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "objectives")
			for _, args := range [][]string{
				{"init", "--logs", logs, dir}, {"lint", dir}, {"test", filepath.Join(dir, "tests", "site-availability.test.yaml")},
			} {
				var out bytes.Buffer
				if code, _ := dispatch(t.Context(), args, &out, &out); code != exitOK {
					t.Fatalf("%q ends with %d:\n%s", args, code, &out)
				}
			}
			var out bytes.Buffer
			code, _ := dispatch(t.Context(), []string{"init", dir}, &out, &out)
			if code != exitFound || !strings.Contains(out.String(), "exists already") {
				t.Errorf("a second init ends with %d:\n%s", code, &out)
			}
		})
	}
}

func TestReplaysARecordedSeries(t *testing.T) {
	file := filepath.Join(t.TempDir(), "series.csv")
	var text strings.Builder
	text.WriteString("time,rule,subject,region,good,bad\n")
	for m := range 60 {
		counts := "50,0"
		if m >= 20 && m < 30 {
			counts = "0,50"
		}
		text.WriteString(time.Date(2026, 11, 3, 10, m, 0, 0, time.UTC).Format(time.RFC3339) + ",payment-availability,,," + counts + "\n")
	}
	if err := os.WriteFile(file, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	report := replayed(t, "--slo-dir", shopRules, "--file", file)
	if len(report.Incidents) != 1 || report.Incidents[0].OpenedAt.Format("15:04") != "10:21" || report.Budgets[0].Bad != 500 {
		t.Errorf("found %+v", report)
	}
	part := replayed(t, "--slo-dir", shopRules, "--file", file, "--to", "2026-11-03T10:20:00Z")
	if len(part.Incidents) != 0 || part.Budgets[0].Total != 1000 {
		t.Errorf("of the first 20 minutes: %+v", part)
	}
}

// What a daemon has stored in a real database is replayed, and nothing is written.
func TestReplaysADatabaseAndOnlyReadsIt(t *testing.T) {
	t.Parallel()
	url := postgrestest.Database(t)
	began := time.Now().UTC().Truncate(time.Minute).Add(-3 * time.Hour)
	fillDatabase(t, url, began)
	from, to := began.Format(time.RFC3339), began.Add(2*time.Hour).Format(time.RFC3339)
	args := []string{"--slo-dir", shopRules, "--database-url", url, "--from", from, "--to", to}
	report := replayed(t, args...)
	if len(report.Incidents) != 1 || report.Incidents[0].Rule != "payment-availability" ||
		!report.Incidents[0].OpenedAt.Equal(began.Add(61*time.Minute)) || report.Incidents[0].ResolvedAt.IsZero() {
		t.Errorf("found %+v", report.Incidents)
	}
	rarely := replayed(t, append(args, "--every", "4")...)
	if len(rarely.Incidents) != 1 || !rarely.Incidents[0].OpenedAt.Equal(began.Add(64*time.Minute)) {
		t.Errorf("every fourth minute: %+v", rarely.Incidents)
	}
	if len(report.LeftOut) != 1 || report.LeftOut[0] != "worker-silent" {
		t.Errorf("left out %q", report.LeftOut)
	}
	store, err := postgres.OpenReader(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	if _, _, err := store.Acquire(t.Context(), "replay", time.Minute); err == nil || !strings.Contains(err.Error(), "read-only") {
		t.Errorf("a write of the reader: %v", err)
	}
}

// fillDatabase counts two hours like a daemon: payments fail from 60m to 70m.
func fillDatabase(t *testing.T, url string, began time.Time) {
	t.Helper()
	set, err := spec.Load(os.DirFS(shopRules))
	if err != nil {
		t.Fatal(err)
	}
	set.Alerts = nil
	source := &counttest.Fake{}
	for m := range 120 {
		e := counttest.Events{At: began.Add(time.Duration(m) * time.Minute), Good: 50}
		source.Add(set.SLOs[0].Indicator, e)
		if m >= 60 && m < 70 {
			e.Good, e.Bad = 0, 50
		}
		source.Add(set.SLOs[1].Indicator, e)
	}
	store, err := postgres.Open(t.Context(), url, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	term, held, err := store.Acquire(t.Context(), "daemon", time.Minute)
	if err != nil || !held {
		t.Fatal(held, err)
	}
	timing, err := count.NewTiming(1)
	if err != nil {
		t.Fatal(err)
	}
	counter := &count.Counter{Source: source, Store: store, Timing: timing}
	for _, minutes := range []time.Duration{1, 120} {
		if err := counter.Count(t.Context(), term, set, began.Add(minutes*time.Minute-1)); err != nil {
			t.Fatal(err)
		}
	}
}

// replayed runs the command and returns its report.
func replayed(t *testing.T, args ...string) (report replay.Report) {
	t.Helper()
	var out bytes.Buffer
	if err := replayCommand(t.Context(), append(args, "--json"), &out, io.Discard); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(out.Bytes(), &report); err != nil {
		t.Fatalf("%v\n%s", err, &out)
	}
	return report
}

func TestReplayExplainsWrongArguments(t *testing.T) {
	t.Setenv("ALERTING_DATABASE_URL", "")
	for want, args := range map[string][]string{
		"needs -file or -database-url":              {},
		`-from is "yesterday"; write a time`:        {"--file", "x", "--from", "yesterday"},
		"-every is 0; write 1 or more":              {"--file", "x", "--every", "0"},
		"takes no arguments":                        {"month.csv"},
		"7 is not a divisor":                        {"--file", "x", "--time-scale", "7"},
		"flag provided but not defined: -databases": {"--databases", "x"},
	} {
		err := replayCommand(context.Background(), args, io.Discard, io.Discard)
		if _, usage := errors.AsType[command.UsageError](err); !usage || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", args, err, want)
		}
	}
	if err := replayCommand(t.Context(), []string{"-help"}, io.Discard, io.Discard); !errors.Is(err, flag.ErrHelp) {
		t.Errorf("-help: %v", err)
	}
}
