package rules

import (
	_ "embed"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"jari.example/infra/local/artifact"
)

// squawk is what to install: a linter of migrations. To renew:
//
//	echo "squawk-cli==2.70.0" | uv pip compile --universal --python-version 3.10 --generate-hashes -
//
//go:embed squawk.txt
var squawk []byte

// A deployment migrates first and then replaces processes one by one (infra/aws/deploy.sh), so that
// those of the version before work with the new schema for a while. These rules of squawk find what
// they could not work with.
var incompatible = []string{
	"adding-required-field", "adding-not-nullable-field", "constraint-missing-not-valid", // their rows would be refused
	"ban-drop-column", "ban-drop-table", "ban-drop-default", "renaming-column", "renaming-table", // they still use it
	"ban-drop-not-null", "changing-column-type", // they could not read it
}

// earlier are the migrations that are not so: no processes ran side by side yet.
var earlier = []string{
	"alerting/postgres/migrations/002_series.sql",
	"alerting/postgres/migrations/004_targets.sql",
	"services/reservation/postgres/migrations/002_lines.sql",
}

// problemsOf are the rules that migrations break, by file. It reads the part that migrates.
func problemsOf(t *testing.T, migrations map[string]string) map[string][]string {
	t.Helper()
	cache, err := artifact.DefaultCache(os.Getenv)
	if err != nil {
		t.Fatal(err)
	}
	venv, err := cache.Python(t.Context(), "squawk-cli", squawk, t.Logf)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	args := []string{"--reporter", "json", "--pg-version", "15", "--assume-in-transaction"}
	for name, text := range migrations {
		file := filepath.Join(dir, name)
		up, _, _ := strings.Cut(text, "---- create above / drop below ----")
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte(up), 0o644)); err != nil {
			t.Fatal(err)
		}
		args = append(args, file)
	}
	out, err := exec.CommandContext(t.Context(), filepath.Join(venv, "bin", "squawk"), args...).Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); err != nil && (!ok || exit.ExitCode() != 1) { // 1: it found something
		t.Fatalf("squawk: %v: %s", err, out)
	}
	var found []struct {
		File string `json:"file"`
		Rule string `json:"rule_name"`
	}
	if err := json.Unmarshal(out, &found); err != nil {
		t.Fatalf("squawk: %v: %.300s", err, out)
	}
	problems := map[string][]string{}
	for _, f := range found {
		name, err := filepath.Rel(dir, f.File)
		if err != nil {
			t.Fatal(err)
		}
		if f.Rule == "syntax-error" {
			t.Errorf("squawk cannot read %s", name)
		}
		if slices.Contains(incompatible, f.Rule) && !slices.Contains(problems[name], f.Rule) {
			problems[name] = append(problems[name], f.Rule)
		}
	}
	return problems
}

func TestMigrationsLeaveTheVersionBeforeWorking(t *testing.T) {
	const control = "control/001.sql"
	migrations := map[string]string{control: `
		ALTER TABLE a ADD COLUMN b int NOT NULL, ADD COLUMN fine int NOT NULL DEFAULT 0, ADD COLUMN too int;
		ALTER TABLE a ALTER COLUMN too SET NOT NULL, ALTER COLUMN c DROP NOT NULL, ALTER COLUMN d DROP DEFAULT;
		ALTER TABLE a ADD CONSTRAINT positive CHECK (d > 0);
		ALTER TABLE a RENAME COLUMN c TO e;
		ALTER TABLE a DROP COLUMN f;
		ALTER TABLE a ALTER COLUMN e TYPE text;
		ALTER TABLE g RENAME TO h;
		DROP TABLE i;`}
	eachFile(t, ".sql", func(file string, text []byte) {
		if filepath.Base(filepath.Dir(file)) == "migrations" {
			migrations[file] = string(text)
		}
	})
	if len(migrations) < 15 {
		t.Fatalf("found %d migrations", len(migrations))
	}
	problems := problemsOf(t, migrations)
	for _, rule := range incompatible {
		if !slices.Contains(problems[control], rule) {
			t.Errorf("%s was not found in the control", rule)
		}
	}
	delete(problems, control)
	for _, name := range earlier {
		if len(problems[name]) == 0 {
			t.Errorf("%s is listed and breaks no rule", name)
		}
		delete(problems, name)
	}
	for name, rules := range problems {
		t.Errorf("%s breaks %s: processes of the version before could fail. Do it in two releases.", name, rules)
	}
}
