// Package infra_test tests the scripts of this folder.
package infra_test

import (
	"errors"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// report runs a bash script whose steps are timed, and returns the lines of
// the table by step, with their columns one space apart.
func report(t *testing.T, script string) (rows map[string]string, status int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "./steps.sh", "report", "100", "bash", "-e", "-c", script)
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		status = exit.ExitCode()
	} else if err != nil {
		t.Fatal(err)
	}
	rows = map[string]string{}
	_, table, _ := strings.Cut(string(out), "\n\n")
	for line := range strings.Lines(table) {
		columns := regexp.MustCompile(`  +`).Split(strings.TrimSpace(line), -1)
		rows[columns[0]] = strings.Join(columns[1:], " ")
	}
	return rows, status
}

func TestStepsAreShownWithTheirTimes(t *testing.T) {
	rows, status := report(t, `./steps.sh run 50 "step one" true; ./steps.sh run 0 slow sleep 1.1`)
	if status != 0 {
		t.Errorf("exit status %d", status)
	}
	for step, want := range map[string]string{
		"step": "seconds budget result", "step one": `[01] 50 ok`, "slow": `[12] 0 ok, OVER BUDGET`, "total": `[123] 100 ok`,
	} {
		if !regexp.MustCompile("^" + want + "$").MatchString(rows[step]) {
			t.Errorf("%s: got %q, want %q; all: %q", step, rows[step], want, rows)
		}
	}
}

func TestAFailedStepIsShownAndEndsTheReport(t *testing.T) {
	rows, status := report(t, `./steps.sh run 50 first true; ./steps.sh run 50 second bash -c "exit 3"; ./steps.sh run 50 third true`)
	if status != 3 {
		t.Errorf("exit status %d, want that of the step", status)
	}
	if _, ran := rows["third"]; ran || !strings.HasSuffix(rows["first"], "ok") {
		t.Errorf("got %q", rows)
	}
	for _, step := range []string{"second", "total"} {
		if !strings.HasSuffix(rows[step], "FAILED (exit status 3)") {
			t.Errorf("%s: %q", step, rows[step])
		}
	}
}

func TestAFailureOutsideOfAStepIsShown(t *testing.T) {
	rows, status := report(t, `./steps.sh run 50 first true; exit 4`)
	if status != 4 || !strings.HasSuffix(rows["total"], "FAILED (exit status 4)") || !strings.HasSuffix(rows["first"], "ok") {
		t.Errorf("exit status %d, rows %q", status, rows)
	}
}

func TestAStepRunsOutsideOfAReport(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), "./steps.sh", "run", "1", "x", "echo", "done")
	cmd.Env = append(os.Environ(), "JARI_STEPS=") // this test may itself run within a report
	out, err := cmd.Output()
	if err != nil || string(out) != "done\n" {
		t.Errorf("got %q, %v", out, err)
	}
}
