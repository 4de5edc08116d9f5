package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"jari.example/internal/command"
	"jari.example/internal/serve/servetest"
)

var update = flag.Bool("update", false, "rewrite the files in testdata")

// jarictl runs a command with an environment, and returns what it prints and its exit
// code.
func jarictl(t *testing.T, vars map[string]string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(t.Context(), args, env{func(key string) string { return vars[key] }, &out, &errs})
	return out.String(), errs.String(), code
}

func TestEachCommandHasHelp(t *testing.T) {
	for _, name := range []string{"", "ask", "runbook list", "runbook show", "runbook run", "drops plan", "runbook lint"} {
		t.Run(name, func(t *testing.T) {
			stdout, stderr, code := jarictl(t, nil, append(strings.Fields(name), "-help")...)
			if code != command.ExitOK || stderr != "" {
				t.Fatalf("exit code %d, stderr %q", code, stderr)
			}
			file := strings.TrimSuffix("help-"+strings.ReplaceAll(name, " ", "-"), "-") + ".txt"
			servetest.Golden(t, file, []byte(stdout), *update)
		})
	}
}

func TestListsTheQueriesAndTheRunbooks(t *testing.T) {
	for want, args := range map[string][]string{
		"Which status do booking attempts get, by region?": {"ask"},
		"Bookings are failing, or slow":                    {"runbook", "list"},
		"# booking-availability, booking-latency":          {"runbook", "show", "booking-availability"},
		"### Mitigation 1":                                 {"runbook", "show", "booking-availability.md"},
		`"name": "booking-results"`:                        {"ask", "--output", "json"},
		`"name": "telemetry-blind"`:                        {"runbook", "list", "--output", "json"},
		"no problems: ":                                    {"runbook", "lint", "../../../runbooks"},
	} {
		if stdout, stderr, code := jarictl(t, nil, args...); code != command.ExitOK || !strings.Contains(stdout, want) {
			t.Errorf("%q: exit code %d, %q is not in %s%s", args, code, want, stdout, stderr)
		}
	}
}

func TestAMistakeIsAUsageErrorThatSaysWhatToDo(t *testing.T) {
	for _, tc := range []struct {
		args []string
		want string
	}{
		{nil, "Usage: jarictl COMMAND"},
		{[]string{"aks"}, `there is no command "aks"`},
		{[]string{"runbook", "rnu"}, "did you mean runbook run?"},
		{[]string{"ask", "booking-result"}, "did you mean booking-results?"},
		{[]string{"ask", "a", "b"}, "needs the name of one query, got 2"},
		{[]string{"ask", "database", "--region", "de"}, "must be kr or us"},
		{[]string{"ask", "database", "--since", "soon"}, "is not a duration"},
		{[]string{"ask", "database", "--output", "xml"}, "must be table or json"},
		{[]string{"ask", "database", "--set", "x=1"}, `database has no value "x" to set; there are none`},
		{[]string{"ask", "queue-age", "--set", "queue=outbux"}, "did you mean outbox?"},
		{[]string{"ask", "ready", "--set", "service=gateway,usr"}, "did you mean user?"},
		{[]string{"ask", "database", "--timeout", "0s"}, "must be more than 0"},
		{[]string{"ask", "database", "--opensearch-url", "somewhere"}, "-opensearch-url or JARICTL_OPENSEARCH_URL is not an absolute URL"},
		{[]string{"ask", "database", "--ops-urls", "kr"}, "entry 1 is not NAME=URL"},
		{[]string{"ask", "database", "--ops-urls", "kr=here"}, "entry 1 is not an absolute URL"},
		{[]string{"runbook", "run"}, "needs the name of one runbook, got 0"},
		{[]string{"runbook", "run", "booking"}, "did you mean booking-availability?"},
		{[]string{"runbook", "run", "booking-availability", "--step", "99"}, "has no step 99"},
		{[]string{"runbook", "run", "booking-availability", "--step", "two"}, "is not the number of a step"},
		{[]string{"runbook", "lint", "/does/not/exist"}, "is no directory"},
		{[]string{"runbook", "list", "all"}, "takes no arguments"},
	} {
		if stdout, stderr, code := jarictl(t, nil, tc.args...); code != command.ExitUsage || !strings.Contains(stderr, tc.want) {
			t.Errorf("%q: exit code %d, %q is not in %q (%q)", tc.args, code, tc.want, stderr, stdout)
		}
	}
}

