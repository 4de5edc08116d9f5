package main

import (
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"jari.example/alerting/query"
	"jari.example/alerting/runbook"
	"jari.example/internal/command"
	"jari.example/internal/postgres/postgrestest"
	"jari.example/runbooks"
	"jari.example/telemetry/names/realpart"
)

// fakeSystem is a system whose parts are ready, which refuses a booking without a token
// and has no telemetry: the addresses of it. Its database is not there.
func fakeSystem(t *testing.T) map[string]string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.URL.Path == "/v1/reservations" {
			w.WriteHeader(http.StatusUnauthorized)
		}
		_, _ = w.Write([]byte(`{"status": "ready"}`))
	}))
	t.Cleanup(server.Close)
	vars := map[string]string{}
	for _, name := range []string{query.OpenSearchURL, query.EdgeURL, query.MailURL, query.AgentURL} {
		vars[query.Variable(name)] = server.URL
	}
	vars[query.Variable(query.GatewayURLs)] = "kr=" + server.URL + ",us=" + server.URL
	vars[query.Variable(query.OpsURLs)] = "reservation-kr=" + server.URL + ",reservation-us=" + server.URL
	vars[query.Variable(query.DatabaseURL)] = "postgres://nobody@127.0.0.1:1/postgres"
	return vars
}

func TestARunNamesTheCauseAndItsMitigation(t *testing.T) {
	stdout, stderr, code := jarictl(t, fakeSystem(t), "runbook", "run", "booking-availability")
	if code != command.ExitOK {
		t.Errorf("exit code %d, %s", code, stderr)
	}
	for _, want := range []string{
		"step 5: Does the reservation database accept connections?\n  $ jarictl ask database\n" +
			"  no answer: PostgreSQL does not respond: refused\n" +
			"step 5: NO: PostgreSQL does not respond, see mitigation 2.\n",
		"step 3: YES: the request has no access token",
		"cause: step 5: NO: PostgreSQL does not respond, see mitigation 2.\n  mitigation 2: Wait for the database, or fail over\n",
		"- **Cost**: nobody books until it is back.",
	} {
		if !strings.Contains(stdout, want) {
			t.Errorf("%q is not in\n%s", want, stdout)
		}
	}
	stdout, _, code = jarictl(t, fakeSystem(t), "runbook", "run", "booking-availability", "--output", "json")
	book, err := runbook.Load(runbooks.Files)
	if err != nil {
		t.Fatal(err)
	}
	var r report
	err = json.Unmarshal([]byte(stdout), &r)
	if err != nil || code != command.ExitOK || len(r.Steps) != len(book.Pages["booking-availability"].Steps) || len(r.Causes) != 1 || r.Causes[0].Step != 5 ||
		r.Causes[0].Mitigations[0] != "mitigation 2: Wait for the database, or fail over" {
		t.Errorf("exit code %d, %v, %s", code, err, stdout)
	}
}

func TestAStepWithoutAnAnswerFailsTheRun(t *testing.T) {
	vars := fakeSystem(t)
	delete(vars, "JARICTL_EDGE_URL")
	stdout, stderr, code := jarictl(t, vars, "runbook", "run", "booking-availability", "--step", "3")
	if code != command.ExitFailed || !strings.Contains(stdout, "set -edge-url or JARICTL_EDGE_URL") ||
		!strings.Contains(stdout, "step 3: NOT ANSWERED") ||
		!strings.Contains(stderr, "1 of 1 steps have no answer") {
		t.Errorf("exit code %d, %s%s", code, stdout, stderr)
	}
}

func TestNoCauseIsSaidToo(t *testing.T) {
	stdout, _, code := jarictl(t, fakeSystem(t), "runbook", "run", "booking-availability", "--step", "3")
	if code != command.ExitOK || !strings.HasSuffix(stdout, "cause: none found; every answer is as it should be\n") {
		t.Errorf("exit code %d, %s", code, stdout)
	}
}

// Whoever copies the command from the output gets the same table.
func TestARunPrintsTheCommandThatItHasRun(t *testing.T) {
	stdout, stderr, _ := jarictl(t, fakeSystem(t), "runbook", "run", "booking-availability", "--step", "3", "--region", "us", "--since", "1h")
	if !strings.Contains(stdout, "$ jarictl ask edge-booking --since 1h0m0s --region us\n") || strings.Contains(stdout, "edge-kr") {
		t.Errorf("got %s%s", stdout, stderr)
	}
}

