package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// module writes a module with a function, and a test of half of it.
func module(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for name, text := range map[string]string{
		"go.mod": "module example.com/m\n\ngo 1.26\n",
		"m.go": `package m

func Max(a, b int) int {
	if a > b {
		return a
	}
	return b
}

func Min(a, b int) int { return a + b - Max(a, b) }
`,
		"m_test.go": `package m

import "testing"

func TestMax(t *testing.T) {
	t.Run("the larger one", func(t *testing.T) {
		if Max(1, 2) != 2 {
			t.Error("no")
		}
	})
}
`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("GOWORK", "off")
	return dir
}

func TestAMutationIsNoticedOnlyIfATestFails(t *testing.T) {
	dir := module(t)
	before, err := os.ReadFile(filepath.Join(dir, "m.go"))
	if err != nil {
		t.Fatal(err)
	}
	chosen := []mutation{
		{what: "the smaller one", file: "m.go", original: "a > b", mutated: "a < b", tests: []string{"."}},
		{what: "the minimum is not tested", file: "m.go", original: "a + b -", mutated: "a - b -", tests: []string{"."}},
		{what: "a text that is gone", file: "m.go", original: "a >= b", mutated: "a < b", tests: []string{"."}},
		{what: "a text that is there twice", file: "m.go", original: "Max(a, b", mutated: "Max(b, a", tests: []string{"."}},
		{what: "no Go", file: "m.go", original: "a > b", mutated: "a >> b", tests: []string{"."}},
		{what: "a panic", file: "m.go", original: "return b\n", mutated: "panic(a)\n", tests: []string{"."}},
	}
	results, err := testAll(t.Context(), dir, chosen, 2, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []outcome{noticed, survived, notFound, notFound, notCompiled, noticed} {
		if results[i].outcome != want {
			t.Errorf("%s: %s by %q, want %s", chosen[i].what, results[i].outcome, results[i].by, want)
		}
	}
	if by := results[0].by; !strings.HasSuffix(by, "TestMax/the_larger_one") {
		t.Errorf("noticed by %q", by)
	}
	var out bytes.Buffer
	if err := write(&out, results); err == nil || !strings.Contains(err.Error(), "4 mutations were not noticed") {
		t.Errorf("%v\n%s", err, &out)
	}
	if err := write(&out, results[:1]); err != nil {
		t.Errorf("of one that was noticed: %v", err)
	}
	if after, err := os.ReadFile(filepath.Join(dir, "m.go")); err != nil || !bytes.Equal(before, after) {
		t.Errorf("the file has changed: %v", err)
	}
}

func TestTestsThatFailWithoutAMutationProveNothing(t *testing.T) {
	dir := module(t)
	text := "package m\n\nimport \"testing\"\n\nfunc TestBroken(t *testing.T) { t.Error(1) }\n"
	if err := os.WriteFile(filepath.Join(dir, "broken_test.go"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	one := []mutation{{what: "the smaller one", file: "m.go", original: "a > b", mutated: "a < b", tests: []string{"."}}}
	_, err := testAll(t.Context(), dir, one, 1, func(string) {})
	if err == nil || !strings.Contains(err.Error(), "TestBroken") {
		t.Errorf("the error is %v", err)
	}
}

// Without this a text that is gone would show only in a run of the whole table.
func TestEachTextOfTheTableIsInItsFileOnce(t *testing.T) {
	for _, m := range table {
		text, err := os.ReadFile(filepath.Join("../../alerting", m.file))
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(text), m.original); n != 1 {
			t.Errorf("%s: %s has %d times %q", m.what, m.file, n, m.original)
		}
	}
}

func TestATestThatLacksItsRealPartFails(t *testing.T) {
	dir := module(t)
	text := "package m\n\nimport (\n\t\"os\"\n\t\"testing\"\n)\n\n" +
		"func TestReal(t *testing.T) {\n\tif os.Getenv(\"JARI_TEST_REQUIRED\") != \"\" {\n\t\tt.Fatal(\"there is no server\")\n\t}\n\tt.Skip()\n}\n"
	if err := os.WriteFile(filepath.Join(dir, "real_test.go"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	one := []mutation{{what: "the smaller one", file: "m.go", original: "a > b", mutated: "a < b", tests: []string{"."}}}
	_, err := testAll(t.Context(), dir, one, 1, func(string) {})
	if err == nil || !strings.Contains(err.Error(), "TestReal") || !strings.Contains(err.Error(), "there is no server") {
		t.Errorf("the error is %v", err)
	}
}

func TestTheTableHasEachMutationOnce(t *testing.T) {
	what, short := map[string]bool{}, 0
	for _, m := range table {
		if what[m.what] || m.original == m.mutated || len(m.tests) == 0 {
			t.Errorf("%s: twice, without a change, or without tests", m.what)
		}
		what[m.what] = true
		if m.short {
			short++
		}
	}
	if len(table) < 30 || short < 5 {
		t.Errorf("%d mutations, of which %d are short", len(table), short)
	}
}
