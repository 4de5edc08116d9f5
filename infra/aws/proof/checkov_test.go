package proof

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"jari.example/infra/local/artifact"
)

// checkov is what to install. To renew:
//
//	echo "checkov==3.3.30" | uv pip compile --universal --python-version 3.10 --generate-hashes -
//
//go:embed checkov.txt
var checkov []byte

// findings are what checkov says of a directory.
type findings struct {
	Results struct {
		Failed []struct {
			Check    string `json:"check_id"`
			Name     string `json:"check_name"`
			Resource string `json:"resource"`
			File     string `json:"file_path"`
		} `json:"failed_checks"`
		Unread []string `json:"parsing_errors"`
	}
	Summary struct {
		Passed int `json:"passed"`
	}
}

// runCheckov installs it once for all clones, and runs it.
func runCheckov(t *testing.T, dir string) (f findings) {
	t.Helper()
	cache, err := artifact.DefaultCache(os.Getenv)
	if err != nil {
		t.Fatal(err)
	}
	venv, err := cache.Python(t.Context(), "checkov", checkov, t.Logf)
	if err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	cmd := exec.CommandContext(t.Context(), filepath.Join(venv, "bin", "python"), "-m", "checkov.main",
		"--directory", dir, "--framework", "terraform", "--output", "json", "--quiet", "--soft-fail", "--skip-download")
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err == nil {
		err = json.Unmarshal(out, &f)
	}
	if err != nil {
		t.Fatalf("checkov: %v: %s %.500s", err, &stderr, out)
	}
	return f
}

// skip is a line of the list of checks that are skipped, with its reason.
var skip = regexp.MustCompile(`^  - (CKV2?_AWS_\d+) # \S.{10,}$`)

// One run has no list of checks to skip: it shows what is found, and which lines of the list are
// not needed. A resource that everybody reaches, beside ours, shows that something is found at all.
func TestCheckovFindsWhatIsListedOnly(t *testing.T) {
	t.Parallel()
	takeProcessor(t)
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("..")); err != nil {
		t.Fatal(err)
	}
	list := filepath.Join(dir, ".checkov.yaml")
	text, err := os.ReadFile(list)
	if err == nil {
		err = os.Remove(list) // checkov would read it, too
	}
	if err != nil {
		t.Fatal(err)
	}
	_, lines, found := strings.Cut(string(text), "skip-check:\n")
	listed := map[string]bool{} // and whether it was found
	for line := range strings.Lines(lines) {
		m := skip.FindStringSubmatch(strings.TrimRight(line, "\n"))
		if !found || m == nil {
			t.Fatalf(".checkov.yaml: %q is no check with a reason", line)
		}
		listed[m[1]] = false
	}
	const control = "resource \"aws_security_group\" \"control\" {\n  ingress {\n    from_port = 22\n    to_port = 22\n    protocol = \"tcp\"\n    cidr_blocks = [\"0.0.0.0/0\"]\n  }\n}\n"
	if err := os.MkdirAll(filepath.Join(dir, "control"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "control", "main.tf"), []byte(control), 0o644); err != nil {
		t.Fatal(err)
	}
	f := runCheckov(t, dir)
	if f.Summary.Passed < 500 || len(f.Results.Unread) > 0 {
		t.Errorf("%d checks passed, and %q could not be read", f.Summary.Passed, f.Results.Unread)
	}
	var ofControl []string
	for _, r := range f.Results.Failed {
		_, skipped := listed[r.Check]
		switch {
		case strings.HasPrefix(r.File, "/control/"):
			ofControl = append(ofControl, r.Check)
		case skipped:
			listed[r.Check] = true
		default:
			t.Errorf("%s: %s: %s (%s)", r.File, r.Resource, r.Name, r.Check)
		}
	}
	if !slices.Contains(ofControl, "CKV_AWS_24") {
		t.Errorf("of an SSH port that is open to everybody it says %q only", ofControl)
	}
	for check, needed := range listed {
		if !needed {
			t.Errorf(".checkov.yaml skips %s, which finds nothing", check)
		}
	}
}
