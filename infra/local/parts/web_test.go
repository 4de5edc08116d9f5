package parts

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// page is a clone with an npm that records its commands. calls returns those
// since the last call of it.
func page(t *testing.T) (s *System, calls func() string) {
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
	log := filepath.Join(t.TempDir(), "calls")
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

func TestPackagesAreInstalledOnce(t *testing.T) {
	s, calls := page(t)
	prepare := func(when, want string) {
		t.Helper()
		if err := s.web().Prepare(t.Context(), quiet); err != nil {
			t.Fatal(err)
		}
		if got := calls(); got != want {
			t.Errorf("%s npm ran %q, want %q", when, got, want)
		}
	}
	prepare("on a fresh clone", "ci\nrun\n")
	prepare("the second time", "")
	lock := filepath.Join(s.Root, "web", "package-lock.json")
	later := time.Now().Add(time.Minute)
	if err := os.Chtimes(lock, later, later); err != nil {
		t.Fatal(err)
	}
	prepare("after a change of the lock file", "ci\n")
}

// `make check` runs first in `make test` and installs the packages itself.
func TestPackagesThatMakeInstalledAreNotInstalledAgain(t *testing.T) {
	s, calls := page(t)
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
	if got := calls(); got != "run\n" {
		t.Errorf("npm ran %q", got)
	}
}
