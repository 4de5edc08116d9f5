package main

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"strings"
	"testing"

	"jari.example/telemetry/names"
)

func TestTheCommittedPageIsFresh(t *testing.T) {
	committed, err := os.ReadFile("../../TELEMETRY.md")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(committed, document()) {
		t.Error("TELEMETRY.md is stale: run `go generate ./...` in telemetry")
	}
}

// Every Event… constant must be described, or the page would silently lack it.
func TestEveryEventIsDescribed(t *testing.T) {
	described := map[string]bool{}
	for _, e := range names.Events {
		described[e.Name] = true
	}
	file, err := parser.ParseFile(token.NewFileSet(), "../../names/fields.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || !strings.HasPrefix(spec.Names[0].Name, "Event") || spec.Names[0].Name == "EventName" || len(spec.Values) == 0 {
			return true
		}
		if lit, ok := spec.Values[0].(*ast.BasicLit); ok {
			found++
			if value := strings.Trim(lit.Value, `"`); !described[value] {
				t.Errorf("%s (%s) is missing from names.Events", spec.Names[0].Name, value)
			}
		}
		return true
	})
	if found == 0 {
		t.Error("found no Event constant: the check looks in the wrong place")
	}
}
