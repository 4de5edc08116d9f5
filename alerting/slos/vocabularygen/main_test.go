package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"jari.example/telemetry/names"
)

func TestTheCommittedVocabulariesAreUpToDate(t *testing.T) {
	folder := t.TempDir()
	if err := write("../../../docs/openapi.yaml", folder); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{"vocabulary.yaml", "vocabulary-metrics.yaml"} {
		want, err := os.ReadFile(filepath.Join(folder, file))
		if err != nil {
			t.Fatal(err)
		}
		if committed, err := os.ReadFile(filepath.Join("..", file)); err != nil || string(committed) != string(want) {
			t.Errorf("%s is stale (%v): run make generate", file, err)
		}
	}
}

func TestAnOpenAPIDescriptionWithoutPathsIsAnError(t *testing.T) {
	file := filepath.Join(t.TempDir(), "openapi.yaml")
	if err := os.WriteFile(file, []byte("path: {}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := write(file, t.TempDir()); err == nil || !strings.Contains(err.Error(), "no paths") {
		t.Errorf("got %v", err)
	}
}

func TestDescribesFieldsAttributesAndMetrics(t *testing.T) {
	all := documents([]string{"/v1/x"})
	for file, wants := range map[string][]string{
		"vocabulary.yaml": {
			"- name: service.name\n      field: serviceName\n      type: keyword\n      show: true\n      values:\n        - edge\n",
			"- name: http.route\n      field: http.route\n      type: keyword\n      show: true\n      values:\n" +
				"        - (api)\n        - (page)\n        - /v1/x\n    - ",
			"- name: http.server.request.duration\n      field: http.server.request.duration\n      type: double\n      unit: s\n      min: 0\n",
			"- name: log.file.path\n      field: attributes.log.file.path\n      type: keyword\n",
			"- name: time\n      field: \"@timestamp\"\n      type: date\n",
		},
		"vocabulary-metrics.yaml": {
			"- name: jari.queue\n      field: attributes.jari.queue\n      type: keyword\n      values:\n        - outbox\n",
			"        - jari.queue.age\n", "        - jari.queue.batch.size.sum\n",
			"- name: value\n      field: value\n      type: double\n",
		},
	} {
		for _, want := range wants {
			if !strings.Contains(all[file], want) {
				t.Errorf("%s lacks\n%s", file, want)
			}
		}
	}
	if strings.Contains(all["vocabulary-metrics.yaml"], "- jari.queue.batch.size\n") {
		t.Error("a histogram has no document of its own name")
	}
	for _, f := range names.Fields {
		if types[f.Kind] == "" {
			t.Errorf("%s: the type %s has no name in vocabularies", f.Name, f.Kind)
		}
	}
}

// A constant that its list lacks could not be used in a condition.
func TestTheListsOfValuesAreComplete(t *testing.T) {
	lists := map[string][]string{"Service": names.Services, "Queue": names.Queues}
	found := map[string]int{}
	sources, err := filepath.Glob("../../../telemetry/names/*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, source := range sources {
		file, err := parser.ParseFile(token.NewFileSet(), source, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || len(spec.Values) != len(spec.Names) {
				return true
			}
			for prefix, list := range lists {
				lit, ok := spec.Values[0].(*ast.BasicLit)
				if !ok || !strings.HasPrefix(spec.Names[0].Name, prefix) {
					continue
				}
				value, _ := strconv.Unquote(lit.Value)
				if strings.Contains(value, ".") || strings.HasSuffix(value, "-") {
					continue // the name of a field or an index
				}
				found[prefix]++
				if !slices.Contains(list, value) {
					t.Errorf("names.%s is not in the list of its kind in telemetry/names/values.go", spec.Names[0].Name)
				}
			}
			return true
		})
	}
	for prefix, list := range lists {
		if found[prefix] != len(list) {
			t.Errorf("%d constants %s…, but %d in the list", found[prefix], prefix, len(list))
		}
	}
}
