package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"jari.example/telemetry/names"
)

func TestCommittedTemplatesAreUpToDate(t *testing.T) {
	const dir = "../../ship/templates"
	for _, i := range names.Indices {
		committed, err := os.ReadFile(filepath.Join(dir, i.Name+".json"))
		if err != nil || !bytes.Equal(committed, template(i)) {
			t.Errorf("%s.json is stale (%v): run `go generate ./...` in fluentbit", i.Name, err)
		}
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != len(names.Indices) {
		t.Errorf("%d files for %d index families (%v): remove the files without a family", len(files), len(names.Indices), err)
	}
	// The control: a family with one field more has another template.
	more := names.Indices[0]
	more.Own = append(more.Own[:len(more.Own):len(more.Own)], names.Field{Doc: "new", Kind: names.Keyword})
	if bytes.Equal(template(more), template(names.Indices[0])) {
		t.Error("a new field does not change the template")
	}
}
