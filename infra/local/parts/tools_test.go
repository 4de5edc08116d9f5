package parts

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// onlyOnPath sets PATH to a folder with these shell scripts and nothing else, so
// that apt-get is missing too.
func onlyOnPath(t *testing.T, scripts map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range scripts {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+text+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", dir)
	return dir
}

func nothing(string) string { return "" }

func TestAMissingToolIsReportedWithItsPackages(t *testing.T) {
	onlyOnPath(t, nil)
	for want, tool := range map[string]Tool{
		"apt-get install gcc libc6-dev) or set CC":    CCompiler,
		"apt-get install chromium) or set CHROMIUM":   Chromium,
		"a C compiler is not installed; install it (": CCompiler,
	} {
		if err := tool.Ensure(t.Context(), nothing, quiet); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", tool.Name, err, want)
		}
	}
}

func TestAMissingOptionalToolReportsWhatIsNotChecked(t *testing.T) {
	onlyOnPath(t, nil)
	optional := 0
	for _, tool := range Tools {
		if tool.Optional == "" {
			continue
		}
		optional++
		var progress strings.Builder
		err := tool.Ensure(t.Context(), nothing, func(format string, args ...any) { fmt.Fprintf(&progress, format+"\n", args...) })
		if err != nil || !strings.Contains(progress.String(), tool.Optional) {
			t.Errorf("%s: %v, reported %q", tool.Name, err, progress.String())
		}
	}
	if optional == 0 {
		t.Error("no tool is optional")
	}
}

func TestFindTriesEveryCommand(t *testing.T) {
	dir := onlyOnPath(t, map[string]string{"google-chrome": ""})
	if path, err := Chromium.Find(t.Context(), nothing); err != nil || path != filepath.Join(dir, "google-chrome") {
		t.Errorf("found %q, %v", path, err)
	}
	if err := Chromium.Ensure(t.Context(), nothing, quiet); err != nil {
		t.Error(err)
	}
}

func TestFindUsesTheVariable(t *testing.T) {
	onlyOnPath(t, map[string]string{"chromium": ""})
	elsewhere := filepath.Join(t.TempDir(), "mine")
	env := func(key string) string { return map[string]string{"CHROMIUM": elsewhere}[key] }
	if err := Chromium.Ensure(t.Context(), env, quiet); err == nil || !strings.Contains(err.Error(), "CHROMIUM is ") {
		t.Errorf("the browser in CHROMIUM does not exist: %v", err)
	}
	if err := os.WriteFile(elsewhere, nil, 0o755); err != nil {
		t.Fatal(err)
	}
	if path, err := Chromium.Find(t.Context(), env); err != nil || path != elsewhere {
		t.Errorf("found %q, %v", path, err)
	}
}

func TestFindSkipsACompilerWithoutHeaders(t *testing.T) {
	dir := onlyOnPath(t, map[string]string{"gcc": "echo 'stdlib.h: No such file or directory' >&2; exit 1"})
	err := CCompiler.Ensure(t.Context(), nothing, quiet)
	if err == nil || !strings.Contains(err.Error(), "does not find the C headers") || !strings.Contains(err.Error(), "libc6-dev") {
		t.Errorf("got %v", err)
	}
	// the second name is tried too, and CC may have arguments
	if err := os.WriteFile(filepath.Join(dir, "cc"), []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	if path, err := CCompiler.Find(t.Context(), nothing); err != nil || path != filepath.Join(dir, "cc") {
		t.Errorf("found %q, %v", path, err)
	}
	if path, err := CCompiler.Find(t.Context(), func(string) string { return "cc -m64" }); err != nil || path != filepath.Join(dir, "cc") {
		t.Errorf("CC with arguments: %q, %v", path, err)
	}
}
