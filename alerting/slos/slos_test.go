package slos_test

import (
	"path/filepath"
	"testing"

	"jari.example/alerting/slo"
	"jari.example/alerting/slos"
	"jari.example/alerting/slotest"
	"jari.example/alerting/spec"
)

// builtIn are the rules, and the files in which they are tested.
func builtIn(t *testing.T) (set slo.Set, files []slotest.File) {
	t.Helper()
	set, err := spec.Load(slos.Files)
	if err != nil {
		t.Fatal(err)
	}
	paths, err := filepath.Glob("tests/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		f, err := slotest.Load(path)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	return set, files
}

func TestTheRulesDoWhatTheirTestsExpect(t *testing.T) {
	set, files := builtIn(t)
	for _, f := range files {
		t.Run(f.Metadata.Name, func(t *testing.T) {
			t.Parallel()
			if err := f.Run(t.Context(), set); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestEachRuleHasATest(t *testing.T) {
	set, files := builtIn(t)
	if err := slotest.Untested(set, files...); err != nil {
		t.Error(err)
	}
	if err := slotest.Untested(set, files[1:]...); err == nil { // the control
		t.Error("a missing file is not noticed")
	}
}
