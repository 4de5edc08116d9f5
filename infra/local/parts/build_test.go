package parts

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestTheVersionIsTheCommit(t *testing.T) {
	root := t.TempDir()
	if v := version(t.Context(), root); v != "" {
		t.Errorf("a folder that is not a clone has the version %q", v)
	}
	git := func(args ...string) string {
		t.Helper()
		args = append([]string{"-C", root, "-c", "user.name=t", "-c", "user.email=t@jari.example"}, args...)
		out, err := exec.CommandContext(t.Context(), "git", args...).CombinedOutput()
		if err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
		return strings.TrimSpace(string(out))
	}
	git("init", "-q")
	git("commit", "-q", "--allow-empty", "-m", "first")
	commit := git("rev-parse", "--short=12", "HEAD")
	if v := version(t.Context(), root); v != commit {
		t.Errorf("the version is %q, want %s", v, commit)
	}
	if err := os.WriteFile(filepath.Join(root, "new"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if v := version(t.Context(), root); v != commit+"-dirty" {
		t.Errorf("with a new file the version is %q", v)
	}
	if os.Getuid() != 0 {
		return // only root can change the owner
	}
	for _, path := range []string{root, filepath.Join(root, ".git")} {
		if err := os.Chown(path, 65534, 65534); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := exec.CommandContext(t.Context(), "git", "-C", root, "rev-parse", "HEAD").CombinedOutput(); err == nil {
		t.Logf("this git accepts another user's clone: %s", out)
	}
	if v := version(t.Context(), root); v != commit+"-dirty" {
		t.Errorf("in another user's clone the version is %q", v)
	}
}

// The flag names a variable of another module, which Go does not check.
func TestAProgramReportsTheVersionItWasBuiltWith(t *testing.T) {
	clone, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	source := filepath.Join(dir, "main.go")
	if err := os.WriteFile(source, []byte(`package main

import (
	"context"
	"os"

	"jari.example/telemetry"
)

func main() {
	tel, stop, err := telemetry.Start(context.Background(), telemetry.Config{Service: "x", Output: os.Stdout, Heartbeat: -1})
	if err != nil {
		panic(err)
	}
	tel.Logger.Info("hello")
	_ = stop(context.Background())
}
`), 0o644); err != nil {
		t.Fatal(err)
	}
	s := system(t, nil)
	program := filepath.Join(dir, "program")
	if err := s.goBuild(t.Context(), quiet, clone, append(stamping("0123-test"), "-o", program, source)); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), program).Output()
	if err != nil || !strings.Contains(string(out), `"service.version":"0123-test"`) {
		t.Errorf("its log is %s, %v", out, err)
	}
}

// A script stands for go and records its environment.
func TestThePluginIsBuiltWithTheInstalledCompiler(t *testing.T) {
	for compiler, want := range map[string]string{"gcc": "", "cc": "/cc"} {
		t.Run(compiler, func(t *testing.T) {
			t.Setenv("CC", "")
			recorded := filepath.Join(t.TempDir(), "env")
			bin := onlyOnPath(t, map[string]string{compiler: "", "go": `printf %s "$CGO_ENABLED$CC" >` + recorded})
			if want != "" {
				want = bin + want
			}
			s := system(t, nil)
			s.Root = t.TempDir()
			if err := os.Mkdir(filepath.Join(s.Root, "fluentbit"), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := s.plugin().Prepare(t.Context(), quiet); err != nil {
				t.Fatal(err)
			}
			if got, err := os.ReadFile(recorded); err != nil || string(got) != "1"+want {
				t.Errorf("CGO_ENABLED and CC of go build were %q (%v)", got, err)
			}
		})
	}
}
