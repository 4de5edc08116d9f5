package parts

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// page is a clone whose npm writes down what it is asked, and builds.
func page(t *testing.T) (s *System, asked func() string) {
	t.Helper()
	s = system(t, nil)
	s.Root = t.TempDir()
	web := filepath.Join(s.Root, "web")
	if err := os.MkdirAll(web, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"package.json", "package-lock.json"} {
		if err := os.WriteFile(filepath.Join(web, name), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	log := filepath.Join(t.TempDir(), "asked")
	onlyOnPath(t, map[string]string{"npm": `PATH=/usr/bin:/bin
echo "$1" >>` + log + `
case $1 in
ci) mkdir -p node_modules && touch node_modules/.package-lock.json ;;
run) mkdir -p dist && touch dist/index.html ;;
esac`})
	return s, func() string {
		text, _ := os.ReadFile(log)
		_ = os.Remove(log)
		return string(text)
	}
}

func TestThePagesPackagesAreInstalledOnce(t *testing.T) {
	s, asked := page(t)
	prepare := func(when, want string) {
		t.Helper()
		if err := s.web().Prepare(t.Context(), quiet); err != nil {
			t.Fatal(err)
		}
		if got := asked(); got != want {
			t.Errorf("%s npm was asked to %q, want %q", when, got, want)
		}
	}
	prepare("on a fresh clone", "ci\nrun\n")
	prepare("the second time", "")
	lock := filepath.Join(s.Root, "web", "package-lock.json")
	later := time.Now().Add(time.Minute)
	if err := os.Chtimes(lock, later, later); err != nil {
		t.Fatal(err)
	}
	prepare("after the lock was touched", "ci\n")
}

// `make check` comes first in `make test`, and installs them by itself.
func TestPackagesThatMakeInstalledAreNotInstalledAgain(t *testing.T) {
	s, asked := page(t)
	modules := filepath.Join(s.Root, "web", "node_modules")
	if err := os.MkdirAll(modules, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(modules, ".package-lock.json"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := s.web().Prepare(t.Context(), quiet); err != nil {
		t.Fatal(err)
	}
	if got := asked(); got != "run\n" {
		t.Errorf("npm was asked to %q", got)
	}
}
