package rollout

import (
	"bytes"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"jari.example/telemetry/names/realpart"
)

const root = "../.."

// stores are the packages with migrations, whose tests know everything that a service asks its database.
var stores = []string{"alerting/postgres", "services/notification/postgres", "services/reservation/postgres", "services/user/postgres"}

// unreleased are migrations with which the version before does not work, and why that harmed nobody.
// Such a test shows, too, that a migration of this kind is found.
var unreleased = map[string]string{
	"services/reservation/postgres/migrations/002_lines.sql": "nothing was deployed yet",
}

// git runs a command of git in the clone.
func git(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "git", append([]string{"-c", "safe.directory=*", "-C", root}, args...)...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("git %q: %v: %s", args, err, &stderr)
	}
	return strings.TrimSpace(string(out))
}

// before is the commit before a file was added; the newest one if the file is not committed yet.
func before(t *testing.T, file string) string {
	t.Helper()
	added := git(t, "log", "--diff-filter=A", "-1", "--format=%H %P", "--", file)
	if added == "" {
		return git(t, "rev-parse", "HEAD")
	}
	_, parents, _ := strings.Cut(added, " ")
	parent, _, _ := strings.Cut(parents, " ")
	if parent == "" {
		t.Skipf("the clone has no history from before %s: run git fetch --unshallow", file)
	}
	return parent
}

// checkedOut are the files of a commit.
func checkedOut(t *testing.T, commit string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	archive := filepath.Join(t.TempDir(), "files.tar")
	git(t, "archive", "--format=tar", "--output="+archive, commit)
	if out, err := exec.CommandContext(t.Context(), "tar", "-x", "-f", archive, "-C", dir).CombinedOutput(); err != nil {
		t.Fatalf("tar: %v: %s", err, out)
	}
	return dir
}

// The tests of a store, of the version before its newest migration, with the migrations of today.
func TestTheVersionBeforeWorksWithTheNewestSchema(t *testing.T) {
	realpart.Need(t, realpart.Postgres)
	var newest []string
	for _, store := range stores {
		t.Run(store, func(t *testing.T) {
			migrations := filepath.Join(root, store, "migrations")
			files, err := filepath.Glob(filepath.Join(migrations, "*.sql"))
			if err != nil || len(files) == 0 {
				t.Fatalf("the migrations are %v, %v", files, err)
			}
			file := path.Join(store, "migrations", filepath.Base(slices.Max(files)))
			newest = append(newest, file)
			old := checkedOut(t, before(t, file))
			there := filepath.Join(old, store, "migrations")
			if err := os.RemoveAll(there); err != nil {
				t.Fatal(err)
			}
			if err := os.CopyFS(there, os.DirFS(migrations)); err != nil {
				t.Fatal(err)
			}
			cmd := exec.CommandContext(t.Context(), "go", "test", "-count=1", "./"+store+"/...")
			cmd.Dir = old
			out, err := cmd.CombinedOutput()
			switch reason := unreleased[file]; {
			case err != nil && reason == "":
				t.Errorf("the version before %s does not work with it: %s", file, out)
			case err == nil && reason != "":
				t.Errorf("the version before %s works with it: remove it from unreleased", file)
			case err != nil && !strings.Contains(string(out), "SQLSTATE"):
				t.Errorf("the tests of the version before %s fail for another reason than the schema: %s", file, out)
			}
		})
	}
	for file := range unreleased {
		if !slices.Contains(newest, file) {
			t.Errorf("%s is not the newest migration: remove it from unreleased", file)
		}
	}
}