func TestSaysWhichAddressIsMissing(t *testing.T) {
	_, stderr, code := jarictl(t, nil, "ask", "booking-results")
	want := "set -opensearch-url or JARICTL_OPENSEARCH_URL (locally: eval \"$(jari env)\")"
	if code != command.ExitFailed || !strings.Contains(stderr, want) {
		t.Errorf("exit code %d, %q", code, stderr)
	}
}

func TestADirectoryWithoutQueriesOrRunbooksIsAnError(t *testing.T) {
	dir := t.TempDir()
	for want, args := range map[string][]string{
		"there are no queries; they are files queries/NAME.yaml": {"ask", "--runbooks", dir},
		"there are no runbooks; they are files NAME.md":          {"runbook", "lint", dir},
	} {
		if stdout, stderr, code := jarictl(t, nil, args...); code != command.ExitFailed || !strings.Contains(stdout+stderr, want) {
			t.Errorf("%q: exit code %d, %q is not in %s%s", args, code, want, stdout, stderr)
		}
	}
}

func TestAFlagWinsOverItsVariable(t *testing.T) {
	vars := map[string]string{"JARICTL_OPENSEARCH_URL": "https://variable.example"}
	stdout, _, _ := jarictl(t, vars, "ask", "--show", "booking-results", "--opensearch-url", "https://flag.example")
	if !strings.Contains(stdout, "https://flag.example/") {
		t.Errorf("got %s", stdout)
	}
}

func TestShowsARequestToPaste(t *testing.T) {
	vars := map[string]string{"JARICTL_OPENSEARCH_URL": "https://search.example/", "JARICTL_EDGE_URL": "http://edge.example",
		"JARICTL_DATABASE_URL": "postgres://reader:secret@db.example/postgres"}
	for want, args := range map[string][]string{
		`curl -sS 'https://search.example/ss4o_logs-jari-*/_search?`: {"booking-results"},
		`"gte":"now-3600s"`: {"booking-results", "--since", "1h"},
		`-H 'x-region: us' 'http://edge.example/v1/restaurants'`: {"edge-regions", "--region", "us"},
		`-X POST -H 'Idempotency-Key: runbook'`:                  {"edge-booking"},
		`psql "$JARICTL_DATABASE_URL" -c 'select`:                {"database"},
	} {
		stdout, stderr, code := jarictl(t, vars, append([]string{"ask", "--show"}, args...)...)
		if code != command.ExitOK || !strings.Contains(stdout, want) || strings.Contains(stdout, "secret") {
			t.Errorf("%q: exit code %d, %q is not in %s%s", args, code, want, stdout, stderr)
		}
	}
	vars["JARICTL_OPENSEARCH_URL"] = "https://reader:secret@search.example"
	if stdout, _, _ := jarictl(t, vars, "ask", "--show", "booking-results"); !strings.Contains(stdout, `"$JARICTL_OPENSEARCH_URL/ss4o_logs`) {
		t.Errorf("an address with a password: %s", stdout)
	}
}

func TestLintPrintsEachProblem(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("../../../runbooks")); err != nil {
		t.Fatal(err)
	}
	page := filepath.Join(dir, "booking-availability.md")
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	text = bytes.ReplaceAll(text, []byte("jarictl ask booking-results"), []byte("jarictl ask booking-reslts"))
	text = bytes.ReplaceAll(text, []byte("see mitigation 1."), []byte("see mitigation 19."))
	if err := os.WriteFile(page, text, 0o600); err != nil {
		t.Fatal(err)
	}
	stdout, _, code := jarictl(t, nil, "runbook", "lint", dir)
	for _, want := range []string{"did you mean booking-results?", "refers to mitigation 19"} {
		if code != command.ExitFailed || !strings.Contains(stdout, "runbooks/booking-availability.md: ") || !strings.Contains(stdout, want) {
			t.Errorf("exit code %d, %q is not in %s", code, want, stdout)
		}
	}
	if stdout, stderr, code := jarictl(t, nil, "runbook", "run", "booking-availability", "--runbooks", dir); code != command.ExitUsage ||
		!strings.Contains(stderr, "step 1 of booking-availability: there is no query") {
		t.Errorf("running it: exit code %d, %s%s", code, stdout, stderr)
	}
}

func TestJSONHasTheRows(t *testing.T) {
	vars := fakeSystem(t)
	stdout, stderr, code := jarictl(t, vars, "ask", "ready", "--output", "json")
	var a answer
	err := json.Unmarshal([]byte(stdout), &a)
	if err != nil || code != command.ExitOK || a.Query != "ready" || !slices.Contains(a.Columns, "says") || len(a.Rows) != 2 || a.Rows[0]["status"] != 200.0 {
		t.Errorf("exit code %d, %v, %s%s", code, err, stdout, stderr)
	}
}
