package main

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTheCommittedPageIsUpToDate(t *testing.T) {
	committed, err := os.ReadFile("../../TELEMETRY.md")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(committed, document()) {
		t.Error("TELEMETRY.md is stale: run `go generate ./...` in telemetry")
	}
}

// A constant that no list of package names describes would be missing silently.
func TestEveryNameIsOnThePage(t *testing.T) {
	page := string(document())
	sources, err := filepath.Glob("../../names/*.go")
	if err != nil || len(sources) == 0 {
		t.Fatalf("no sources of names: %v", err)
	}
	found := 0
	for _, source := range sources {
		file, err := parser.ParseFile(token.NewFileSet(), source, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			group, ok := d.(*ast.GenDecl)
			if !ok || group.Tok != token.CONST {
				continue
			}
			for _, s := range group.Specs {
				for i, v := range s.(*ast.ValueSpec).Values {
					lit, ok := v.(*ast.BasicLit)
					if !ok || lit.Kind != token.STRING {
						continue
					}
					found++
					if value := strings.Trim(lit.Value, `"`); !strings.Contains(page, value) {
						t.Errorf("%s (%s) is not on the page: add it to a list with descriptions in telemetry/names", s.(*ast.ValueSpec).Names[i], value)
					}
				}
			}
		}
	}
	if found < 100 {
		t.Errorf("found %d names: the check looks in the wrong place", found)
	}
}
