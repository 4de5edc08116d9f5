package telemetry_test

import (
	"os/exec"
	"strings"
	"testing"
)

// Services without a database import this package, too.
func TestDoesNotDependOnPgx(t *testing.T) {
	list := func(pkg string) string {
		out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", pkg).Output()
		if err != nil {
			t.Fatal(err)
		}
		return string(out)
	}
	if strings.Contains(list("."), "github.com/jackc/pgx") {
		t.Error("telemetry depends on pgx: move what needs it to pgxtelemetry")
	}
	if !strings.Contains(list("./pgxtelemetry"), "github.com/jackc/pgx") { // the negative control
		t.Error("pgxtelemetry does not depend on pgx: the test looks in the wrong place")
	}
}
