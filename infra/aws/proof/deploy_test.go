package proof

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// commands are stand-ins for terraform and aws: they write what they are asked to do, and answer
// what deploy.sh needs. No emulator runs a task.
var commands = map[string]string{
	"terraform": `case "$*" in
  "output -raw cluster_name") echo cluster ;;
  "output -raw package_bucket") echo packages ;;
  "output -json job_network") echo '{"subnets":["s1"],"security_groups":{"migrate-user":"sg1","migrate-reservation":"sg2","migrate-notification":"sg3","migrate-alerting":"sg4"}}' ;;
  "output -json job_task_definition_arns") echo '{"migrate-user":"u","migrate-reservation":"r","migrate-notification":"n","migrate-alerting":"a"}' ;;
  apply*-target*) echo "terraform apply jobs" >>"$SAID" ;;
  apply*) echo "terraform apply everything" >>"$SAID" ;;
esac`,
	"aws": `case "$*" in
  *get-secret-value*) echo secret ;;
  *run-task*) echo "run $(sed 's/.*--task-definition \([^ ]*\).*securityGroups":\["\([^"]*\).*/\1 in \2/' <<<"$*")" >>"$SAID"; echo task ;;
  *describe-tasks*) if [ "$(grep -c ^run "$SAID")" = "${FAILS:-0}" ]; then echo 1; else echo 0; fi ;;
  s3*) echo "copy $(basename "${*: -2:1}")" >>"$SAID" ;;
esac`,
}

// deploy runs deploy.sh with the stand-ins and returns what they were asked to do.
func deploy(t *testing.T, environment ...string) (said []string, out string, err error) {
	t.Helper()
	dir := t.TempDir()
	for name, script := range commands {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/usr/bin/env bash\n"+script+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	release := filepath.Join(dir, "release.json")
	if err := os.WriteFile(release, []byte("{}"), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "../deploy.sh", "prod-kr", release)
	cmd.Env = append(os.Environ(), append(environment, "PATH="+dir+":"+os.Getenv("PATH"), "SAID="+filepath.Join(dir, "said"))...)
	text, err := cmd.CombinedOutput()
	all, readErr := os.ReadFile(filepath.Join(dir, "said"))
	if readErr != nil {
		t.Fatalf("%v: %s", readErr, text)
	}
	return strings.Split(strings.TrimSpace(string(all)), "\n"), string(text), err
}

func TestMigrationsRunBeforeTasksAreReplaced(t *testing.T) {
	if _, err := exec.LookPath("jq"); err != nil {
		t.Skip("jq is not on PATH: deploy.sh needs it")
	}
	said, out, err := deploy(t)
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	want := []string{
		"terraform apply jobs", "run u in sg1", "run r in sg2", "run n in sg3", "run a in sg4", "terraform apply everything", "copy release.json",
	}
	if !slices.Equal(said, want) {
		t.Errorf("said %q, want %q", said, want)
	}
}

func TestAMigrationThatFailsReplacesNothing(t *testing.T) {
	if _, err := exec.LookPath("jq"); err != nil {
		t.Skip("jq is not on PATH: deploy.sh needs it")
	}
	said, out, err := deploy(t, "FAILS=2")
	if err == nil || !strings.Contains(out, "migrate-reservation ended with 1") {
		t.Errorf("%v: %s", err, out)
	}
	for _, line := range said {
		if strings.Contains(line, "everything") || strings.HasPrefix(line, "copy") {
			t.Errorf("after the failure: %q", line)
		}
	}
}
