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

// provider is the folder of a provider in a local copy of the registry.
const provider = "registry.terraform.io/hashicorp/aws"

// workspace is a copy of the Terraform, in which it may be initialized.
type workspace struct {
	dir     string   // of infra/aws
	plugins string   // local copy of the registry; "": the registry itself
	env     []string // beside the process's
	yields  bool     // its commands run when the applied stacks leave a processor idle
}

// newWorkspace copies infra/aws and what its modules read beside it. It skips the test where
// there is no Terraform.
func newWorkspace(t *testing.T) workspace {
	t.Helper()
	if _, err := exec.LookPath("terraform"); err != nil {
		t.Skip("terraform is not on PATH: the Terraform of infra/aws is not tested here")
	}
	top := t.TempDir()
	for _, dir := range []string{"aws", "edge"} {
		if err := os.CopyFS(filepath.Join(top, "infra", dir), os.DirFS(filepath.Join("..", "..", dir))); err != nil {
			t.Fatal(err)
		}
	}
	w := workspace{dir: filepath.Join(top, "infra", "aws"), plugins: plugins()}
	for _, kv := range os.Environ() {
		if !strings.HasPrefix(kv, "TF_CLI_CONFIG_FILE=") { // it may name a file that is not there
			w.env = append(w.env, kv)
		}
	}
	w.env = append(w.env, "TF_IN_AUTOMATION=1", "CHECKPOINT_DISABLE=1", "TF_INPUT=0")
	return w
}

// plugins looks for a local copy of the registry in the conventional places.
func plugins() string {
	home, _ := os.UserHomeDir() // "" without one
	places := []string{
		os.Getenv("TF_PLUGIN_CACHE_DIR"), filepath.Join(home, ".terraform.d", "plugins"),
		"/usr/local/share/terraform/plugins", "/usr/share/terraform/plugins",
	}
	more, _ := filepath.Glob("/opt/*") // fails for a bad pattern only
	for _, place := range append(places, more...) {
		if _, err := os.Stat(filepath.Join(place, provider)); place != "" && err == nil {
			return place
		}
	}
	return ""
}

// terraform runs a command in a directory below infra/aws.
func (w workspace) terraform(t *testing.T, dir string, args ...string) (string, error) {
	t.Helper()
	command := append([]string{"terraform"}, args...)
	if w.yields {
		command = append([]string{"nice", "-n", "10"}, command...)
	}
	cmd := exec.CommandContext(t.Context(), command[0], command[1:]...)
	cmd.Dir, cmd.Env = filepath.Join(w.dir, dir), w.env
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		err = errors.New(string(out) + stderr.String() + err.Error())
	}
	return string(out), err
}

// init initializes a root or module. Where the provider cannot be had it skips the test.
func (w workspace) init(t *testing.T, dir string, more ...string) {
	t.Helper()
	args := append([]string{"init", "-no-color"}, more...)
	if w.plugins != "" {
		args = append(args, "-plugin-dir="+w.plugins)
	}
	out, err := w.terraform(t, dir, args...)
	switch {
	case err == nil:
	case w.plugins == "" && strings.Contains(err.Error(), "Failed to query available provider packages"):
		t.Skipf("the AWS provider is in no local folder, and the registry does not respond: %.300s", err)
	default:
		t.Fatalf("%s: terraform init: %s%v", dir, out, err)
	}
}

// roots are the directories below infra/aws that match a pattern.
func (w workspace) roots(t *testing.T, pattern string) (dirs []string) {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(w.dir, pattern))
	if err != nil || len(found) == 0 {
		t.Fatalf("%s: %v, %v", pattern, found, err)
	}
	for _, dir := range found {
		name, _ := filepath.Rel(w.dir, dir) // below it
		dirs = append(dirs, name)
	}
	slices.Sort(dirs)
	return dirs
}

func TestFormatted(t *testing.T) {
	w := newWorkspace(t)
	if out, err := w.terraform(t, ".", "fmt", "-check", "-recursive", "-diff", "-no-color"); err != nil {
		t.Errorf("run terraform fmt -recursive: %s%v", out, err)
	}
}

// processors are taken by tests that compute. The applied stacks, which mostly wait, take none, so that
// they do not queue behind the others.
var processors = make(chan struct{}, 2)

// takeProcessor waits for one, and gives it back when the test ends.
func takeProcessor(t *testing.T) {
	t.Helper()
	processors <- struct{}{}
	t.Cleanup(func() { <-processors })
}

// untested are the roots that terraform test cannot test, with the reason.
var untested = map[string]string{
	"stacks/region": "its ephemeral passwords cannot be mocked; it is planned instead",
}

func TestEachModuleIsValidAndPassesItsTests(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t)
	w.yields = true
	for _, dir := range append(w.roots(t, "modules/*"), w.roots(t, "stacks/*")...) {
		t.Run(strings.ReplaceAll(dir, "/", "-"), func(t *testing.T) {
			t.Parallel()
			takeProcessor(t)
			// The backend's bucket does not exist here.
			override := []byte("terraform {\n  backend \"local\" {}\n}\n")
			if strings.HasPrefix(dir, "stacks/") {
				if err := os.WriteFile(filepath.Join(w.dir, dir, "override.tf"), override, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			w.init(t, dir)
			tests, _ := filepath.Glob(filepath.Join(w.dir, dir, "tests", "*.tftest.hcl")) // fails for a bad pattern only
			if _, without := untested[dir]; without && len(tests) == 0 {
				if out, err := w.terraform(t, dir, "validate", "-no-color"); err != nil {
					t.Errorf("validate: %s%v", out, err)
				}
				return
			}
			expects := false
			for _, file := range tests {
				text, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				expects = expects || strings.Contains(string(text), "expect_failures")
			}
			if !expects {
				t.Errorf("no test of %s expects a failure", dir)
			}
			out, err := w.terraform(t, dir, "test", "-no-color") // it validates first, also what no run plans
			if err != nil || !strings.Contains(out, " passed, 0 failed") {
				t.Errorf("test: %s%v", out, err)
			}
		})
	}
}
