package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"
)

func TestTheCommittedObjectsAreUpToDate(t *testing.T) {
	const committed = "../../objects"
	generated := t.TempDir()
	if err := run([]string{"--out", generated}, io.Discard, io.Discard); err != nil {
		t.Fatal(err)
	}
	want, have := files(t, generated), files(t, committed)
	for name, text := range want {
		if !bytes.Equal(text, have[name]) {
			t.Errorf("objects/%s differs from its source: run `make generate` and commit it", name)
		}
	}
	for name := range have {
		if _, ok := want[name]; !ok {
			t.Errorf("objects/%s has no source: delete it", name)
		}
	}
}

func files(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*.ndjson"))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]byte{}
	for _, name := range names {
		if out[filepath.Base(name)], err = os.ReadFile(name); err != nil {
			t.Fatal(err)
		}
	}
	return out
}
