package archtest_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"jari.example/internal/archtest"
)

// tree writes Go files into a directory.
func tree(t *testing.T, files map[string]string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for name, text := range files {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestReadsImportsOfEveryGoFile(t *testing.T) {
	dir := tree(t, map[string]string{
		"a.go":                   "package x\nimport \"fmt\"\n",
		"a/b/b_test.go":          "//go:build special\n\npackage b\nimport o \"jari.example/m/other\"\n",
		"a/testdata/t.go":        "package t\nimport \"os\"\n",
		"node_modules/n/n.go":    "package n\nimport \"os\"\n",
		".hidden/h.go":           "package h\nimport \"os\"\n",
		"a/b/text.txt":           "not Go\n",
		"a/_old/also_ignored.go": "package old\nimport \"os\"\n",
	})
	for name, c := range map[string]struct {
		root, trim string
		want       []archtest.Edge
	}{
		"full paths": {"jari.example/m", "", []archtest.Edge{
			{From: "jari.example/m/a/b", To: "jari.example/m/other", File: "a/b/b_test.go"}, {From: "jari.example/m", To: "fmt", File: "a.go"},
		}},
		"relative paths": {"", "jari.example/m/", []archtest.Edge{
			{From: "a/b", To: "other", File: "a/b/b_test.go"}, {From: ".", To: "fmt", File: "a.go"},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := archtest.Imports(dir, c.root, c.trim)
			if err != nil {
				t.Fatal(err)
			}
			if len(got) != len(c.want) {
				t.Errorf("got %v", got)
			}
			for _, e := range c.want {
				if !slices.Contains(got, e) {
					t.Errorf("%v is not in %v", e, got)
				}
			}
		})
	}
	broken := tree(t, map[string]string{"a.go": "no Go"})
	if _, err := archtest.Imports(broken, "", ""); err == nil {
		t.Error("a file that does not parse is no error")
	}
}

func TestDetectsForbiddenImports(t *testing.T) {
	rules := []archtest.Rule{
		{Why: "a needs no b", Forbidden: func(from, to string) bool { return from == "a" && to == "b" }},
		{Why: "only tests of a need c", Production: true, Forbidden: func(from, to string) bool { return from == "a" && to == "c" }},
	}
	got := archtest.Check([]archtest.Edge{
		{From: "a", To: "b", File: "a/x_test.go"}, {From: "a", To: "c", File: "a/x_test.go"},
		{From: "a", To: "c", File: "a/x.go"}, {From: "b", To: "c", File: "b/x.go"},
	}, rules)
	want := []string{"a/x_test.go imports b: a needs no b", "a/x.go imports c: only tests of a need c"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestDetectsImportsThatLeadOutward(t *testing.T) {
	layers := archtest.Layers{{"r/cmd/..."}, {"r/app", "r/jobs"}, {"r/...", "s"}, {"r/domain"}}
	for name, c := range map[string]struct {
		from, to  string
		forbidden bool
	}{
		"inward by one layer":        {"r/app", "r/store", false},
		"inward by several layers":   {"r/cmd/d", "r/domain", false},
		"within a layer":             {"r/app", "r/jobs", false},
		"to a package of no layer":   {"r/domain", "fmt", false},
		"from a package of no layer": {"x", "r/cmd/d", false},
		"outward by one layer":       {"r/store", "r/app", true},
		"outward by several layers":  {"r/domain", "r/cmd/d", true},
		"outward to a whole tree":    {"r/domain", "r", true},
		"a name that only begins so": {"r/domain", "r/cmdline", true}, // of r/..., not of r/cmd/...
		"inward to a whole tree":     {"r/app", "r/cmdline", false},
	} {
		t.Run(name, func(t *testing.T) {
			for _, file := range []string{"x.go", "x_test.go"} {
				edges := []archtest.Edge{{From: c.from, To: c.to, File: file}}
				if got := archtest.Check(edges, []archtest.Rule{layers.Rule(false)}); len(got) > 0 != c.forbidden {
					t.Errorf("%s: found %q", file, got)
				}
				exempt := file == "x_test.go"
				if got := archtest.Check(edges, []archtest.Rule{layers.Rule(true)}); len(got) > 0 != (c.forbidden && !exempt) {
					t.Errorf("%s, production only: found %q", file, got)
				}
			}
		})
	}
	if why := layers.Rule(false).Why; !strings.Contains(why, "r/cmd/... → r/app, r/jobs → r/..., s → r/domain") {
		t.Errorf("the order is not in %q", why)
	}
}

func TestDetectsPackagesOfNoLayer(t *testing.T) {
	edges := []archtest.Edge{{From: "r/new"}, {From: "r/new"}, {From: "r/a"}, {From: "r"}, {From: "elsewhere"}}
	if got := (archtest.Layers{{"r/a"}}).Missing(edges, "r"); !slices.Equal(got, []string{"r", "r/new"}) {
		t.Errorf("got %q", got)
	}
	if got := (archtest.Layers{{"r/..."}}).Missing(edges, "r"); len(got) > 0 {
		t.Errorf("got %q", got)
	}
}

func TestDetectsPackagesWithTooManyFiles(t *testing.T) {
	dir := tree(t, map[string]string{"a/1.go": "", "a/2.go": "", "a/3_test.go": "", "b/1.go": "", "b/c/2.go": ""})
	got, err := archtest.Oversized(dir, 1)
	if want := []string{"a has 2 files, more than 1"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("got %q, %v", got, err)
	}
	if got, err := archtest.Oversized(dir, 2); err != nil || len(got) > 0 {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestDetectsIndirectDependencies(t *testing.T) {
	dir := tree(t, map[string]string{
		"go.mod":      "module m.example\n\ngo 1.26\n",
		"a/a.go":      "package a\nimport _ \"m.example/b\"\n",
		"a/a_test.go": "package a\nimport _ \"os/exec\"\n",
		"b/b.go":      "package b\nimport _ \"encoding/json\"\n",
	})
	t.Setenv("GOWORK", "off")
	got, err := archtest.ForbiddenDeps(t.Context(), dir, "./a", "encoding", "os/exec", "m.example/never")
	if want := []string{"m.example/a → m.example/b → encoding/json"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := archtest.ForbiddenDeps(t.Context(), dir, "./missing", "x"); err == nil || !strings.Contains(err.Error(), "missing") {
		t.Errorf("a package that does not exist: %v", err)
	}
}