// The fault of the demo, on a database of the test's own.
func TestSaysThatTheDatabaseWasClosed(t *testing.T) {
	server := realpart.Need(t, realpart.Postgres)
	name := "jarictl_reservation_" + strings.ToLower(rand.Text())[:8]
	postgrestest.Exec(t, server, "CREATE DATABASE "+name)
	t.Cleanup(func() { postgrestest.Exec(t, server, "DROP DATABASE "+name) })
	vars := fakeSystem(t)
	vars["JARICTL_DATABASE_URL"] = server
	closed := "step 5: NO: the database was closed, see mitigation 1.\n"
	run := func() string {
		stdout, stderr, code := jarictl(t, vars, "runbook", "run", "booking-availability", "--step", "5")
		if code != command.ExitOK || !strings.Contains(stdout, name) {
			t.Errorf("exit code %d, %s%s", code, stdout, stderr)
		}
		return stdout
	}
	if out := run(); strings.Contains(out, closed) {
		t.Errorf("an open database:\n%s", out)
	}
	postgrestest.Exec(t, server, "ALTER DATABASE "+name+" ALLOW_CONNECTIONS false")
	if out := run(); !strings.Contains(out, closed) || !strings.Contains(out, "  mitigation 1: Let the database accept connections") {
		t.Errorf("a closed database:\n%s", out)
	}
}

// Every step of every runbook runs against the system and has an answer whose meaning
// the page says.
func TestEveryStepRunsAgainstTheSystem(t *testing.T) {
	realpart.Need(t, realpart.Edge)
	book, err := runbook.Load(runbooks.Files)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range book.Names() {
		t.Run(name, func(t *testing.T) {
			stdout, stderr, code := jarictl(t, environment(), "runbook", "run", name)
			if code != command.ExitOK {
				t.Errorf("exit code %d, %s\n%s", code, stderr, stdout)
			}
			for _, s := range book.Pages[name].Steps {
				if !strings.Contains(stdout, s.Question) {
					t.Errorf("step %d did not run", s.Number)
				}
			}
		})
	}
	// The negative control: a step whose part is not there has no answer.
	without := environment()
	delete(without, "JARICTL_OPENSEARCH_URL")
	stdout, _, code := jarictl(t, without, "runbook", "run", "booking-availability")
	if code != command.ExitFailed || !strings.Contains(stdout, "NOT ANSWERED") {
		t.Errorf("without OpenSearch: exit code %d, %s", code, stdout)
	}
}

// A healthy system has no cause that would send somebody the wrong way.
func TestAHealthySystemIsNotSaidToBeIll(t *testing.T) {
	realpart.Need(t, realpart.Edge)
	stdout, stderr, code := jarictl(t, environment(), "runbook", "run", "booking-availability")
	for _, want := range []string{"step 3: YES: ", "step 5: YES: "} {
		if code != command.ExitOK || !strings.Contains(stdout, want) {
			t.Errorf("exit code %d, %q is not in %s%s", code, want, stdout, stderr)
		}
	}
}

func environment() map[string]string {
	vars := map[string]string{}
	for _, v := range os.Environ() {
		if name, value, _ := strings.Cut(v, "="); strings.HasPrefix(name, "JARICTL_") {
			vars[name] = value
		}
	}
	return vars
}

func TestATableIsForPeople(t *testing.T) {
	now := time.Date(2026, 11, 29, 10, 0, 0, 0, time.UTC)
	var b strings.Builder
	writeTable(&b, "  ", query.Table{Columns: []string{"time", "n", "text"}, Rows: [][]any{
		{now.Add(-90 * time.Second), 1.23456, "a\x1b[31mred\nline"}, {now.Add(-50 * time.Hour), 2.0, nil},
		{now.Add(time.Hour), true, strings.Repeat("x", 200)},
	}}, now)
	want := "  TIME                           N      TEXT\n" +
		"  09:58:30Z (1m30s ago)          1.235  a\ufffd[31mred line\n" +
		"  2026-11-27 08:00:00Z (2d2h ago)  2      –\n" +
		"  11:00:00Z (in 1h)              yes    " + strings.Repeat("x", 119) + "…\n"
	if strings.Join(strings.Fields(b.String()), " ") != strings.Join(strings.Fields(want), " ") {
		t.Errorf("got\n%s", b.String())
	}
	b.Reset()
	writeTable(&b, "", query.Table{}, now)
	if b.String() != "(no rows)\n" {
		t.Errorf("got %q", b.String())
	}
}
