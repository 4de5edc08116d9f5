package slotest

import (
	"os"
	"testing"

	"jari.example/alerting/spec"
)

func TestTheExampleOfTheDocumentationIsMet(t *testing.T) {
	set, err := spec.Load(os.DirFS("testdata/rules"))
	if err != nil {
		t.Fatal(err)
	}
	f, err := Load("testdata/example.test.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Run(t.Context(), set); err != nil {
		t.Error(err)
	}
}
