package repo_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"jari.example/infra/local/repo"
)

func TestRootIsTheNearestFolderAboveWithGoWork(t *testing.T) {
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "go.work"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	deep := filepath.Join(root, "infra", "local")
	if err := os.MkdirAll(deep, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{root, deep} {
		t.Chdir(dir)
		if got, err := repo.Root(); err != nil || got != root {
			t.Errorf("in %s: got %q, %v; want %q", dir, got, err, root)
		}
	}
}

func TestRootOutsideACloneSaysWhereToRun(t *testing.T) {
	t.Chdir(t.TempDir())
	if got, err := repo.Root(); err == nil || !strings.Contains(err.Error(), "run this inside a clone") {
		t.Errorf("got %q, %v", got, err)
	}
}
