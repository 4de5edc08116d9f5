package proof

import (
	"errors"
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
  "output -json job_network") echo '{"subnets":["s1"],"security_groups":{"migrate-user":"sg1","migrate-reservation":"sg2","migrate-notification":"sg3","migrate-alerting":"sg4","opensearch-access":"sg5","telemetry-setup":"sg6"}}' ;;
  "output -json jobs_before_tasks") [ -z "${NOJOBS:-}" ] || exit 1; echo '["migrate-user","migrate-reservation","migrate-notification","migrate-alerting","opensearch-access","telemetry-setup"]' ;;
  "output -json job_task_definition_arns") echo '{"migrate-user":"u","migrate-reservation":"r","migrate-notification":"n","migrate-alerting":"a","opensearch-access":"o","telemetry-setup":"t"}' ;;
  apply*-target*) echo "terraform apply jobs" >>"$SAID" ;;
  apply*) last="${*: -1}"; echo "terraform apply everything with $(cat "${last#-var-file=}")" >>"$SAID" ;;
esac`,
	"aws": `case "$*" in
  *get-secret-value*) echo secret ;;
  *run-task*) echo "run $(sed 's/.*--task-definition \([^ ]*\).*securityGroups":\["\([^"]*\).*/\1 in \2/' <<<"$*")" >>"$SAID"; echo task ;;
  *describe-tasks*) if [ "$(grep -c ^run "$SAID")" = "${FAILS:-0}" ]; then echo 1; else echo 0; fi ;;
  "s3 ls"*) exit "${LISTED:-1}" ;;
  "s3 cp"*" s3://packages/drops.tfvars.json "*) echo noted >"${*: -1}" ;;
  "s3 cp"*) echo "copy to $(basename "${*: -1}")" >>"$SAID" ;;
esac`,
}

// deploy runs deploy.sh with the stand-ins, and with drops if there are any, and returns what they
// were asked to do.
func deploy(t *testing.T, drops string, environment ...string) (said []string, out string, err error) {
	t.Helper()
	if _, err := exec.LookPath("jq"); err != nil {
		t.Skip("jq is not on PATH: deploy.sh needs it")
	}
	// deploy.sh writes beside the Terraform.
	top, dir := t.TempDir(), t.TempDir()
	script, err := os.ReadFile("../deploy.sh")
	if err := errors.Join(err, os.MkdirAll(filepath.Join(top, "stacks", "region"), 0o755), os.WriteFile(filepath.Join(top, "deploy.sh"), script, 0o755),
		os.CopyFS(filepath.Join(top, "envs"), os.DirFS("../envs"))); err != nil {
		t.Fatal(err)
	}
	for name, script := range commands {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/usr/bin/env bash\n"+script+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	args := []string{"prod-kr", filepath.Join(dir, "release.json"), ""}
	if drops != "" {
		args[2] = filepath.Join(dir, "drops.json")
	}
	for i, text := range []string{"{}", drops} {
		if args[i+1] == "" {
			continue
		}
		if err := os.WriteFile(args[i+1], []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), filepath.Join(top, "deploy.sh"), args...)
	cmd.Env = append(os.Environ(), append(environment, "PATH="+dir+":"+os.Getenv("PATH"), "SAID="+filepath.Join(dir, "said"))...)
	text, err := cmd.CombinedOutput()
	all, readErr := os.ReadFile(filepath.Join(dir, "said"))
	if readErr != nil && !errors.Is(readErr, os.ErrNotExist) { // it may end before it asks for anything
		t.Fatalf("%v: %s", readErr, text)
	}
	return strings.Split(strings.TrimSpace(string(all)), "\n"), string(text), err
}

func TestMigrationsRunBeforeTasksAreReplaced(t *testing.T) {
	said, out, err := deploy(t, "drops")
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	want := []string{
		"terraform apply jobs", "run u in sg1", "run r in sg2", "run n in sg3", "run a in sg4", "run o in sg5", "run t in sg6", "terraform apply everything with drops",
		"copy to release.tfvars.json", "copy to drops.tfvars.json",
	}
	if !slices.Equal(said, want) {
		t.Errorf("said %q, want %q", said, want)
	}
}

func TestAMigrationThatFailsReplacesNothing(t *testing.T) {
	said, out, err := deploy(t, "", "FAILS=2")
	if err == nil || !strings.Contains(out, "migrate-reservation ended with 1") {
		t.Errorf("%v: %s", err, out)
	}
	for _, line := range said {
		if strings.Contains(line, "everything") || strings.HasPrefix(line, "copy") {
			t.Errorf("after the failure: %q", line)
		}
	}
}

func TestADeploymentThatDoesNotKnowItsJobsReplacesNothing(t *testing.T) {
	said, out, err := deploy(t, "", "NOJOBS=yes")
	if err == nil || slices.ContainsFunc(said, func(line string) bool { return strings.Contains(line, "everything") }) {
		t.Errorf("%v: %s, said %q", err, out, said)
	}
}

func TestADeploymentKeepsTheDropsOfTheOneBefore(t *testing.T) {
	for listed, want := range map[string]string{"0": "noted", "1": `{"scheduled_capacity": {}}`} {
		said, out, err := deploy(t, "", "LISTED="+listed)
		if err != nil || !slices.Contains(said, "terraform apply everything with "+want) {
			t.Errorf("aws s3 ls returns %s: %v, %s, said %q", listed, err, out, said)
		}
	}
	said, out, err := deploy(t, "", "LISTED=254")
	if err == nil || !strings.Contains(out, "cannot be listed") || strings.Contains(strings.Join(said, "\n"), "apply") {
		t.Errorf("a bucket that cannot be read: %v, %s, said %q", err, out, said)
	}
}
